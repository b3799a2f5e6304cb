"""Makes the call that starts a run, once.

The attempt's row is committed before each step that cannot be undone:
prepared -> sent -> answered | refused | unknown.
"""

import asyncio
import time
from datetime import datetime, timedelta

import structlog

from bot import failpoints
from bot.backends.base import Handle, Operation, Params, Plan
from bot.errors import BackendError, Conflict, NightshiftError, RateLimited, Refused, Unreachable
from bot.requests.model import Request, Run
from bot.requests.pauses import Pause, held_text, holding_pause
from bot.storage import audit, pauses, requests, runs
from bot.storage.runs import Attempt
from bot.storage.transactions import Tx
from bot.telemetry import events, metrics
from bot.usecases.integrity import load_intact
from bot.usecases.planning import plan_next_occurrence
from bot.usecases.runs.retry import (
    FIRST_WAIT_SECONDS,
    is_past_latest_start,
    next_wait,
    retry_time_is_over,
)
from bot.usecases.runs.transitions import (
    StartingRun,
    record_not_arrived,
    record_refused,
    record_replaced,
    record_started,
    record_unknown,
    return_to_pending,
    sync_request_state,
)
from bot.usecases.runs.wait import hold_for_pause, wait_and_recheck
from bot.usecases.services import Services
from bot.values import JsonObject

MAX_SEND_DELAY_SECONDS = 5.0
"""Abort if more than this passes between recording `sent` and making the call; another node may have acted meanwhile.
"""
MAX_AGE_OF_CHECKS = timedelta(seconds=15)
"""How long a call is repeated without checking its start again: what was approved may have changed meanwhile. What the
checks have read may be 30 seconds old already."""
FIRST_LOOKUP_WAIT_SECONDS = 0.5
MAX_LOOKUP_WAIT_SECONDS = 10.0
_log = structlog.get_logger(__name__)


class StartPaused(Conflict):
    """A pause began between the checks of a start and its call. The pause counts."""

    def __init__(self, pause: Pause, zone: str) -> None:
        self.pause = pause
        super().__init__(held_text(pause, zone))


class ContentReplaced(Conflict):
    """The request was edited between the checks of a start and its call. The edit counts."""


async def prepare_attempt(
    services: Services,
    run: Run,
    request: Request,
    operation: Operation[Params],
    plan: Plan,
    now: datetime,
    notes: tuple[str, ...] = (),
) -> StartingRun:
    """Record what will be sent, and the ``notes`` for its card.

    Raises Conflict if another node starts the run, or the request was edited, and BudgetUsedUp if another start has
    used the last of the budget that approves it.
    """
    failpoints.hit(failpoints.BEFORE_PREPARE)
    async with services.db.write() as tx:
        current = await requests.get(tx, request.id, for_update=True)
        _check_same_content(current, request.revision, request.content_hash)
        await services.policy.budgets.require_left(tx, current, run, start_of_run(run, current, now))
        run = await runs.transition(tx, run, "starting", token=plan.token, problem="")
        attempt = Attempt(
            token=plan.token,
            run_id=run.id,
            state="prepared",
            revision=request.revision,
            content_hash=request.content_hash,
            plan=plan.model_dump(mode="json"),
            created_at=now,
        )
        await runs.add_attempt(tx, attempt)
        request = await sync_request_state(tx, services, request, run)
        if request.start_notes != notes or request.outcome:
            request = await requests.transition(tx, request, request.state, start_notes=notes, outcome="")
        await plan_next_occurrence(tx, request, run, services.settings.timing.grace_minutes)
        data: JsonObject = {"run": run.id, "token": plan.token, **({"notes": list(notes)} if notes else {})}
        await audit.record(tx, now, "nightshift", "run.prepared", request.id, data)
    services.wake.sender.set()
    failpoints.hit(failpoints.AFTER_PREPARE)
    return StartingRun(run, request, operation, plan)


