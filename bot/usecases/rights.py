"""Policy and people brought together: what a request needs, who may decide, and whether it may still start.

The decisions themselves are pure (``bot.requests``); here they are given what they need to know.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bot.errors import InputError, NotAllowed
from bot.requests.approval.deadlines import Lateness, assess_lateness
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.rounds import ApprovalRound, current_round
from bot.requests.approval.status import (
    ApprovalStatus,
    Permission,
    PermissionCode,
    approval_status,
    is_still_valid,
    missing_approver_reasons,
    permission_to_decide,
    permission_to_retract,
)
from bot.requests.conflicts import PlannedWork, find_conflicts
from bot.requests.directory import InMemoryDirectory as Directory
from bot.requests.directory import ineligibility_reason, notified_users, resolve_groups, stage_members
from bot.requests.freezes.model import FreezeHit, find_freeze_hits, start_blocking_hits
from bot.requests.model import Content, Decision, Person, Request, Requirement, TargetSet
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate, refuses_every_request, strictest_requirement
from bot.requests.policy.explain import headline
from bot.requests.spans import TimeSpan, start_times, work_spans
from bot.requests.subject import Subject
from bot.schedule import Now, Schedule
from bot.slack.live_directory import load_approval_directory, load_directory
from bot.slack.users import SlackUserGroup
from bot.storage import delegations, requests
from bot.storage.transactions import Tx
from bot.usecases.jobs.calendars import CalendarStore

if TYPE_CHECKING:
    from bot.usecases.services import Services

TARGETS_PAGE_SIZE = 100
"""Open requests whose targets are compared at once: all of them together would keep clicks waiting."""


@dataclass(frozen=True, slots=True)
class PolicyInput:
    """A request, or a draft of one, as policy looks at it. ``editors`` are those who have changed it, or are about to,
    besides the requester."""

    name: str
    requester: Person
    channel: str
    content: Content
    targets: TargetSet
    facts: Mapping[str, JsonValue]
    zone: str
    editors: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """What policy demands of a request. ``notified`` is how many people asking will notify.

    ``hold`` says why Nightshift must hold the schedule rather than the back end, as what is held there is not looked at
    again; "" where it need not. ``notes`` are sentences about freezes that it touches.
    """

    requirement: Requirement
    notified_count: int
    local_scheduler_reason: str
    freeze_notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """Answers the questions about rights. Holds the policy and the calendars of its freezes."""

    policy: Policy
    calendars: CalendarStore

    async def evaluate(
        self, services: "Services", policy_input: PolicyInput, conflicts: tuple[str, ...]
    ) -> PolicyOutcome:
        """What policy demands. ``met`` are the other requests that it meets.

        Raises InputError where nobody could approve it as things are, NotAllowed where Slack does not tell groups.
        """
        subject = await self._subject(services, policy_input, conflicts)
        now = services.clock.now()
        touched = self._freeze_hits(services, policy_input.content, subject)
        requirement = await self._evaluate_all_authors(services, policy_input, subject, touched)
        directory = await load_directory(
            services.directory, requirement, [policy_input.requester, *policy_input.editors]
        )
        requirement = resolve_groups(requirement, directory)
        if requirement.effect == "ask":
            round_ = ApprovalRound(
                requirement=requirement,
                content_hash=policy_input.content.hash,
                requester=policy_input.requester,
                opened_at=now,
                editors=policy_input.editors,
            )
            short = missing_approver_reasons(round_, directory)
            if short:
                raise InputError({"": "Nobody could approve this as things are. " + " ".join(short)})
        notified = len(
            notified_users(requirement, directory, policy_input.requester)
            - {editor.user for editor in policy_input.editors}
        )
        return PolicyOutcome(
            requirement,
            notified,
            self._local_scheduler_reason(subject, requirement),
            tuple(hit.text for hit in touched),
        )

    async def _evaluate_all_authors(
        self, services: "Services", policy_input: PolicyInput, subject: Subject, touched: Sequence[FreezeHit] = ()
    ) -> Requirement:
        """What policy demands of a request by all its authors: each must be allowed to ask for it, and the strictest
        result counts. What somebody else than the requester has edited is never approved by a rule alone."""
        if not policy_input.editors:
            return evaluate(self.policy, subject, touched)
        groups = await services.directory.groups()
        found = [evaluate(self.policy, subject, touched, automatic=False)]
        for editor in policy_input.editors:
            author = {"requester": editor.user, "groups": _policy_group_names(groups.containing(editor.user))}
            found.append(evaluate(self.policy, subject.model_copy(update=author), touched, automatic=False))
        return strictest_requirement(found)

    def _local_scheduler_reason(self, subject: Subject, requirement: Requirement) -> str:
        kind = subject.schedule.kind
        if kind == "series" and (requirement.renew_after_days or requirement.renew_after_runs):
            return "Nightshift holds this series and starts each run itself, because it is asked for again."
        # A freeze that is given by its dates has been looked at for a single start; a calendar may still change.
        freezes = (f for f in self.policy.freezes if kind != "now" and (kind == "series" or f.calendar))
        freeze = next((f for f in freezes if f.covers(subject)), None)
        if freeze is None:
            return ""
        return f"Nightshift holds the start, because the freeze “{freeze.name}” is looked at again then."

    def _freeze_hits(self, services: "Services", content: Content, subject: Subject) -> tuple[FreezeHit, ...]:
        """The freezes that a request touches as things are now."""
        now = services.clock.now()
        return find_freeze_hits(
            self.policy.freezes,
            subject,
            self._work_spans(content, now),
            now,
            self.calendars.copies,
            can_skip_runs=not services.operation(content.backend, content.operation).owns_schedule,
        )

    async def reschedule_objections(
        self, services: "Services", request: Request, schedule: Schedule
    ) -> tuple[str, ...]:
        """What speaks against a start by this schedule instead of the one that policy was asked about, as it was when
        asked; a sentence each. A start at once is at another hour when it is approved."""
        zone = self.policy.defaults.zone
        content = request.content.model_copy(update={"schedule": schedule})
        asked = start_times(request.content.schedule, request.round_opened_at or request.created_at, zone)
        ask = replace(policy_input_of_request(request), content=content)
        subject = await self._subject(services, ask, ())
        earlier = subject.model_copy(update={"schedule": request.content.schedule, "starts": asked})
        before = await self._evaluate_all_authors(services, ask, earlier)
        after = await self._evaluate_all_authors(services, ask, subject, self._freeze_hits(services, content, subject))
        if after.is_no_stricter_than(before):
            return ()
        if after.effect == "refuse":
            return ("It would start at another time than was asked for, and policy refuses that.", *after.reasons)
        if resolve_groups(after, await load_directory(services.directory, after)).is_no_stricter_than(
            request.requirement
        ):
            return ()
        return (
            f"It would start at another time than was asked for, and policy asks for more then. {headline(after)}",
            "“Edit” on its card puts it before them.",
        )

    async def requestable_backends(
        self, services: "Services", person: Person, operation: str, backends: Sequence[str]
    ) -> list[str]:
        """The back ends of which a person may ask anything at all. All of them where that is none, or where Slack does
        not tell groups: the refusal, with its reason, then comes with the preview."""
        if len(backends) < 2:
            return list(backends)
        try:
            mine = (await services.directory.groups()).containing(person.user)
        except NotAllowed:
            return list(backends)
        groups = _policy_group_names(mine)
        found = []
        for name in backends:
            subject = Subject(backend=name, operation=operation, requester=person.user, groups=groups, schedule=Now())
            if not refuses_every_request(self.policy, subject):
                found.append(name)
        return found or list(backends)

    async def find_conflicts(self, services: "Services", policy_input: PolicyInput) -> tuple[str, ...]:
        """Other open requests on the same targets at the same time, a sentence each."""
        now = services.clock.now()
        mine = PlannedWork(
            request=policy_input.name,
            backend=policy_input.content.backend,
            names=policy_input.targets.names,
            windows=self._work_spans(policy_input.content, now),
        )
        async with services.db.read() as tx:
            sharing = await self._requests_sharing_targets(tx, policy_input.targets.names)
            others = await requests.by_ids(tx, sharing)
        works = [self._planned_work(other, now) for other in others]
        found = find_conflicts(mine, works, zone=policy_input.zone, short_names=self.policy.defaults.short_names)
        return tuple(conflict.text for conflict in found)

    async def _requests_sharing_targets(self, tx: Tx, mine: Sequence[str]) -> list[str]:
        """The ids of open requests that may touch the same targets."""
        numbers = await requests.open_numbers(tx)
        found: list[str] = []
        for page in range(0, len(numbers), TARGETS_PAGE_SIZE):
            names = await requests.target_names(tx, numbers[page : page + TARGETS_PAGE_SIZE])
            found += [one for one, theirs in names.items() if self._names_may_overlap(mine, theirs)]
            await asyncio.sleep(0)
        return found

    def _names_may_overlap(self, mine: Sequence[str], others: Sequence[str]) -> bool:
        """A quick look at the names, before the windows of a request are worked out."""
        if self.policy.defaults.short_names:
            return True
        plain = {name.casefold().rstrip(".") for name in mine}
        return not plain.isdisjoint(name.casefold().rstrip(".") for name in others)

    def _planned_work(self, request: Request, now: datetime) -> PlannedWork:
        return PlannedWork(
            request=request.name,
            backend=request.content.backend,
            title=request.title,
            names=request.targets.names,
            windows=self._work_spans(request.content, now),
        )

    async def directory_for(
        self, services: "Services", request: Request, decisions: Sequence[Decision], *also: Person
    ) -> Directory:
        """The workspace as it is now, for deciding on one request: groups asked of Slack afresh."""
        return await load_approval_directory(services.directory, request, decisions, also)

    async def active_delegations(self, services: "Services") -> tuple[Delegation, ...]:
        """The delegations in force."""
        async with services.db.read() as tx:
            return tuple(await delegations.active_at(tx, services.clock.now()))

    def approval_round(self, request: Request, delegations: Sequence[Delegation]) -> ApprovalRound:
        """The asking that a request is in."""
        return current_round(request, delegations)

    def permission_to_decide(
        self,
        request: Request,
        person: Person,
        decisions: Sequence[Decision],
        directory: Directory,
        delegations: Sequence[Delegation],
        now: datetime,
    ) -> Permission:
        """Whether a person may decide at this moment."""
        return permission_to_decide(
            self.approval_round(request, delegations), request.state, person, decisions, directory, now
        )

    def approval_status(
        self,
        request: Request,
        decisions: Sequence[Decision],
        directory: Directory,
        delegations: Sequence[Delegation],
        now: datetime,
    ) -> ApprovalStatus:
        """How the approval stands."""
        return approval_status(self.approval_round(request, delegations), decisions, directory, now)

    def permission_to_retract(
        self, request: Request, decision: Decision, person: Person, delegations: Sequence[Delegation]
    ) -> Permission:
        """Whether a decision can still be taken back."""
        return permission_to_retract(self.approval_round(request, delegations), request.state, decision, person)

    def assess_lateness(self, request: Request, now: datetime) -> Lateness:
        """What an approval at this moment means for the start."""
        return assess_lateness(request, now)

    async def can_manage(self, services: "Services", request: Request, person: Person) -> Permission:
        """Whether a person is one of a request's approvers, and so may stop it or say what became of it."""
        directory = await self.directory_for(services, request, (), person)
        if problem := ineligibility_reason(directory.user(person)):
            return Permission(code=PermissionCode.INELIGIBLE, reason=problem)
        stages = self.approval_round(request, ()).stages(services.clock.now())
        if any(person.user in stage_members(stage, directory) for stage in stages):
            return Permission()
        if request.requirement.effect == "approve":
            default = list(self.policy.defaults.required_stages())
            if any(person.user in stage_members(stage, directory) for stage in default):
                return Permission()
        return Permission(code=PermissionCode.NOT_AN_APPROVER, reason="You are not one of them.")

    async def active_freeze_reason(self, services: "Services", request: Request) -> str:
        """Why a freeze keeps a run from starting at this moment; "" where none does."""
        now = services.clock.now()
        subject = await self._subject(services, policy_input_of_request(request), (), groups=False)
        span = (TimeSpan(now, now + timedelta(seconds=self.policy.defaults.assume)),)
        touched = find_freeze_hits(self.policy.freezes, subject, span, now, self.calendars.copies)
        found = start_blocking_hits(touched, request.requirement)
        return " ".join(hit.text for hit in found)

    async def approval_invalid_reason(self, services: "Services", request: Request) -> str:
        """Why an approval that was given does not hold any more; "" where it does.

        Approvers who have left their group, or the company, do not count any more. Where Slack cannot be asked at
        the moment, what was counted at the click holds: work that was approved does not wait for Slack.
        """
        if request.requirement.effect != "ask":
            return ""
        async with services.db.read() as tx:
            decisions = await requests.decisions_of(tx, request.id)
        people = [decision.person for decision in decisions]
        try:
            directory = await load_directory(services.directory, request.requirement, people, require_complete=True)
        except NotAllowed:
            return ""
        held = await self.delegations_at_decisions(services, decisions)
        return is_still_valid(self.approval_round(request, held), decisions, directory, services.clock.now()).reason

    async def delegations_at_decisions(
        self, services: "Services", decisions: Sequence[Decision]
    ) -> tuple[Delegation, ...]:
        """The delegations that held when decisions were made."""
        found: dict[str, Delegation] = {}
        async with services.db.read() as tx:
            for decision in decisions:
                found |= {d.id: d for d in await delegations.active_at(tx, decision.at)}
        return tuple(found.values())

    async def freeze_hits(self, services: "Services", policy_input: PolicyInput) -> tuple[FreezeHit, ...]:
        """The freezes that a request touches as things are now."""
        return self._freeze_hits(services, policy_input.content, await self._subject(services, policy_input, ()))

    def _work_spans(self, content: Content, now: datetime) -> tuple[TimeSpan, ...]:
        return work_spans(content.schedule, now, timedelta(seconds=self.policy.defaults.assume))

    async def _subject(
        self, services: "Services", policy_input: PolicyInput, conflicts: tuple[str, ...], *, groups: bool = True
    ) -> Subject:
        """``groups`` False leaves out the requester's groups, which freezes do not look at: Slack may be away."""
        mine = (await services.directory.groups()).containing(policy_input.requester.user) if groups else ()
        now = services.clock.now()
        zone = self.policy.defaults.zone
        return Subject(
            backend=policy_input.content.backend,
            operation=policy_input.content.operation,
            facts=policy_input.facts,
            requester=policy_input.requester.user,
            groups=_policy_group_names(mine),
            channel=policy_input.channel,
            channel_name=await services.directory.channel_name(policy_input.channel),
            targets=policy_input.targets.count,
            names=policy_input.targets.names,
            noun=policy_input.targets.noun,
            query=str(policy_input.facts.get("query", "")),
            schedule=policy_input.content.schedule,
            starts=start_times(policy_input.content.schedule, now, zone),
            approved_today=await self._approved_today(services),
            conflicts=conflicts,
        )

    async def _approved_today(self, services: "Services") -> dict[str, int]:
        if not self._budgets():
            return {}
        async with services.db.read() as tx:
            return await requests.auto_approvals_since(tx, self._start_of_day(services.clock.now()))

    async def exhausted_budget(self, tx: Tx, requirement: Requirement, now: datetime) -> str:
        """The rule whose budget for today is used up, of those that approve a request at once; "" where none is.

        Asked within the transaction that approves: two requests may have been previewed with the last of it.
        """
        budgets = {name: most for name, most in self._budgets().items() if name in requirement.rules}
        if not budgets:
            return ""
        used = await requests.auto_approvals_since(tx, self._start_of_day(now))
        return next((name for name, most in budgets.items() if used.get(name, 0) >= most), "")

    def _budgets(self) -> dict[str, int]:
        return {rule.rule.name: rule.rule.budget for rule in self.policy.rules if rule.rule.budget}

    def _start_of_day(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.policy.defaults.zone)).replace(hour=0, minute=0, second=0, microsecond=0)


def _policy_group_names(mine: Sequence[SlackUserGroup]) -> frozenset[str]:
    """Groups as policy names them: by id and by handle."""
    return frozenset([g.id for g in mine] + [f"@{g.handle}" for g in mine])


def policy_input_of_request(request: Request) -> PolicyInput:
    """A stored request as policy looks at it."""
    return PolicyInput(
        name=request.name,
        requester=request.requester,
        channel=request.channel,
        content=request.content,
        targets=request.targets,
        facts=request.facts,
        zone=request.zone,
        editors=request.edited_by,
    )
