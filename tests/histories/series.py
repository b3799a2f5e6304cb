"""What happens to a series besides its starts: it is paused and resumed, and runs of it are still going when the next
one is due."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from bot.requests.model import Request
from bot.requests.model import Run as StoredRun
from bot.requests.overlap import OverlapCode, OverlapVerdict, judge_overlap
from tests.histories.history import Event, History, PauseSeries, ResumeSeries, RunsEnd, Start, TimePasses, Violation
from tests.histories.state import Run, State

SHARE = 0.7
"""In how many of the histories of series one is paused, or has runs that go on."""


def with_series(history: History, random: Random) -> History:
    """Put pauses of the series and runs that go on into a history of one. They are drawn by themselves."""
    if history.form.schedule != "series" or (random.random() > SHARE and not history.placed):
        return history
    form = replace(history.form, overlap=random.choice((None, None, "skip", "wait", "start")))
    events = [_going_on(event, random) for event in history.events]
    for parts in random.sample((_pause, _overlap), 2 if history.placed else random.choice((1, 2))):
        at = random.randint(len(events) // 2, len(events))
        events[at:at] = parts(random)
    return replace(history, form=form, events=tuple(events))


def _going_on(event: Event, random: Random) -> Event:
    if not isinstance(event, Start) or random.random() < 0.7:
        return event
    if event.between is None and random.random() < 0.3:
        return replace(event, between=PauseSeries())
    return replace(event, answer="goes on")


def _pause(random: Random) -> list[Event]:
    away = TimePasses(random.choice((5, 40, 130, 310, 1450)))
    return [PauseSeries(), away, *([Start()] if random.random() < 0.3 else []), ResumeSeries(), Start()]


def _overlap(random: Random) -> list[Event]:
    ends: list[Event] = [RunsEnd()] if random.random() < 0.5 else []
    return [Start(answer="goes on"), *ends, Start(delay=random.choice((0, 0, 10))), RunsEnd(), Start()]


def pause_series(state: State) -> bool:
    """Pause a series: what was planned is left out. Returns whether that was possible."""
    request, run = state.request, state.run
    is_going = request is not None and request.is_series and request.state in ("scheduled", "starting")
    is_kept_there = run is not None and run.state == "placed" and state.world.backend_silent
    if request is None or not is_going or is_kept_there or state.pauses.series_since is not None:
        return False
    state.pauses.begin_series(request.id)
    leave_out_planned_run(state)
    return True


def leave_out_planned_run(state: State) -> None:
    """Cancel the run that has not started."""
    if state.run is not None and state.run.state in ("pending", "placed"):
        state.run.state, state.run.content = "over", None
        if state.request is not None and state.request.state == "starting":
            state.transition("scheduled")


def resume_series(state: State) -> bool:
    """Resume a series, from the next occurrence on. Returns whether it was paused."""
    since = state.pauses.series_since
    if since is None:
        return False
    state.pauses.end_series()
    run = state.run
    if state.request is not None and state.request.state == "scheduled" and run is not None and run.state == "over":
        state.plan_run(run.number + 1, first_after_pause(state))
    return True


def first_after_pause(state: State) -> object:
    """Return the moment after which the first run is planned once a series is resumed."""
    return state.world.now


def overlap_of(state: State, request: Request, run: Run) -> OverlapVerdict:
    """Return whether a run may start beside those that are still going."""
    if not state.going:
        return OverlapVerdict(code=OverlapCode.NOTHING_GOING)
    due = "scheduled_in_backend" if run.state == "placed" else "pending"
    stored = [_stored(number, "running") for number in state.going]
    return judge_overlap(request, _stored(run.number, due), stored)


def _stored(number: int, run_state: str) -> StoredRun:
    values = {"id": f"n{number}", "request_id": "r1", "number": number, "state": run_state, "version": 1}
    return StoredRun.model_validate(values)


class GoingRuns:
    """What is known of the runs that go on, apart from the rules."""

    def __init__(self, chosen: Callable[[], str | None]) -> None:
        self._chosen = chosen
        self._are_going = False

    def begin(self) -> None:
        self._are_going = True

    def end(self) -> None:
        self._are_going = False

    def check_call(self) -> None:
        if self._are_going and self._chosen() != "start":
            raise Violation("started while the last run of the series was still going")

    def check_skipped(self) -> None:
        if not self._are_going or self._chosen() not in (None, "skip"):
            raise Violation("a run was skipped, although none was going or people chose otherwise")

    def check_wait(self) -> None:
        if not self._are_going or self._chosen() == "start":
            raise Violation("a start waits for the last run, although none is going or people chose otherwise")

    @property
    def let_wait(self) -> bool:
        return self._are_going and self._chosen() == "wait"
