"""Records what became of an attempt to start a run."""

from dataclasses import dataclass
from datetime import datetime

from bot import failpoints
from bot.backends.base import Handle, Operation, Params, Plan
from bot.requests.lifecycle import can_transition, request_state_for_run
from bot.requests.model import Request, Run, RunState
from bot.requests.notify.events import Event
from bot.requests.notify.words import unknown_text
from bot.requests.start_check import CANCEL_AGAIN, StartCheck, cancelled_by_person, check_time
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.runs import RunChanges
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.planning import cancel_unsent_run
from bot.usecases.runs.finish import finish_run
from bot.usecases.services import Services
from bot.values import JsonObject

_MAX_PROBLEM_LENGTH = 500


@dataclass(frozen=True, slots=True)
class StartingRun:
    """A run that is being started, and what that takes."""

    run: Run
    request: Request
    operation: Operation[Params]
    plan: Plan


async def record_started(
    services: Services,
    starting: StartingRun,
    handle: Handle,
    *,
    actor: str = "nightshift",
    evidence: JsonObject | None = None,
) -> None:
    """Record that the back end has the run. Raises Conflict if another node has recorded something else.

    ``actor`` and ``evidence`` say who has named the run, and what shows that it is the one.
    """
    now = services.clock.now()
    placement, start_at = starting.plan.placement, starting.request.start_at
    is_scheduled = handle.kind == "series" or (
        placement.scheduler == "backend" and (start_at is not None or placement.own_timing)
    )
    state: RunState = "scheduled_in_backend" if is_scheduled else "running"
    json = handle.model_dump(mode="json")
    async with services.db.write() as tx:
        # A pause either finds the series scheduled there, or is found here.
        request = await requests.get(tx, starting.request.id, for_update=True)
        pause = await pauses.of_series(tx, request.id) if handle.kind == "series" else None
        await runs.transition_attempt(
            tx, starting.plan.token, ["sent", "unknown"], "answered", handle=json, answered_at=now
        )
        # Read again: another node may have recorded it as unknown meanwhile, and the answer is better knowledge.
        run = await runs.get(tx, starting.run.id)
        changes: RunChanges = {
            "handle": json,
            "proposal": None,
            "started_at": None if is_scheduled else now,
            "problem": "",
            "silent_since": None,
            "poll_at": now,
        }
        if is_scheduled:
            # While it waited to be handed over, the run had a deadline for that.
            changes["latest_start"] = starting.request.latest_start
            attempt = await runs.get_attempt(tx, starting.plan.token)
            changes |= _planned_start(starting, handle, attempt.created_at if attempt else None)
            if pause is not None:
                check = StartCheck(state="cancelling", outcome="wait", code="paused", text=f"{request.name} is paused.")
                changes |= {"start_check": check, "check_at": now}
            if await _was_cancelled(tx, request, run):
                changes |= {"start_check": cancelled_by_person(request.name), "check_at": now + CANCEL_AGAIN}
        run = await runs.transition(tx, run, state, **changes)
        await sync_request_state(tx, services, starting.request, run)
        data: JsonObject = {"run": run.id, "token": starting.plan.token, "handle": handle.id, **(evidence or {})}
        action = "run.started" if evidence is None else "run.adopted"
        await audit.record(tx, now, actor, action, starting.request.id, data)
    failpoints.hit(failpoints.AFTER_ANSWER)
    services.wake.sender.set()
    services.wake.wake_watchers()


async def _was_cancelled(tx: Tx, request: Request, run: Run) -> bool:
    """Return whether somebody has cancelled a request since a run's call was prepared, and it was not stopped then."""
    attempt = await runs.get_attempt(tx, run.token)
    entries = [entry async for entry in audit.entries(tx, request.id) if entry.action == "request.cancelled"]
    return attempt is not None and any(entry.at >= attempt.created_at for entry in entries)


def _planned_start(starting: StartingRun, handle: Handle, checked_at: datetime | None) -> RunChanges:
    """Return when the back end makes the start, and when that is checked. Own timing is known once it is polled.

    ``checked_at`` is when the run was checked before it was handed over; the answer may have come much later.
    """
    start_at = starting.request.start_at
    if start_at is None or starting.operation.owns_schedule:
        return {}
    if handle.kind == "run" and checked_at is not None and checked_at >= check_time(start_at):
        return {"starts_at": start_at, "start_check": StartCheck(state="passed")}
    return {"starts_at": start_at, "check_at": check_time(start_at)}


async def record_refused(services: Services, starting: StartingRun, problem: str) -> None:
    """Record that nothing was started, and end the run as failed."""
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx, starting.plan.token, ["sent", "prepared"], "refused", problem=problem[:_MAX_PROBLEM_LENGTH]
        )
    async with services.db.write() as tx:
        await finish_run(tx, services, starting.run, starting.request, "failed", problem=problem)
    services.wake.sender.set()


async def record_replaced(services: Services, starting: StartingRun, problem: str) -> None:
    """Record that an edit came before the call. The request goes on with its new revision. Raises Conflict."""
    now = services.clock.now()
    async with services.db.write() as tx:
        await cancel_unsent_run(tx, await runs.get(tx, starting.run.id), now, problem)
        data = {"run": starting.run.id, "token": starting.plan.token, "why": problem}
        await audit.record(tx, now, "nightshift", "run.replaced", starting.request.id, data)
        await messages.mark_dirty(tx, starting.request.id, now)
    services.wake.sender.set()


async def record_not_arrived(services: Services, starting: StartingRun, problem: str) -> None:
    """Record that a call did not arrive, so that it may be sent again."""
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx, starting.plan.token, ["sent"], "prepared", problem=problem[:_MAX_PROBLEM_LENGTH]
        )


async def return_to_pending(
    services: Services, run: Run, request: Request, problem: str = "The bot stopped before this was sent."
) -> tuple[Run, Request]:
    """Give up an attempt that was never sent, so that the run is admitted once more. Raises Conflict."""
    async with services.db.write() as tx:
        await runs.transition_attempt(tx, run.token, ["prepared"], "refused", problem=problem)
        run = await runs.transition(tx, run, "pending", token="", problem="")
        return run, await sync_request_state(tx, services, request, run)


async def record_unknown(services: Services, starting: StartingRun, problem: str) -> None:
    """Record that nobody knows whether the call arrived, so that people are asked."""
    now = services.clock.now()
    token = starting.plan.token
    text = (
        f"{problem} It was looked for as {token} and not found, so it may be running. Nothing is sent again until "
        "someone confirms what happened. Please look in the back end and say below which it is."
    )
    async with services.db.write() as tx:
        await runs.transition_attempt(tx, token, ["sent"], "unknown", problem=problem[:_MAX_PROBLEM_LENGTH])
        run = await runs.transition(tx, starting.run, "unknown", problem=text)
        request = await sync_request_state(tx, services, starting.request, run)
        await tell(tx, services, request, Event.UNKNOWN, unknown_text(request), key=run.id)
        data = {"run": run.id, "token": token, "why": problem}
        await audit.record(tx, now, "nightshift", "run.unknown", starting.request.id, data)
    services.wake.sender.set()


async def sync_request_state(tx: Tx, services: Services, request: Request, run: Run) -> Request:
    """Give the request of a single run the state of its run, and mark its cards as outdated."""
    request = await requests.get(tx, request.id)
    state = request.state if request.is_series else request_state_for_run(run.state)
    if can_transition(request.state, state):
        started_at = run.started_at if state == "running" else request.started_at
        request = await requests.transition(tx, request, state, outcome=run.problem, started_at=started_at)
    await messages.mark_dirty(tx, request.id, services.clock.now())
    return request