async def send_with_retries(services: Services, starting: StartingRun) -> None:
    """Make the call and record what came of it.

    A call that did not arrive is repeated for as long as the checks of its start hold, and then checked again. One that
    may have arrived is looked up, never repeated.
    A call whose request was edited before it was sent is dropped, and one that a pause holds waits. Raises Conflict
    if another node makes the call.
    """
    began, wait = services.clock.now(), FIRST_WAIT_SECONDS
    while True:
        try:
            handle = await _call_backend(services, starting)
        except (Unreachable, RateLimited) as error:
            if retry_time_is_over(services, began, starting.run):
                await record_refused(services, starting, f"{error} Nothing was started.")
                return
            await record_not_arrived(services, starting, str(error))
            _log.info("call did not arrive; retrying", run_id=starting.run.id, why=str(error))
            seconds = error.retry_after if isinstance(error, RateLimited) else wait
            if services.clock.now() + timedelta(seconds=seconds) - began > MAX_AGE_OF_CHECKS:
                run, request = await return_to_pending(services, starting.run, starting.request, str(error))
                await wait_and_recheck(services, run, request, str(error), min_seconds=seconds)
                return
            await asyncio.sleep(seconds)
            wait = next_wait(wait)
            if is_past_latest_start(services, starting.run):
                await record_refused(services, starting, f"{error} Its latest start has passed. Nothing was started.")
                return
        except Refused as error:
            await record_refused(services, starting, str(error))
            return
        except ContentReplaced as error:
            await record_replaced(services, starting, str(error))
            return
        except StartPaused as error:
            run, request = await return_to_pending(services, starting.run, starting.request, str(error))
            await hold_for_pause(services, run, request, error.pause)
            return
        except Conflict:
            raise
        except BackendError as error:
            await find_by_token(services, starting, str(error))
            return
        except NightshiftError as error:
            await record_refused(services, starting, str(error))
            return
        else:
            await record_started(services, starting, handle)
            return


async def _call_backend(services: Services, starting: StartingRun) -> Handle:
    backend = services.backends.require(starting.request.content.backend)
    async with backend.send_slots:
        async with services.db.write() as tx:
            await _check_attempt_is_current(tx, starting, services.clock.now())
            # Not the clock of the services, which can be moved.
            recorded = time.monotonic()
            await runs.transition_attempt(tx, starting.plan.token, ["prepared"], "sent", sent_at=services.clock.now())
        failpoints.hit(failpoints.AFTER_SENT)
        if time.monotonic() - recorded > MAX_SEND_DELAY_SECONDS:
            raise Unreachable(backend.name, "The bot stood still before it could send this.")
        started = await _call_and_tell(services, starting)
        failpoints.hit(failpoints.AFTER_CALL)
        return started


async def _call_and_tell(services: Services, starting: StartingRun) -> Handle:
    """Make the call, and tell operators what came of it."""
    run, content, began = starting.run, starting.request.content, time.monotonic()
    if run.due_at is not None:
        metrics.START_DELAY.labels(content.backend).observe((services.clock.now() - run.due_at).total_seconds())
    outcome = "failed"
    try:
        handle = await starting.operation.start(starting.plan)
        outcome = "started"
        return handle
    except BackendError as error:
        outcome = metrics.outcome_of(error)
        raise
    finally:
        events.call_made(
            starting.request.name,
            run.number,
            starting.plan.token,
            content.backend,
            content.operation,
            outcome,
            time.monotonic() - began,
        )


def start_of_run(run: Run, request: Request, now: datetime) -> datetime:
    """Return when a run would start: now, unless its back end is to keep the time."""
    is_handed_over = request.scheduler == "backend" and run.due_at is None
    return max(now, request.start_at) if is_handed_over and request.start_at is not None else now


async def _check_attempt_is_current(tx: Tx, starting: StartingRun, now: datetime) -> None:
    """Raise ContentReplaced if the request was edited since the attempt was prepared, ContentAltered if its content is
    not what was signed, and StartPaused if a pause holds it."""
    request, _ = await load_intact(tx, starting.request.id, for_update=True)
    start = start_of_run(starting.run, request, now)
    pause = holding_pause(await pauses.not_ended_at_call(tx), request.content.backend, request.id, start)
    if pause is not None:
        raise StartPaused(pause, request.zone)
    attempt = await runs.get_attempt(tx, starting.plan.token)
    if attempt is not None and attempt.state == "prepared":
        _check_same_content(request, attempt.revision, attempt.content_hash)


def _check_same_content(request: Request, revision: int | None, content_hash: str | None) -> None:
    if (request.revision, request.content_hash) != (revision, content_hash):
        raise ContentReplaced(f"{request.name} was edited before this run was sent, so it was not started.")


async def find_by_token(services: Services, starting: StartingRun, problem: str) -> None:
    """Look up by its token whether a call arrived, and record the result. People are asked if that fails."""
    waited, wait = 0.0, FIRST_LOOKUP_WAIT_SECONDS
    while True:
        try:
            handle = await starting.operation.find_started(starting.plan)
        except BackendError as error:
            problem = str(error)
        else:
            if handle is not None:
                await record_started(services, starting, handle)
                return
        if waited >= services.settings.timing.find_seconds:
            break
        await asyncio.sleep(wait)
        waited += wait
        wait = min(wait * 2, MAX_LOOKUP_WAIT_SECONDS)
    await record_unknown(services, starting, problem)
