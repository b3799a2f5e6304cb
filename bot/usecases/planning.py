"""Stores the runs that a request still has to make, and cancels those whose call was not sent."""

from datetime import datetime, timedelta

from bot.ids import new_id
from bot.requests.lifecycle import FINAL_RUN_STATES, FINAL_STATES
from bot.requests.model import Request, Run
from bot.schedule import Series, next_runs, window_end
from bot.storage import pauses, runs
from bot.storage.transactions import Tx


async def plan_runs(tx: Tx, now: datetime, request: Request, grace_minutes: int) -> None:
    """Store the run of an approved request, or the next of a series whose time Nightshift keeps.

    A series that is paused gets none: resuming it plans the next one.
    """
    schedule = request.content.schedule
    if request.is_series and await pauses.of_series(tx, request.id):
        return
    last_number = max((run.number for run in await runs.of_request(tx, request.id, limit=1)), default=0)
    if isinstance(schedule, Series) and request.scheduler == "nightshift":
        await _add_occurrence(tx, request, schedule, last_number + 1, now, grace_minutes)
        return
    if isinstance(schedule, Series) and await _takes_up_series(tx, request):
        return
    waits_here = request.scheduler == "nightshift" and request.start_at is not None
    await _add_run(
        tx,
        request,
        number=0 if isinstance(schedule, Series) else last_number + 1,
        due_at=request.start_at if waits_here else None,
        latest_start=request.latest_start,
    )


async def _takes_up_series(tx: Tx, request: Request) -> bool:
    """Return whether the run that stands for a series in the back end exists already: the series was approved again.

    If it was not handed over yet, that is tried again. What the back end keeps goes on there.
    """
    series = await runs.series_of(tx, request.id)
    if series is not None and series.state in FINAL_RUN_STATES:
        await runs.transition(tx, series, "pending", token="", problem="", finished_at=None)
    return series is not None


async def plan_next_occurrence(tx: Tx, request: Request, previous: Run, grace_minutes: int) -> None:
    """Store the run after ``previous`` in a series whose time Nightshift keeps. Does nothing for other requests."""
    schedule = request.content.schedule
    if not isinstance(schedule, Series) or request.scheduler != "nightshift":
        return
    if request.state in FINAL_STATES or previous.due_at is None or await pauses.of_series(tx, request.id):
        return
    await _add_occurrence(tx, request, schedule, previous.number + 1, previous.due_at, grace_minutes)


async def cancel_unsent_run(tx: Tx, run: Run, now: datetime, problem: str) -> bool:
    """Cancel a run whose call was not sent. Returns whether that was possible. Raises Conflict if the run changes."""
    if run.state == "starting":
        attempt = await runs.get_attempt(tx, run.token)
        if attempt is None or attempt.state != "prepared":
            return False
        await runs.transition_attempt(tx, run.token, ["prepared"], "refused", problem=problem)
    elif run.state != "pending":
        return False
    await runs.transition(tx, run, "cancelled", finished_at=now, problem=problem)
    return True


async def _add_occurrence(
    tx: Tx, request: Request, series: Series, number: int, after: datetime, grace_minutes: int
) -> None:
    """Store the next run of a series, unless a run that was admitted twice has stored it already.

    It may start late within its window, or by ``grace_minutes``, but never after the next run is due.
    """
    upcoming = next_runs(series, after, 2)
    latest_runs = await runs.of_request(tx, request.id, limit=1)
    if not upcoming or (latest_runs and latest_runs[0].number >= number):
        return
    due = upcoming[0].instant
    latest_start = window_end(series, upcoming[0]) or due + timedelta(minutes=grace_minutes)
    if len(upcoming) > 1:
        latest_start = min(latest_start, upcoming[1].instant)
    await _add_run(tx, request, number=number, due_at=due, latest_start=latest_start)


async def _add_run(
    tx: Tx, request: Request, *, number: int, due_at: datetime | None, latest_start: datetime | None
) -> None:
    run = Run(
        id=new_id("n"),
        request_id=request.id,
        number=number,
        state="pending",
        version=1,
        due_at=due_at,
        latest_start=latest_start,
    )
    await runs.add(tx, run, request.content.backend, request.content.operation)
