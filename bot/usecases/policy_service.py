"""What policy demands of a request.

The rules are pure (``bot.requests.policy``); here they get the groups, freezes and counts they need.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from bot.clock import Clock
from bot.errors import InputError, SlackSilent
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.approval.status import approval_status, missing_approver_reasons
from bot.requests.directory import InMemoryDirectory, UserGroup, resolve_groups
from bot.requests.freezes.model import FreezeHit, find_freeze_hits, holding_hits, start_blocking_hits
from bot.requests.model import Content, Overlap, Person, Request, Requirement, RequirementCode, Run
from bot.requests.notify.approvers import undecided_of
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate_authors
from bot.requests.policy.explain import headline
from bot.requests.policy.load import all_stages, named_users, workspace_problems
from bot.requests.policy.refusals import lost_approval, refuses_every_request
from bot.requests.spans import TimeSpan, start_times, work_spans
from bot.requests.subject import Subject, all_facts
from bot.schedule import Now, Schedule
from bot.slack.groups import SlackUserGroup, SlackUserGroups
from bot.slack.live_directory import load_directory, load_last_known_directory, policy_group_names
from bot.slack.users import SlackDirectory
from bot.storage.database import Database
from bot.usecases.backend_registry import BackendRegistry
from bot.usecases.budgets import Budgets
from bot.usecases.calendar_store import CalendarStore
from bot.usecases.policy_channels import channel_problems
from bot.usecases.policy_input import PolicyInput, policy_input_of_request

NIGHTSHIFT_KEEPS_TIME = "Nightshift holds the start and checks everything again right before it."
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """What policy demands of a request.

    ``local_scheduler_reason`` says why Nightshift must keep the time rather than the back end; "" if it
    need not. ``freeze_notes`` has a sentence for each freeze that the request
    touches. ``approvers`` may decide, by user id, nearest to deciding first, as far as ``directory`` tells: the groups
    and people of the requirement as Slack has told them.
    """

    requirement: Requirement
    local_scheduler_reason: str
    freeze_notes: tuple[str, ...]
    approvers: tuple[str, ...]
    directory: InMemoryDirectory

    def group_ids_of(self, person: Person) -> tuple[str, ...]:
        """Return the ids of a person's user groups, as far as Slack told them."""
        return tuple(sorted(name for name in self.directory.group_names_of(person.user) if not name.startswith("@")))


