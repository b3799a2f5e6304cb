"""Ends a run, and its request with it where it was the last one."""

from datetime import datetime

from bot.requests.lifecycle import FINAL_RUN_STATES, can_transition, request_state_for_run
from bot.requests.model import Request, Run, RunState
from bot.requests.notify.events import Event
from bot.requests.notify.words import ended_text
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.planning import plan_next_occurrence
from bot.usecases.services import Services
from bot.values import JsonObject


async def finish_run(
    tx: Tx,
    services: Services,
    run: Run,
    request: Request,
    state: RunState,
    *,
    problem: str = "",
    code: str = "",
    progress: JsonObject | None = None,
    announce: bool = True,
) -> Run:
    """Record the end of a run with everything that follows, in one transaction.

    With ``announce`` the requester and the results channel are told. ``problem`` tells people what went wrong; ``code``
    is the same for programs. Raises Conflict if the run has changed.
    """
    now = services.clock.now()
    started_now = run.started_at is None and state in ("succeeded", "partly_failed")
    finished = await runs.transition(
        tx,
        run,
        state,
        finished_at=now,
        problem=problem,
        progress=run.progress if progress is None else progress,
        started_at=now if started_now else run.started_at,
    )
    request = await requests.get(tx, request.id)
    if run.state == "pending" and state != "cancelled":
        await plan_next_occurrence(tx, request, run, services.settings.timing.grace_minutes)
    data: JsonObject = {
        "run": run.id,
        "number": run.number,
        "state": state,
        "why": problem,
        **({"code": code} if code else {}),
    }
    await audit.record(tx, now, "nightshift", "run.finished", request.id, data)
    if request.is_series:
        await _finish_series_run(tx, now, request, finished)
    else:
        await _finish_request(tx, now, request, finished)
    # A series that was cancelled, or a run of it before its start, is told of by whoever cancelled it.
    never_started = run.number == 0 or run.state == "scheduled_in_backend"
    if announce and not (request.is_series and state == "cancelled" and never_started):
        await _post_outcome(tx, services, await requests.get(tx, request.id), finished)
    await messages.mark_dirty(tx, request.id, now)
    return finished


async def _finish_request(tx: Tx, now: datetime, request: Request, run: Run) -> None:
    """End a request with its newest run. An earlier one, of what the request was before an edit, ends nothing."""
    newest = await runs.of_request(tx, request.id, limit=1)
    if newest and newest[0].number > run.number:
        return
    state = request_state_for_run(run.state)
    if can_transition(request.state, state):
        started = request.started_at or run.started_at
        await requests.transition(tx, request, state, finished_at=now, started_at=started, outcome=_outcome_text(run))


async def _finish_series_run(tx: Tx, now: datetime, request: Request, run: Run) -> None:
    """End a series with its last run. A failed run does not prevent the next one, and a paused series goes on."""
    if run.number == 0:
        # The run stands for the whole series that the back end kept, or refused to keep.
        state = request_state_for_run(run.state)
        if can_transition(request.state, state):
            await requests.transition(tx, request, state, finished_at=now, outcome=_outcome_text(run))
        return
    if request.scheduler != "nightshift" or await pauses.of_series(tx, request.id):
        return
    latest_runs = await runs.of_request(tx, request.id, limit=5)
    is_over = all(run.state in FINAL_RUN_STATES for run in latest_runs)
    if is_over and can_transition(request.state, "succeeded"):
        outcome = f"The series is over after {run.number} runs."
        await requests.transition(tx, request, "succeeded", finished_at=now, outcome=outcome)


def _outcome_text(run: Run) -> str:
    """Return what went wrong, or else the back end's summary."""
    return run.problem or str((run.progress or {}).get("summary", ""))


async def _post_outcome(tx: Tx, services: Services, request: Request, run: Run) -> None:
    """Tell the results channel, the requester and the thread of the card, with the failures in threads."""
    event = Event.ENDED if run.state in ("succeeded", "cancelled") else Event.FAILED
    planned = await tell(tx, services, request, event, ended_text(request, run), key=run.id, run_id=run.id)
    if run.state not in ("failed", "partly_failed") or not (run.progress or {}).get("results"):
        return
    outcomes = await messages.of_run(tx, request.id, run.id, "outcome")
    for to in (message.place for message in planned.messages if message.kind == "outcome"):
        await messages.add(
            tx,
            services.clock.now(),
            "details",
            to,
            request.id,
            run_id=run.id,
            parent_id=outcomes[to],
            dedupe=f"details:{run.id}:{to}",
        )
