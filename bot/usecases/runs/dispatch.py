"""Starting a run, once. The only place from which a call that changes something leaves for a back end.

The attempt's row says how far it got, and is committed before each step that cannot be undone:
prepared -> sent -> answered | refused | unknown. After a crash the same job is run again and carries on from the row:
what was only prepared is sent; what was sent is never sent again, but looked up by its token.
"""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from bot import failpoints
from bot.backends.base import Handle, Operation, Plan
from bot.errors import (
    BackendError,
    BadResponse,
    Conflict,
    InputError,
    NightshiftError,
    NotFound,
    RateLimited,
    Refused,
    Unreachable,
)
from bot.ids import new_token
from bot.requests.lifecycle import FINAL_STATES, can_transition, request_state_for_run
from bot.requests.model import Request, Run, RunState
from bot.schedule import ZonedTime
from bot.storage import audit, messages, requests, runs
from bot.storage.runs import Attempt
from bot.storage.transactions import Tx
from bot.usecases.approvals.reopen import reopen_for_approval, series_renewal_reason
from bot.usecases.runs.finish import finish_run, plan_next_occurrence, plan_runs
from bot.usecases.services import Services

JOB = "dispatch"
UNKNOWN_LOOKUP_PERIOD = timedelta(days=1)
MAX_UNKNOWN_PER_ROUND = 50
"""Runs of unknown fate that are looked for in one round, and how long after they were sent."""
_log = structlog.get_logger(__name__)
MAX_SEND_DELAY_SECONDS = 5.0
"""How old the mark may be with which a call leaves."""
_DATABASE_RETRY_DELAYS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class _StartingRun:
    """A run that is being started, with what it takes."""

    run: Run
    request: Request
    operation: Operation[Any]
    plan: Plan


def job_key(run: Run, suffix: str = "") -> str:
    """Return the key of the job that dispatches a run. A new ``suffix`` makes a new job for the same run."""
    return f"{run.id}:{run.version}:{suffix}" if suffix else f"{run.id}:{run.version}"


def run_id_of(key: str) -> str:
    """Return the id of the run that a job dispatches."""
    return key.partition(":")[0]


async def dispatch_run(services: Services, run_id: str) -> None:
    """Bring a run to where its fate is known. Safe to call again at any time; waits out a database that is away."""
    tries = 0
    while True:
        try:
            await _dispatch_once(services, run_id)
            return
        except DBAPIError as error:
            wait = _DATABASE_RETRY_DELAYS[min(tries, len(_DATABASE_RETRY_DELAYS) - 1)]
            tries += 1
            _log.warning("the database is away; trying again", run=run_id, seconds=wait, error=str(error.orig))
            await asyncio.sleep(wait)
        except Conflict as conflict:
            _log.info("somebody else carried this run on", run=run_id, why=str(conflict))
            return


async def _dispatch_once(services: Services, run_id: str) -> None:
    async with services.db.read() as tx:
        run = await runs.get(tx, run_id)
        request = await requests.get(tx, run.request_id)
        attempt = await runs.get_attempt(tx, run.token) if run.token else None
    if run.state == "pending":
        work = await _admit(services, run, request)
        if work is not None:
            await _send_with_retries(services, work)
    elif run.state == "starting" and attempt is not None:
        plan = Plan.model_validate(attempt.plan)
        work = _StartingRun(run, request, services.backends.operation(request.content.backend, plan.operation), plan)
        if attempt.state == "prepared":
            await _send_with_retries(services, work)
        elif attempt.state == "sent":
            await _find_by_token(services, work, "The bot was stopped while this was being sent")


async def _admit(services: Services, run: Run, request: Request) -> _StartingRun | None:
    """Check once more that this may start, and store what will be sent."""
    now = services.clock.now()
    if request.state in FINAL_STATES:
        await _finish(services, run, request, "cancelled", f"{request.name} was over before this run's time came.")
        return None
    if run.latest_start is not None and now > run.latest_start:
        late = (
            "Missed: it could not start before "
            f"{ZonedTime.from_instant(run.latest_start, request.zone).local:%d %b %H:%M %Z}."
        )
        await _finish(services, run, request, "missed", late)
        return None
    frozen = await services.policy.active_freeze_reason(request)
    if frozen:
        await _finish(services, run, request, "missed", f"Not started: {frozen}")
        return None
    again = await services.approvals.approval_invalid_reason(request) or await series_renewal_reason(
        services, run, request
    )
    if again:
        await reopen_for_approval(services, run, request, again)
        return None
    try:
        operation = services.backends.operation(request.content.backend, request.content.operation)
        await _wait_until_ready(services, operation, run)
        plan = _build_plan(operation, run, request, new_token())
    except (NotFound, InputError, BackendError) as error:
        await _finish(services, run, request, "failed", str(error))
        return None
    if _must_take_over_schedule(plan, run, request, now):
        await _take_over_schedule(services, run, request, plan.placement.reason)
        return None
    failpoints.hit(failpoints.BEFORE_PREPARE)
    async with services.db.write() as tx:
        run = await runs.transition(tx, run, "starting", token=plan.token, problem="")
        await runs.add_attempt(
            tx,
            Attempt(
                token=plan.token, run_id=run.id, state="prepared", plan=plan.model_dump(mode="json"), created_at=now
            ),
        )
        request = await _sync_request_state(tx, services, request, run)
        await plan_next_occurrence(tx, request, run, services.settings.timing.grace_minutes)
        await audit.record(tx, now, "nightshift", "run.prepared", request.id, {"run": run.id, "token": plan.token})
    services.wake.sender.set()
    failpoints.hit(failpoints.AFTER_PREPARE)
    return _StartingRun(run, request, operation, plan)


