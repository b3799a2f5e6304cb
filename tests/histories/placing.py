"""Starts that a back end keeps: each is checked shortly before its time, and cancelled there if it may not happen."""

from collections.abc import Callable
from datetime import timedelta

from bot.requests import start_check
from bot.requests.integrity import is_intact
from bot.requests.model import Request
from tests.histories import starting
from tests.histories.asking import stop
from tests.histories.history import Start
from tests.histories.starting import Call, Started
from tests.histories.state import Run, State

RECHECK = timedelta(minutes=1)
_MAY_BE_GONE = (Started.WAITS, Started.HELD, Started.SKIPPED, Started.WAITS_FOR_LAST)
"""What is looked at again until it is too late to cancel the start."""


def start_there(
    state: State, event: Start, between: Callable[[], None], passed: Callable[[Call], None]
) -> tuple[Started, Call | None]:
    """Let the next start come that the back end keeps. ``passed`` is told of a start whose check has passed, and
    ``between`` is what happens between that and the start."""
    request, run = state.request, state.run
    assert request is not None
    assert run is not None
    assert run.due_at is not None
    world, due = state.world, run.due_at
    world.now = max(world.now, start_check.check_time(due)) + timedelta(minutes=event.delay)
    if world.now >= due:
        # Nightshift was down, which the card says.
        return _started(state, run, was_told=True)
    obstacle = _check(state, request, run)
    if obstacle is None:
        passed(_call(state, run))
        between()
        if run.state == "over":
            # The series was paused, and taken out of the back end.
            return Started.REPLACED, None
        # A pause ends a check that has passed.
        obstacle = Started.HELD if starting.is_paused(state, request) else None
        world.now = max(world.now, due - start_check.CANCEL_AHEAD) if obstacle else world.now
    if obstacle is None:
        starting.go_on(state, event, run)
        return _started(state, run, was_told=False)
    if world.backend_silent:
        # It can be neither checked nor cancelled.
        return _started(state, run, was_told=True)
    return _cancelled(state, request, run, obstacle), None


def _check(state: State, request: Request, run: Run) -> Started | None:
    """Return what is in the way of a start, after waiting for an answer for as long as it can still be cancelled."""
    assert run.due_at is not None
    while True:
        if not is_intact(request, state.decisions):
            return Started.STOPPED
        obstacle, _ = starting.judge(state, request, run)
        if obstacle not in _MAY_BE_GONE or start_check.must_cancel(run.due_at, state.world.now):
            return obstacle
        state.world.now = start_check.recheck_time(run.due_at, state.world.now, RECHECK)


def _cancelled(state: State, request: Request, run: Run, obstacle: Started) -> Started:
    """Do what follows once the back end has cancelled a start."""
    match obstacle:
        case Started.STOPPED:
            stop(state)
            return obstacle
        case Started.REFUSED | Started.SKIPPED:
            return starting.end(state, run, obstacle)
        case Started.ASKED_AGAIN:
            _, requirement = starting.judge(state, request, run)
            return starting.reopen(state, request, run, requirement)
        case _:
            run.state = "pending"
            return Started.FROM_HERE


def _call(state: State, run: Run, *, was_told: bool = False) -> Call:
    assert state.request is not None
    assert run.content is not None
    assert run.due_at is not None
    return Call(run.content, state.request.revision, run.due_at, starting.observe(state), run.due_at, was_told)


def _started(state: State, run: Run, *, was_told: bool) -> tuple[Started, Call]:
    assert run.due_at is not None
    state.world.now = max(state.world.now, run.due_at)
    call = _call(state, run, was_told=was_told)
    starting.over(state, run, "succeeded")
    return (Started.STARTED_UNCHECKED if was_told else Started.STARTED_THERE), call