@dataclass(frozen=True, slots=True)
class PolicyService:
    """Evaluates the policy. ``calendars`` are those of its freezes."""

    policy: Policy
    calendars: CalendarStore
    directory: SlackDirectory
    db: Database
    clock: Clock
    backends: BackendRegistry
    stale_directory: float = 3600.0
    """For how many seconds Slack's last answer holds at a start while Slack does not answer."""

    async def evaluate(self, policy_input: PolicyInput, conflicts: tuple[str, ...]) -> PolicyOutcome:
        """Return what policy demands of a request with these ``conflicts``.

        Raises InputError if nobody could approve it now, SlackSilent if Slack does not tell who is in which group.
        """
        subject = await self.subject_of(policy_input, conflicts)
        hits = self.freeze_hits_of(policy_input.content, subject)
        requirement = await self._evaluate_all_authors(policy_input, subject, hits)
        directory = await load_directory(self.directory, requirement, [policy_input.requester, *policy_input.editors])
        requirement = resolve_groups(requirement, directory)
        approvers: tuple[str, ...] = ()
        if requirement.effect == "ask":
            now = self.clock.now()
            approval_round = ApprovalRound(
                requirement=requirement,
                content_hash=policy_input.content.hash,
                requester=policy_input.requester,
                opened_at=now,
                editors=policy_input.editors,
                former_authors=policy_input.former_authors,
            )
            status = approval_status(approval_round, (), directory, now)
            if missing := missing_approver_reasons(status):
                raise InputError({"": "Nobody could approve this now. " + " ".join(missing)})
            approvers = undecided_of(status, approval_round, (), directory, now)
        return PolicyOutcome(
            requirement=requirement,
            local_scheduler_reason=self._local_scheduler_reason(subject, requirement, policy_input.content.overlap),
            freeze_notes=tuple(hit.text for hit in holding_hits(hits, requirement))
            + _passed_freezes(hits, requirement),
            approvers=approvers,
            directory=directory,
        )

    async def requirement_at_start(
        self, policy_input: PolicyInput, request: Request, run: Run, at: datetime, conflicts: tuple[str, ...] = ()
    ) -> Requirement:
        """Return what policy demands of a run that starts at a moment, for all authors as they are now, with groups by
        id. A later run of a series uses a share of the budget that approves it. What a rule approved by itself because
        of its requester is refused once that no longer holds.

        Raises SlackSilent like ``requirement_now``.
        """
        async with self.db.read() as tx:
            used = await self.budgets.used_before(tx, request, run, at)
        approved = request.requirement
        return await self.requirement_now(policy_input, conflicts, starts=(at,), approved_today=used, approved=approved)

    async def requirement_now(
        self,
        policy_input: PolicyInput,
        conflicts: tuple[str, ...] = (),
        *,
        starts: tuple[datetime, ...] | None = None,
        approved_today: Mapping[str, int] | None = None,
        approved: Requirement | None = None,
    ) -> Requirement:
        """Return what policy demands now of a request that was made earlier, for all authors, with groups by id.

        ``starts`` are the times at which it would start; by default those of its schedule. Each author must still be
        able to request it. Without ``approved_today`` budgets are left out: the request has used its share of them.
        Raises SlackSilent if Slack does not tell the authors or their groups, and its last answer is too old.
        """
        authors = (policy_input.requester, *policy_input.editors)
        directory, _ = await load_last_known_directory(self.directory, None, authors, self.stale_directory)
        if not directory.is_complete:
            raise SlackSilent("Slack does not say whether those who wrote this may still request it.")
        for author in authors:
            member = directory.user_of_any_team(author.user)
            if member is None or self.directory.refusal_reason(member):
                who = "The requester" if author == policy_input.requester else "Somebody who edited it"
                return _refusal(f"{who} may not use Nightshift any more.")
        subject = await self.subject_of(policy_input, conflicts, with_groups=False)
        as_now = {
            "starts": subject.starts if starts is None else starts,
            "groups": directory.group_names_of(policy_input.requester.user),
            "former_groups": _former_groups(policy_input, directory.group_names_of, directory.group_names),
            "missing_groups": self._missing_groups(directory.group),
            "approved_today": approved_today or {},
        }
        editors = {editor.user: directory.group_names_of(editor.user) for editor in policy_input.editors}
        subject = subject.model_copy(update=as_now)
        needs_people = bool(policy_input.former_authors)
        requirement = evaluate_authors(self.policy, subject, editors, needs_people=needs_people)
        if (
            approved is not None
            and requirement.effect == "ask"
            and (lost := lost_approval(self.policy, approved, subject))
        ):
            return _refusal(lost)
        return resolve_groups(requirement, directory)

    async def group_ids_of(self, people: Sequence[Person]) -> tuple[str, ...]:
        """Return the ids of all user groups that some people are in. Raises SlackSilent."""
        known = await self.directory.groups()
        return tuple(sorted({group.id for person in people for group in known.containing(person.user)}))

    @property
    def budgets(self) -> Budgets:
        """The daily budgets of its rules."""
        return Budgets(self.policy)

    @property
    def chooses_scheduler(self) -> bool:
        """Whether any rule says who keeps the time."""
        return any(prepared.rule.scheduler for prepared in self.policy.rules)

    def may_require_change(self, backend: str, operation: str) -> bool:
        """Return whether a rule about this back end and operation requires a change."""
        return any(prepared.rule.require.change for prepared in self.policy.relevant_rules(backend, operation))

    def offers_emergency(self, backend: str, operation: str) -> bool:
        """Return whether a rule about this back end and operation lets something run as an emergency."""
        rules = self.policy.relevant_rules(backend, operation)
        return any(prepared.rule.effect == "emergency" for prepared in rules)

    @property
    def asks_about_conflicts(self) -> bool:
        """Whether any rule depends on other requests on the same targets."""
        rules = (prepared.rule for prepared in self.policy.rules)
        return any(any(conditions.conflicts is not None for conditions in (rule.when, *rule.unless)) for rule in rules)

    async def workspace_problems(self) -> tuple[str, ...] | None:
        """Return how the policy does not fit the workspace, a line for each problem; None if Slack does not tell."""
        everyone = Requirement(stages=all_stages(self.policy))
        people = named_users(self.policy, self.directory.team_id)
        directory = await load_directory(self.directory, everyone, people)
        channels = await channel_problems(self.policy, self.directory)
        problems = (*workspace_problems(self.policy, directory), *(channels or ()))
        return problems if problems or (directory.is_complete and channels is not None) else None

    async def reschedule_objections(self, request: Request, schedule: Schedule) -> tuple[str, ...]:
        """Return what policy has against another schedule than the one it was asked about, a sentence each.

        A start at once counts as another schedule: it is approved at another hour than it was requested.
        """
        content = request.content.model_copy(update={"schedule": schedule})
        policy_input = replace(policy_input_of_request(request), content=content)
        subject = await self.subject_of(policy_input, ())
        requested_at = request.round_opened_at or request.created_at
        subject_as_requested = subject.model_copy(
            update={
                "schedule": request.content.schedule,
                "starts": start_times(request.content.schedule, requested_at, self.policy.defaults.zone),
            }
        )
        hits = self.freeze_hits_of(content, subject)
        before = await self._evaluate_all_authors(policy_input, subject_as_requested)
        after = await self._evaluate_all_authors(policy_input, subject, hits)
        if after.is_no_stricter_than(before):
            return ()
        if after.effect == "refuse":
            return ("It would start at another time than was asked for, and policy refuses that.", *after.reasons)
        resolved = resolve_groups(after, await load_directory(self.directory, after))
        if resolved.is_no_stricter_than(request.requirement):
            return ()
        return (
            f"It would start at another time than was asked for, and policy asks for more then. {headline(after)}",
            "“Edit” on its card puts it before them.",
        )

    async def requestable_backends(self, person: Person, operation: str, names: Sequence[str]) -> list[str]:
        """Return the back ends on which a person may request an operation.

        Returns all of them if there would be none, or if Slack does not tell groups: the preview then gives the reason.
        """
        if len(names) < 2:
            return list(names)
        try:
            groups = policy_group_names((await self.directory.groups()).containing(person.user))
        except SlackSilent as error:
            _log.info("user groups unavailable; offering every back end", why=str(error))
            return list(names)
        allowed = []
        for name in names:
            subject = Subject(backend=name, operation=operation, requester=person.user, groups=groups, schedule=Now())
            if not refuses_every_request(self.policy, subject):
                allowed.append(name)
        return allowed or list(names)

    async def freeze_hits(self, policy_input: PolicyInput) -> tuple[FreezeHit, ...]:
        """Return the freezes that a request touches."""
        return self.freeze_hits_of(policy_input.content, await self.subject_of(policy_input, ()))

    async def active_freeze_reason(self, request: Request, at: datetime) -> str:
        """Return why a freeze prevents a run from starting at a moment; "" if none does."""
        subject = await self.subject_of(policy_input_of_request(request), (), with_groups=False)
        spans = (TimeSpan(at, at + self._assumed_duration),)
        hits = find_freeze_hits(self.policy.freezes, subject, spans, self.clock.now(), self.calendars.copies)
        return " ".join(hit.text for hit in start_blocking_hits(hits, request.requirement))

    async def _evaluate_all_authors(
        self, policy_input: PolicyInput, subject: Subject, hits: Sequence[FreezeHit] = ()
    ) -> Requirement:
        """Return the strictest of what policy demands of each author.

        A rule alone never approves what somebody other than the requester has written.
        """
        editors: dict[str, frozenset[str]] = {}
        if policy_input.editors:
            groups = await self.directory.groups()
            editors = {e.user: policy_group_names(groups.containing(e.user)) for e in policy_input.editors}
        return evaluate_authors(
            self.policy,
            subject,
            editors,
            hits,
            needs_people=bool(policy_input.former_authors) or policy_input.may_be_running,
        )

    def _local_scheduler_reason(self, subject: Subject, requirement: Requirement, overlap: Overlap | None) -> str:
        kind = subject.schedule.kind
        if kind == "series" and (requirement.renew_after_days or requirement.renew_after_runs):
            return "Nightshift holds this series and starts each run itself, because its approval expires."
        if kind == "series" and {overlap, requirement.overlap} & {"skip", "wait"}:
            return "Nightshift holds this series, so that no run starts while the last one is still going."
        # A freeze with fixed dates was checked for a single start already; a calendar may still change.
        freezes = (freeze for freeze in self.policy.freezes if kind != "now" and (kind == "series" or freeze.calendar))
        freeze = next((freeze for freeze in freezes if freeze.covers(subject)), None)
        if freeze is None:
            scheduler = requirement.scheduler or self.backends.require(subject.backend).settings.scheduler
            return NIGHTSHIFT_KEEPS_TIME if kind != "now" and scheduler == "nightshift" else ""
        return f"Nightshift holds the start, because the freeze “{freeze.name}” is looked at again then."

    def freeze_hits_of(self, content: Content, subject: Subject) -> tuple[FreezeHit, ...]:
        """Return the freezes that content touches."""
        now = self.clock.now()
        return find_freeze_hits(
            self.policy.freezes,
            subject,
            work_spans(content.schedule, now, self._assumed_duration),
            now,
            self.calendars.copies,
            can_skip_runs=not self.backends.operation(content.backend, content.operation).owns_schedule,
        )

    @property
    def _assumed_duration(self) -> timedelta:
        """How long a run is taken to last."""
        return timedelta(seconds=self.policy.defaults.assume)

    async def subject_of(
        self, policy_input: PolicyInput, conflicts: tuple[str, ...], *, with_groups: bool = True
    ) -> Subject:
        """Return a request as rules match it.

        ``with_groups=False`` leaves out the requester's groups, which freezes do not use: Slack may be away.
        """
        content = policy_input.content
        starts = start_times(content.schedule, self.clock.now(), self.policy.defaults.zone)
        channel_name = await self.directory.channel_name(policy_input.channel)
        known = await self.directory.groups() if with_groups else SlackUserGroups()

        def names_of(user: str) -> frozenset[str]:
            return policy_group_names(known.containing(user))

        return Subject(
            backend=content.backend,
            operation=content.operation,
            facts=all_facts(policy_input.facts, policy_input.targets),
            known_for=policy_input.targets.known_for,
            requester=policy_input.requester.user,
            groups=names_of(policy_input.requester.user),
            former_groups=_former_groups(policy_input, names_of, policy_group_names(tuple(known.by_id.values()))),
            missing_groups=self._missing_groups(known.find) if with_groups else frozenset(),
            channel=policy_input.channel,
            channel_name=channel_name or "",
            unknown=frozenset({"channel"}) if channel_name is None else frozenset(),
            targets=policy_input.targets.count,
            fixed_targets=policy_input.targets.fixed,
            names=policy_input.targets.names,
            noun=policy_input.targets.noun,
            query=str(policy_input.facts.get("query", "")),
            schedule=content.schedule,
            starts=starts,
            run_seconds=self.policy.defaults.assume,
            approved_today=await self._approved_that_day(starts, policy_input.request_id),
            conflicts=conflicts,
            reason=policy_input.reason,
            change=content.change,
            emergency=content.emergency,
        )

    async def _approved_that_day(self, starts: Sequence[datetime], request_id: str) -> dict[str, int]:
        """Return how much of the budgets is used on the day of the first start, apart from what a request plans."""
        now = self.clock.now()
        async with self.db.read() as tx:
            return await self.budgets.used(tx, starts[0] if starts else now, now, apart_from=request_id)

    def _missing_groups(self, find: Callable[[str], UserGroup | SlackUserGroup | None]) -> frozenset[str]:
        """Return the groups that policy knows requesters by and that do not exist or are disabled."""
        groups = {name: find(name) for name in self.policy.requester_groups}
        return frozenset(name for name, group in groups.items() if group is None or group.disabled)


def _passed_freezes(hits: Sequence[FreezeHit], requirement: Requirement) -> tuple[str, ...]:
    """Return a sentence for each freeze that an emergency passes."""
    passed = (hit for hit in hits if hit not in holding_hits(hits, requirement))
    return tuple(f"It runs in spite of the freeze “{hit.freeze}”, because it is an emergency." for hit in passed)


def _refusal(reason: str) -> Requirement:
    return Requirement(effect="refuse", reasons=(reason,), codes=(RequirementCode.REQUESTER_NOT_ALLOWED,))


def _former_groups(
    policy_input: PolicyInput, names_of: Callable[[str], frozenset[str]], all_names: frozenset[str]
) -> frozenset[str]:
    """Return the groups of former authors: those of now, and those in which they wrote it. If neither is known of
    somebody, they may have been in any."""
    groups_now = [names_of(person.user) for person in policy_input.former_authors]
    is_unknown = policy_input.former_groups is None and not all(groups_now)
    return frozenset(policy_input.former_groups or ()).union(*groups_now, all_names if is_unknown else ())