async def _wait_until_ready(services: Services, operation: Operation[Any], run: Run) -> None:
    """Let the operation learn what its plan depends on. Raises BackendError where that fails for too long."""
    began, wait = services.clock.now(), 1.0
    while True:
        try:
            await operation.prepare()
            return
        except (Unreachable, BadResponse, RateLimited) as error:
            if _retry_time_is_over(services, began, run):
                raise
            _log.info("the back end cannot be asked before the start; trying again", run=run.id, why=str(error))
        await asyncio.sleep(wait)
        wait = min(wait * 2, 30.0)


def _retry_time_is_over(services: Services, began: datetime, run: Run) -> bool:
    """Whether a back end has been away for too long, or the latest start has passed meanwhile."""
    now = services.clock.now()
    too_late = run.latest_start is not None and now > run.latest_start
    return too_late or now - began > timedelta(seconds=services.settings.timing.connect_seconds)


def _must_take_over_schedule(plan: Plan, run: Run, request: Request, now: datetime) -> bool:
    """The back end was to hold the schedule, but can do so no longer (its start is too near, say)."""
    if request.scheduler != "backend" or plan.placement.scheduler != "nightshift" or run.due_at is not None:
        return False
    return request.is_series or (request.start_at is not None and request.start_at > now)


async def _take_over_schedule(services: Services, run: Run, request: Request, why: str) -> None:
    """Nightshift holds the schedule instead of the back end."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request.id)
        request = await requests.transition(tx, request, request.state, scheduler="nightshift", scheduler_reason=why)
        await runs.transition(tx, run, "cancelled", finished_at=now, problem=why)
        await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    services.wake.scheduler.set()


def _build_plan(operation: Operation[Any], run: Run, request: Request, token: str) -> Plan:
    params = operation.params_model.model_validate(request.content.params)
    if request.scheduler == "nightshift" and run.due_at is not None:
        due = ZonedTime.from_instant(run.due_at, request.zone)
        return operation.plan_occurrence(params, request.content.schedule, due, token)
    return operation.plan(params, request.content.schedule, token)


async def _send_with_retries(services: Services, work: _StartingRun) -> None:
    """Make the call. Where nothing arrived it is tried again for a while; where something may have, it is looked up."""
    began = services.clock.now()
    wait = 1.0
    while True:
        try:
            handle = await _call_backend(services, work)
        except (Unreachable, RateLimited) as error:
            if _retry_time_is_over(services, began, work.run):
                await _record_refused(services, work, f"{error} Nothing was started.")
                return
            await _reset_to_prepared(services, work, str(error))
            await asyncio.sleep(error.retry_after if isinstance(error, RateLimited) else wait)
            wait = min(wait * 2, 30.0)
        except Refused as error:
            await _record_refused(services, work, str(error))
            return
        except Conflict:
            # Somebody else has made this call, or is about to: what came of it is theirs to say.
            raise
        except BackendError as error:
            await _find_by_token(services, work, str(error))
            return
        except NightshiftError as error:
            await _record_refused(services, work, str(error))
            return
        else:
            await _record_started(services, work, handle)
            return


async def _call_backend(services: Services, work: _StartingRun) -> Handle:
    async with services.backends.require(work.request.content.backend).send_slots:
        async with services.db.write() as tx:
            marked = time.monotonic()
            await runs.transition_attempt(tx, work.plan.token, ["prepared"], "sent", sent_at=services.clock.now())
        failpoints.hit(failpoints.AFTER_SENT)
        # Not by the clock of the services, which may be put forward.
        if time.monotonic() - marked > MAX_SEND_DELAY_SECONDS:
            # The process stood still: others may have found that nothing arrived, and acted on that.
            raise Unreachable(work.request.content.backend, "The bot stood still before it could send this.")
        handle = await work.operation.start(work.plan)
        failpoints.hit(failpoints.AFTER_CALL)
        return handle


async def _reset_to_prepared(services: Services, work: _StartingRun, problem: str) -> None:
    async with services.db.write() as tx:
        await runs.transition_attempt(tx, work.plan.token, ["sent"], "prepared", problem=problem[:500])
    _log.info("nothing arrived; trying again", run=work.run.id, why=problem)


async def _find_by_token(services: Services, work: _StartingRun, why: str) -> None:
    """Find out by the token whether the call arrived. Where it cannot be told, people are asked."""
    deadline = services.settings.timing.find_seconds
    waited, wait = 0.0, 0.5
    problem = why
    while True:
        try:
            handle = await work.operation.find_started(work.plan)
        except BackendError as error:
            problem = str(error)
        else:
            if handle is not None:
                await _record_started(services, work, handle)
                return
        if waited >= deadline:
            break
        await asyncio.sleep(wait)
        waited += wait
        wait = min(wait * 2, 10.0)
    await _record_unknown(services, work, problem)


async def look_up_unknown_runs(services: Services) -> None:
    """Look once more for runs of unknown fate: what turns up in the back end is watched, and nobody need be asked."""
    since = services.clock.now() - UNKNOWN_LOOKUP_PERIOD
    async with services.db.read() as tx:
        unknown = await runs.in_state(tx, "unknown", MAX_UNKNOWN_PER_ROUND)
    for run in unknown:
        async with services.db.read() as tx:
            attempt = await runs.get_attempt(tx, run.token)
            request = await requests.get(tx, run.request_id)
        if attempt is None or attempt.sent_at is None or attempt.sent_at < since:
            continue
        plan = Plan.model_validate(attempt.plan)
        try:
            work = _StartingRun(
                run, request, services.backends.operation(request.content.backend, plan.operation), plan
            )
            handle = await work.operation.find_started(plan)
            if handle is not None:
                _log.info("a run of unknown fate was found", run=run.id, handle=handle.id)
                await _record_started(services, work, handle)
        except NightshiftError as error:
            _log.info("a run of unknown fate cannot be looked for", run=run.id, why=str(error))


async def _record_started(services: Services, work: _StartingRun, handle: Handle) -> None:
    now = services.clock.now()
    placed = handle.kind == "series" or (
        work.plan.placement.scheduler == "backend" and work.request.start_at is not None
    )
    state: RunState = "scheduled_in_backend" if placed else "running"
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx,
            work.plan.token,
            ["sent", "unknown"],
            "answered",
            handle=handle.model_dump(mode="json"),
            answered_at=now,
        )
        # Read again: another node may have called this unknown meanwhile, and the answer is the better knowledge.
        run = await runs.get(tx, work.run.id)
        run = await runs.transition(
            tx,
            run,
            state,
            handle=handle.model_dump(mode="json"),
            started_at=None if placed else now,
            problem="",
            poll_at=now,
        )
        await _sync_request_state(tx, services, work.request, run)
        data = {"run": run.id, "token": work.plan.token, "handle": handle.id}
        await audit.record(tx, now, "nightshift", "run.started", work.request.id, data)
    failpoints.hit(failpoints.AFTER_ANSWER)
    services.wake.sender.set()
    services.wake.wake_watchers()


async def _record_refused(services: Services, work: _StartingRun, problem: str) -> None:
    async with services.db.write() as tx:
        await runs.transition_attempt(tx, work.plan.token, ["sent", "prepared"], "refused", problem=problem[:500])
    await _finish(services, work.run, work.request, "failed", problem)


async def _record_unknown(services: Services, work: _StartingRun, problem: str) -> None:
    now = services.clock.now()
    text = (
        f"{problem} It was looked for as {work.plan.token} and not found, so it may or may not have started. "
        "Please look in the back end and say below which it is."
    )
    async with services.db.write() as tx:
        await runs.transition_attempt(tx, work.plan.token, ["sent"], "unknown", problem=problem[:500])
        run = await runs.transition(tx, work.run, "unknown", problem=text)
        await _sync_request_state(tx, services, work.request, run)
        data = {"run": run.id, "token": work.plan.token, "why": problem}
        await audit.record(tx, now, "nightshift", "run.unknown", work.request.id, data)
    services.wake.sender.set()


async def _finish(services: Services, run: Run, request: Request, state: RunState, problem: str) -> None:
    async with services.db.write() as tx:
        await finish_run(tx, services, run, request, state, problem=problem)
    services.wake.sender.set()


async def _sync_request_state(tx: Tx, services: Services, request: Request, run: Run) -> Request:
    """Let the request of a single run go where its run went, and have its cards brought up to date."""
    now = services.clock.now()
    request = await requests.get(tx, request.id)
    state = request.state if request.is_series and run.state != "unknown" else request_state_for_run(run.state)
    if request.is_series and run.state == "unknown":
        state = request.state
    if state != request.state and can_transition(request.state, state):
        changes: dict[str, Any] = {"outcome": run.problem}
        if state == "running":
            changes["started_at"] = run.started_at
        request = await requests.transition(tx, request, state, **changes)
    await messages.mark_dirty(tx, request.id, now)
    return request
