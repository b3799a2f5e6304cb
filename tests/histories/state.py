"""What the bot would have stored of the request, and the pieces that its actions share."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from bot.requests.approval.deadlines import expires_at
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.rounds import ApprovalRound, current_round
from bot.requests.directory import InMemoryDirectory, ineligibility_reason, resolve_groups
from bot.requests.drift import Observation, approved_observation, compare_observations
from bot.requests.lifecycle import can_transition
from bot.requests.model import HASH_VERSION, Content, Decision, Person, Request, RequestState, Requirement
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate_authors
from bot.requests.resolutions import Difference
from bot.requests.subject import Subject
from bot.schedule import Now, Once, RecurrenceRule, Schedule, Series, Window, ZonedTime, latest_start_of, start_of
from tests.histories.history import Form, Violation
from tests.histories.pausing import Pauses
from tests.histories.world import World, person

BACKEND, OPERATION = "foreman.prod", "foreman.run"


@dataclass(slots=True)
class Run:
    """The newest run. ``state`` is pending, placed, running, unknown or over. ``content`` is what a back end that keeps
    the time was given."""

    state: str
    number: int = 1
    due_at: datetime | None = None
    latest_start: datetime | None = None
    content: Content | None = None


@dataclass(slots=True)
class State:
    """``form`` is what the stored content was made of. With ``placed`` the back end keeps the time."""

    world: World
    policy: Policy
    placed: bool = False
    request: Request | None = None
    form: Form | None = None
    decisions: list[Decision] = field(default_factory=list)
    delegations: list[Delegation] = field(default_factory=list)
    run: Run | None = None
    going: list[int] = field(default_factory=list)
    """The numbers of earlier runs of a series that are still going."""
    pauses: Pauses = field(init=False)

    def __post_init__(self) -> None:
        self.pauses = Pauses(self.world)

    @property
    def approval_round(self) -> ApprovalRound:
        assert self.request is not None
        return current_round(self.request, self.delegations)

    def involved(self, request: Request) -> set[str]:
        """Everyone whom the bot looks up for a request: the authors, approvers by name, those who decided, and those in
        whose place they did."""
        users = {request.requester.user, *(editor.user for editor in request.edited_by)}
        users |= {former.user for former in request.taken_over_from}
        users |= {user for stage in request.requirement.stages for user in stage.users}
        users |= {decision.on_behalf_of for decision in self.decisions if decision.on_behalf_of}
        return users | {decision.person.user for decision in self.decisions}

    def transition(self, state: RequestState, **changes: object) -> None:
        assert self.request is not None
        if state != self.request.state and not can_transition(self.request.state, state):
            raise Violation(f"a request went from {self.request.state} to {state}")
        self.request = self.request.model_copy(update={"state": state, **changes})

    def policy_demands(
        self,
        requester: Person,
        editors: tuple[Person, ...],
        schedule: Schedule,
        seen: Observation,
        directory: InMemoryDirectory,
        *,
        is_taken_over: bool = False,
    ) -> Requirement:
        """Return what policy demands of a request with these authors, with groups by id."""
        subject = Subject(
            backend=BACKEND,
            operation=OPERATION,
            facts=seen.facts,
            requester=requester.user,
            groups=directory.group_names_of(requester.user),
            targets=seen.targets.count,
            names=seen.targets.names,
            schedule=schedule,
            starts=(self.world.now,),
        )
        groups = {editor.user: directory.group_names_of(editor.user) for editor in editors}
        demanded = evaluate_authors(self.policy, subject, groups, needs_people=is_taken_over)
        return resolve_groups(demanded, directory)

    def requirement_now(self, seen: Observation) -> Requirement | None:
        """Return what policy demands now of the request, for all its authors; None if Slack does not tell."""
        assert self.request is not None
        request = self.request
        authors = (request.requester, *request.edited_by)
        directory = self.world.slack.for_start({author.user for author in authors})
        if not directory.is_complete:
            return None
        if any(ineligibility_reason(directory.user(author)) for author in authors):
            return Requirement(effect="refuse")
        schedule = request.content.schedule
        taken_over = bool(request.taken_over_from)
        return self.policy_demands(
            request.requester, request.edited_by, schedule, seen, directory, is_taken_over=taken_over
        )

    def open_round(self, content: Content, requirement: Requirement, **changes: object) -> None:
        """Put a revision before its approvers."""
        assert self.request is not None
        now = self.world.now
        self.transition(
            "awaiting_approval",
            content=content,
            content_hash=content.hash,
            revision=self.request.revision + 1,
            requirement=requirement,
            round_opened_at=now,
            approve_by=expires_at(requirement, now, content.schedule),
            approved_at=None,
            **changes,
        )

    def plan_run(self, number: int = 1, after: datetime | None = None) -> None:
        """Store the run of an approved request, or the next one of a series, which is due ``after`` a moment."""
        assert self.request is not None
        if self.pauses.series_since is not None:
            # Resuming it plans the next one.
            return
        request, schedule = self.request, self.request.content.schedule
        due, latest = request.start_at, request.latest_start
        if isinstance(schedule, Series):
            due = next_due(schedule, after or self.world.now)
            latest = due + timedelta(minutes=30)
        # A series was given to the back end once.
        given = self.run.content if self.run is not None and after is not None else None
        self.run = Run("pending", number, due, latest)
        if self.placed and due is not None and due > self.world.now:
            self.run.state, self.run.content = "placed", given or request.content


def next_due(series: Series, now: datetime) -> datetime:
    """Return the next time of a daily series after ``now``. Computed here: listing the dates of a rule takes long."""
    due = series.first.instant
    return due if due > now else due + timedelta(days=(now - due) // timedelta(days=1) + 1)


def content_of(form: Form, schedule: Schedule, seen: Observation, renewal: int = 0) -> Content:
    return Content(
        backend=BACKEND,
        operation=OPERATION,
        params={"feature": form.feature, "command": form.command, "search": form.search},
        schedule=schedule,
        resolutions=seen.resolutions or (),
        targets=seen.targets.names if seen.targets.fixed else (),
        renewal=renewal,
        overlap=form.overlap if isinstance(schedule, Series) else None,
        hash_version=HASH_VERSION,
    )


def schedule_of(form: Form, now: datetime) -> Schedule:
    """Return what the words of a form mean when they are said ``now``."""
    begin = ZonedTime.from_instant(now + timedelta(minutes=form.start_in), "UTC")
    end = ZonedTime.from_instant(now + timedelta(minutes=form.start_in + 120), "UTC")
    match form.schedule:
        case "now":
            return Now()
        case "once":
            return Once(start=begin)
        case "flexible":
            return Once(start=begin, latest_start=end)
        case "window":
            return Window(start=begin, end=end)
        case "series":
            at = time(begin.wall.hour, begin.wall.minute)
            return Series(rule=RecurrenceRule(freq="daily", times=(at,)), zone="UTC", first=begin)


def timing_fields(schedule: Schedule) -> dict[str, object]:
    start = start_of(schedule)
    return {"start_at": start.instant if start else None, "latest_start": latest_start_of(schedule)}


def differences(state: State, request: Request) -> tuple[Difference, ...]:
    """Return how what the back end would do now differs from what was put before the approvers."""
    assert state.form is not None
    return compare_observations(
        approved_observation(request),
        state.world.observe(state.form),
        max_drift_percent=request.requirement.drift_percent,
    )


def editors_after(request: Request, user: str) -> tuple[Person, ...]:
    """Return the editors of a request after one more edit. The requester never counts as an editor."""
    return tuple(dict.fromkeys(editor for editor in (*request.edited_by, person(user)) if editor != request.requester))
