"""How a run ends, and what follows from it: the request's own end, the outcome's messages, the next run of a series."""

from datetime import datetime, timedelta
from typing import Any

from bot.ids import new_id
from bot.requests.lifecycle import FINAL_RUN_STATES, FINAL_STATES, can_transition, request_state_for_run
from bot.requests.model import Request, Run, RunState
from bot.schedule import Series, next_runs, start_window
from bot.storage import audit, messages, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.services import Services


async def finish_run(
    tx: Tx,
    services: Services,
    run: Run,
    request: Request,
    state: RunState,
    *,
    problem: str = "",
    progress: dict[str, Any] | None = None,
) -> Run:
    """End a run and everything that hangs on it, in one transaction. Raises Conflict where somebody was first."""
    now = services.clock.now()
    changes: dict[str, Any] = {"finished_at": now, "problem": problem}
    if progress is not None:
        changes["progress"] = progress
    if run.started_at is None and state in ("succeeded", "partly_failed"):
        changes["started_at"] = now
    done = await runs.transition(tx, run, state, **changes)
    request = await requests.get(tx, request.id)
    if run.state == "pending" and state != "cancelled":
        await plan_next_occurrence(tx, request, run, services.settings.timing.grace_minutes)
    data = {"run": run.id, "number": run.number, "state": state, "why": problem}
    await audit.record(tx, now, "nightshift", "run.finished", request.id, data)
    if request.is_series:
        await _finish_series_run(tx, now, request, done)
    else:
        after = request_state_for_run(state)
        if can_transition(request.state, after):
            started = request.started_at or done.started_at
            await requests.transition(
                tx, request, after, finished_at=now, started_at=started, outcome=_outcome_text(done)
            )
    if not (request.is_series and run.number == 0 and state == "cancelled"):
        await _post_outcome(tx, services, now, request, done)
    await messages.mark_dirty(tx, request.id, now)
    return done


def _outcome_text(run: Run) -> str:
    """What went wrong, else what the back end says of it."""
    return run.problem or str((run.progress or {}).get("summary", ""))


async def _finish_series_run(tx: Tx, now: datetime, request: Request, run: Run) -> None:
    """The run of a series is over. A failed one never keeps the next one from coming."""
    if run.number == 0:
        # The back end held the series, or could not be given it, and this is how that ended.
        after = request_state_for_run(run.state)
        if can_transition(request.state, after):
            await requests.transition(tx, request, after, finished_at=now, outcome=_outcome_text(run))
        return
    if request.scheduler != "nightshift":
        return
    others = await runs.of_request(tx, request.id, limit=5)
    if all(other.state in FINAL_RUN_STATES for other in others) and can_transition(request.state, "succeeded"):
        words = f"The series is over after {run.number} runs."
        await requests.transition(tx, request, "succeeded", finished_at=now, outcome=words)


async def plan_runs(tx: Tx, now: datetime, request: Request, grace_minutes: int) -> None:
    """Once a request is approved: store its run, or the first of a series that Nightshift holds."""
    schedule = request.content.schedule
    before = max((run.number for run in await runs.of_request(tx, request.id, limit=1)), default=0)
    if isinstance(schedule, Series) and request.scheduler == "nightshift":
        await _add_occurrence(tx, request, schedule, before + 1, now, grace_minutes)
        return
    held_here = request.scheduler == "nightshift" and request.start_at is not None
    await _add_run(
        tx,
        request,
        number=0 if isinstance(schedule, Series) else before + 1,
        due_at=request.start_at if held_here else None,
        latest_start=request.latest_start,
    )


async def plan_next_occurrence(tx: Tx, request: Request, after: Run, grace_minutes: int) -> None:
    """Store the run that follows one of a series that Nightshift holds; does nothing for any other request."""
    schedule = request.content.schedule
    if not isinstance(schedule, Series) or request.scheduler != "nightshift":
        return
    if request.state in FINAL_STATES or after.due_at is None:
        return
    await _add_occurrence(tx, request, schedule, after.number + 1, after.due_at, grace_minutes)


async def _add_occurrence(
    tx: Tx, request: Request, series: Series, number: int, since: datetime, grace_minutes: int
) -> None:
    """A late run is still good for its window, or for ``grace_minutes``, but never into the next run's time."""
    upcoming = next_runs(series, since, 2)
    if not upcoming:
        return
    due = upcoming[0].instant
    late = start_window(series) or timedelta(minutes=grace_minutes)
    latest = due + late
    if len(upcoming) > 1:
        latest = min(latest, upcoming[1].instant)
    await _add_run(tx, request, number=number, due_at=due, latest_start=latest)


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


async def _post_outcome(tx: Tx, services: Services, now: datetime, request: Request, run: Run) -> None:
    """Tell the results channel and the requester, each once, with the failures in the thread."""
    for to in dict.fromkeys((services.backends.results_channel(request.content.backend), request.requester.user)):
        outcome = await messages.add(tx, now, "outcome", to, request.id, run_id=run.id, dedupe=f"outcome:{run.id}:{to}")
        if run.state in ("failed", "partly_failed") and (run.progress or {}).get("results"):
            await messages.add(
                tx, now, "details", to, request.id, run_id=run.id, parent_id=outcome, dedupe=f"details:{run.id}:{to}"
            )
