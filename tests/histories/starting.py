"""How a run starts, with the checks of the use cases in their order: integrity, time, pauses, approval, preflight, the
mark before the call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.requests.approval.permission import Permission
from bot.requests.approval.status import is_still_valid
from bot.requests.drift import Observation
from bot.requests.integrity import is_intact
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Content, Request, Requirement
from bot.requests.overlap import OverlapCode
from bot.requests.preflight import Verdict, judge_start
from bot.schedule import Series
from tests.histories.asking import stop
from tests.histories.history import Start
from tests.histories.series import overlap_of
from tests.histories.state import Run, State, content_of, differences

RETRY_WITHOUT_LATEST_START = timedelta(minutes=10)


class Started(StrEnum):
    """What came of a start."""

    NOTHING_DUE = "nothing due"
    SENT = "sent"
    WAITS = "waits"
    HELD = "held"
    MISSED = "missed"
    SKIPPED = "skipped"
    WAITS_FOR_LAST = "waits for the last run"
    REFUSED = "refused"
    ASKED_AGAIN = "asked again"
    REPLACED = "replaced by an edit"
    STOPPED = "stopped"
    STARTED_THERE = "started by the back end"
    STARTED_UNCHECKED = "started by the back end, unchecked"
    FROM_HERE = "taken over from the back end"


@dataclass(frozen=True, slots=True)
class Call:
    """What was sent to the back end, and when."""

    content: Content
    revision: int
    at: datetime
    seen: Observation
    """What the back end made of it."""
    due: datetime | None = None
    """When the run was due."""
    was_told: bool = False
    """Whether people were told that the back end starts it unchecked, or against what was wanted."""


def start(state: State, event: Start, between: Callable[[], None]) -> tuple[Started, Call | None]:
    """Start the run that is due. ``between`` is what happens between the checks and the call."""
    request, run = state.request, state.run
    if request is None or run is None or run.state != "pending" or request.state in FINAL_STATES:
        return Started.NOTHING_DUE, None
    state.world.now = max(state.world.now, run.due_at or state.world.now) + timedelta(minutes=event.delay)
    if not is_intact(request, state.decisions):
        stop(state)
        return Started.STOPPED, None
    result = _admit(state, request, run)
    if result is not None:
        return result, None
    prepared = (request.revision, request.content_hash)
    if request.state == "scheduled":
        state.transition("starting")
    between()
    return _send(state, run, event, prepared)


def _admit(state: State, request: Request, run: Run) -> Started | None:
    """Return what is in the way of a start; None if nothing is."""
    if run.latest_start is not None and state.world.now > run.latest_start:
        return end(state, run, Started.MISSED)
    obstacle, requirement = judge(state, request, run)
    match obstacle:
        case Started.SKIPPED:
            return end(state, run, Started.SKIPPED)
        case Started.WAITS_FOR_LAST:
            return Started.WAITS_FOR_LAST
        case Started.HELD:
            return _hold(state, request, run)
        case Started.WAITS:
            return _wait(state, run)
        case Started.REFUSED:
            return end(state, run, Started.REFUSED)
        case Started.ASKED_AGAIN:
            return reopen(state, request, run, requirement)
    return None


def judge(state: State, request: Request, run: Run) -> tuple[Started | None, Requirement | None]:
    """Return what is in the way of a start, None if nothing is; and what policy demands of it now, if that is known."""
    if is_paused(state, request):
        return Started.HELD, None
    overlap = overlap_of(state, request, run)
    if not overlap.may_start:
        return (Started.SKIPPED if overlap.code is OverlapCode.SKIPS else Started.WAITS_FOR_LAST), None
    permission = permission_to_start(state, request)
    if permission.is_unknown:
        return Started.WAITS, None
    found = preflight(state, request)
    if found is None:
        return (Started.WAITS if permission.allowed else Started.ASKED_AGAIN), None
    verdict, requirement = found
    if verdict.outcome == "refuse":
        return Started.REFUSED, requirement
    if verdict.outcome == "ask" or not permission.allowed:
        return Started.ASKED_AGAIN, requirement
    return None, requirement


def permission_to_start(state: State, request: Request) -> Permission:
    if request.requirement.effect != "ask":
        return Permission()
    directory = state.world.slack.for_start(state.involved(request))
    return is_still_valid(state.approval_round, state.decisions, directory, state.world.now)


def preflight(state: State, request: Request) -> tuple[Verdict, Requirement] | None:
    """Return the verdict on a start, and what policy demands of it now; None if that cannot be told."""
    if state.world.backend_silent:
        return None
    requirement = state.requirement_now(observe(state))
    if requirement is None:
        return None
    return judge_start(request.requirement, requirement, differences(state, request)), requirement


def observe(state: State) -> Observation:
    """Return what the back end would make of the request now."""
    assert state.form is not None
    return state.world.observe(state.form)


def _send(state: State, run: Run, event: Start, prepared: tuple[int, str]) -> tuple[Started, Call | None]:
    """Compare once more, in the transaction that marks the call as sent, and make it."""
    request = state.request
    assert request is not None
    if not is_intact(request, state.decisions):
        stop(state)
        return Started.STOPPED, None
    if (request.revision, request.content_hash) != prepared:
        return Started.REPLACED, None
    if run.state == "over" and state.pauses.series_since is not None:
        # The series was paused meanwhile, which leaves this run out.
        return Started.REPLACED, None
    if is_paused(state, request):
        if request.state == "starting":
            state.transition("scheduled")
        return _hold(state, request, run), None
    call = Call(request.content, request.revision, state.world.now, observe(state), run.due_at)
    if event.answer == "lost":
        run.state = "unknown"
        state.transition("unknown")
        return Started.SENT, call
    go_on(state, event, run)
    over(state, run, "succeeded")
    return Started.SENT, call


def go_on(state: State, event: Start, run: Run) -> None:
    """Remember a run of a series that is still going when the next one is due."""
    assert state.request is not None
    if event.answer == "goes on" and state.request.is_series:
        state.going.append(run.number)


def is_paused(state: State, request: Request) -> bool:
    return state.pauses.holding(request.content.backend, request.id) is not None


def _hold(state: State, request: Request, run: Run) -> Started:
    """Let a start wait for the end of a pause. The deadline of an earlier wait does not count."""
    if not request.is_series:
        run.latest_start = request.latest_start
    return Started.HELD


def over(state: State, run: Run, end: str) -> None:
    """End a run. A series goes on."""
    assert state.request is not None
    run.state = "over"
    schedule = state.request.content.schedule
    if isinstance(schedule, Series):
        if state.request.state != "scheduled":
            state.transition("scheduled")
        state.plan_run(run.number + 1, max(state.world.now, run.due_at or state.world.now))
        return
    state.transition(end)  # type: ignore[arg-type]


def end(state: State, run: Run, result: Started) -> Started:
    """End a run that did not start."""
    over(state, run, "failed")
    return result


def _wait(state: State, run: Run) -> Started:
    run.latest_start = run.latest_start or state.world.now + RETRY_WITHOUT_LATEST_START
    return Started.WAITS


def reopen(state: State, request: Request, run: Run, requirement: Requirement | None) -> Started:
    """Ask for the approval again, of what the request would do now where that is another thing."""
    run.state = "over"
    renewal = request.content.renewal + 1
    content = request.content.model_copy(update={"renewal": renewal})
    changes: dict[str, object] = {}
    if requirement is not None:
        assert state.form is not None
        seen = observe(state)
        content = content_of(state.form, request.content.schedule, seen, renewal)
        changes = {"targets": seen.targets, "facts": seen.facts}
    asking = requirement if requirement is not None and requirement.effect == "ask" else request.requirement
    state.open_round(content, asking, **changes)
    return Started.ASKED_AGAIN


def retry(state: State) -> bool:
    """Start a run of unknown outcome again. Returns False if there is none. Every check is made again."""
    request, run = state.request, state.run
    if request is None or run is None or run.state != "unknown":
        return False
    if run.latest_start is not None and state.world.now > run.latest_start:
        over(state, run, "failed")
        return True
    run.state = "pending"
    state.transition("scheduled")
    return True
