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

from bot import crashpoints
from bot.backends.base import Handle, Operation, Plan
from bot.errors import (
    BackendError,
    Conflict,
    Faulty,
    InputError,
    NightshiftError,
    NotFound,
    Refused,
    Throttled,
    Unreachable,
)
from bot.ids import new_token
from bot.requests.lifecycle import FINAL, may_follow, state_of_single
from bot.requests.model import Request, Run, RunState
from bot.schedule import Moment
from bot.storage import audit, messages, requests, runs
from bot.storage.database import Tx
from bot.storage.runs import Attempt
from bot.usecases.ask_again import ask_again, renewal
from bot.usecases.finish import finish_run, next_of_series, plan_runs
from bot.usecases.services import Services

JOB = "dispatch"
KEEP_LOOKING = timedelta(days=1)
MOST_UNKNOWN = 50
"""Runs of unknown fate that are looked for in one round, and how long after they were sent."""
_log = structlog.get_logger(__name__)
STALE_SECONDS = 5.0
"""How old the mark may be with which a call leaves."""
_DATABASE_WAITS = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class _Work:
    """A run that is being started, with what it takes."""

    run: Run
    request: Request
    operation: Operation[Any]
    plan: Plan


async def dispatch(app: Services, run_id: str) -> None:
    """Bring a run to where its fate is known. Safe to call again at any time; waits out a database that is away."""
    tries = 0
    while True:
        try:
            await _dispatch(app, run_id)
            return
        except DBAPIError as error:
            wait = _DATABASE_WAITS[min(tries, len(_DATABASE_WAITS) - 1)]
            tries += 1
            _log.warning("the database is away; trying again", run=run_id, seconds=wait, error=str(error.orig))
            await asyncio.sleep(wait)
        except Conflict as conflict:
            _log.info("somebody else carried this run on", run=run_id, why=str(conflict))
            return


async def _dispatch(app: Services, run_id: str) -> None:
    async with app.db.read() as tx:
        run = await runs.get(tx, run_id)
        request = await requests.get(tx, run.request_id)
        attempt = await runs.attempt_of(tx, run.token) if run.token else None
    if run.state == "held":
        work = await _begin(app, run, request)
        if work is not None:
            await _send(app, work)
    elif run.state == "starting" and attempt is not None:
        plan = Plan.model_validate(attempt.plan)
        work = _Work(run, request, app.operation(request.content.backend, plan.operation), plan)
        if attempt.state == "prepared":
            await _send(app, work)
        elif attempt.state == "sent":
            await _look_up(app, work, "The bot was stopped while this was being sent")


async def _begin(app: Services, run: Run, request: Request) -> _Work | None:
    """Check once more that this may start, and store what will be sent."""
    now = app.clock.now()
    if request.state in FINAL:
        await _end(app, run, request, "cancelled", f"{request.name} was over before this run's time came.")
        return None
    if run.latest_start is not None and now > run.latest_start:
        late = f"Missed: it could not start before {Moment.at(run.latest_start, request.zone).local:%d %b %H:%M %Z}."
        await _end(app, run, request, "missed", late)
        return None
    frozen = await app.rights.frozen_now(app, request)
    if frozen:
        await _end(app, run, request, "missed", f"Not started: {frozen}")
        return None
    again = await app.rights.lapsed(app, request) or await renewal(app, run, request)
    if again:
        await ask_again(app, run, request, again)
        return None
    try:
        operation = app.operation(request.content.backend, request.content.operation)
        await _ready(app, operation, run)
        plan = _plan(operation, run, request, new_token())
    except (NotFound, InputError, BackendError) as error:
        await _end(app, run, request, "failed", str(error))
        return None
    if _must_hold(plan, run, request, now):
        await _hold(app, run, request, plan.placement.reason)
        return None
    crashpoints.reach(crashpoints.BEFORE_PREPARE)
    async with app.db.write() as tx:
        run = await runs.move(tx, run, "starting", token=plan.token, problem="")
        await runs.prepare(
            tx,
            Attempt(
                token=plan.token, run_id=run.id, state="prepared", plan=plan.model_dump(mode="json"), created_at=now
            ),
        )
        request = await _follow(tx, app, request, run)
        await next_of_series(tx, request, run, app.settings.timing.grace_minutes)
        await audit.record(tx, now, "nightshift", "run.prepared", request.id, {"run": run.id, "token": plan.token})
    app.nudges.sender.set()
    crashpoints.reach(crashpoints.AFTER_PREPARE)
    return _Work(run, request, operation, plan)


async def _ready(app: Services, operation: Operation[Any], run: Run) -> None:
    """Let the operation learn what its plan depends on. Raises BackendError where that fails for too long."""
    began, wait = app.clock.now(), 1.0
    while True:
        try:
            await operation.ready()
            return
        except (Unreachable, Faulty, Throttled) as error:
            if _given_up(app, began, run):
                raise
            _log.info("the back end cannot be asked before the start; trying again", run=run.id, why=str(error))
        await asyncio.sleep(wait)
        wait = min(wait * 2, 30.0)


def _given_up(app: Services, began: datetime, run: Run) -> bool:
    """Whether a back end has been away for too long, or the latest start has passed meanwhile."""
    now = app.clock.now()
    too_late = run.latest_start is not None and now > run.latest_start
    return too_late or now - began > timedelta(seconds=app.settings.timing.connect_seconds)


def _must_hold(plan: Plan, run: Run, request: Request, now: datetime) -> bool:
    """The back end was to hold the schedule, but can do so no longer (its start is too near, say)."""
    if request.held_by != "backend" or plan.placement.holder != "nightshift" or run.due_at is not None:
        return False
    return request.is_series or (request.start_at is not None and request.start_at > now)


async def _hold(app: Services, run: Run, request: Request, why: str) -> None:
    """Nightshift holds the schedule instead of the back end."""
    now = app.clock.now()
    async with app.db.write() as tx:
        request = await requests.get(tx, request.id)
        request = await requests.move(tx, request, request.state, held_by="nightshift", holding=why)
        await runs.move(tx, run, "cancelled", finished_at=now, problem=why)
        await plan_runs(tx, now, request, app.settings.timing.grace_minutes)
        await messages.touch(tx, request.id, now)
    app.nudges.sender.set()
    app.nudges.timekeeper.set()


def _plan(operation: Operation[Any], run: Run, request: Request, token: str) -> Plan:
    params = operation.params.model_validate(request.content.params)
    if request.held_by == "nightshift" and run.due_at is not None:
        due = Moment.at(run.due_at, request.zone)
        return operation.occurrence(params, request.content.schedule, due, token)
    return operation.plan(params, request.content.schedule, token)


async def _send(app: Services, work: _Work) -> None:
    """Make the call. Where nothing arrived it is tried again for a while; where something may have, it is looked up."""
    began = app.clock.now()
    wait = 1.0
    while True:
        try:
            handle = await _call(app, work)
        except (Unreachable, Throttled) as error:
            if _given_up(app, began, work.run):
                await _refused(app, work, f"{error} Nothing was started.")
                return
            await _back_to_prepared(app, work, str(error))
            await asyncio.sleep(error.retry_after if isinstance(error, Throttled) else wait)
            wait = min(wait * 2, 30.0)
        except Refused as error:
            await _refused(app, work, str(error))
            return
        except Conflict:
            # Somebody else has made this call, or is about to: what came of it is theirs to say.
            raise
        except BackendError as error:
            await _look_up(app, work, str(error))
            return
        except NightshiftError as error:
            await _refused(app, work, str(error))
            return
        else:
            await _started(app, work, handle)
            return


async def _call(app: Services, work: _Work) -> Handle:
    async with app.backend(work.request.content.backend).sending:
        async with app.db.write() as tx:
            marked = time.monotonic()
            await runs.mark(tx, work.plan.token, ["prepared"], "sent", sent_at=app.clock.now())
        crashpoints.reach(crashpoints.AFTER_SENT)
        # Not by the clock of the services, which may be put forward.
        if time.monotonic() - marked > STALE_SECONDS:
            # The process stood still: others may have found that nothing arrived, and acted on that.
            raise Unreachable(work.request.content.backend, "The bot stood still before it could send this.")
        handle = await work.operation.start(work.plan)
        crashpoints.reach(crashpoints.AFTER_CALL)
        return handle


async def _back_to_prepared(app: Services, work: _Work, problem: str) -> None:
    async with app.db.write() as tx:
        await runs.mark(tx, work.plan.token, ["sent"], "prepared", problem=problem[:500])
    _log.info("nothing arrived; trying again", run=work.run.id, why=problem)


async def _look_up(app: Services, work: _Work, why: str) -> None:
    """Find out by the token whether the call arrived. Where it cannot be told, people are asked."""
    deadline = app.settings.timing.find_seconds
    waited, wait = 0.0, 0.5
    problem = why
    while True:
        try:
            handle = await work.operation.find(work.plan)
        except BackendError as error:
            problem = str(error)
        else:
            if handle is not None:
                await _started(app, work, handle)
                return
        if waited >= deadline:
            break
        await asyncio.sleep(wait)
        waited += wait
        wait = min(wait * 2, 10.0)
    await _unknown(app, work, problem)


async def find_unknown(app: Services) -> None:
    """Look once more for runs of unknown fate: what turns up in the back end is watched, and nobody need be asked."""
    since = app.clock.now() - KEEP_LOOKING
    async with app.db.read() as tx:
        unknown = await runs.in_state(tx, "unknown", MOST_UNKNOWN)
    for run in unknown:
        async with app.db.read() as tx:
            attempt = await runs.attempt_of(tx, run.token)
            request = await requests.get(tx, run.request_id)
        if attempt is None or attempt.sent_at is None or attempt.sent_at < since:
            continue
        plan = Plan.model_validate(attempt.plan)
        try:
            work = _Work(run, request, app.operation(request.content.backend, plan.operation), plan)
            handle = await work.operation.find(plan)
            if handle is not None:
                _log.info("a run of unknown fate was found", run=run.id, handle=handle.id)
                await _started(app, work, handle)
        except NightshiftError as error:
            _log.info("a run of unknown fate cannot be looked for", run=run.id, why=str(error))


async def _started(app: Services, work: _Work, handle: Handle) -> None:
    now = app.clock.now()
    placed = handle.kind == "series" or (work.plan.placement.holder == "backend" and work.request.start_at is not None)
    state: RunState = "placed" if placed else "running"
    async with app.db.write() as tx:
        await runs.mark(
            tx,
            work.plan.token,
            ["sent", "unknown"],
            "answered",
            handle=handle.model_dump(mode="json"),
            answered_at=now,
        )
        # Read again: another node may have called this unknown meanwhile, and the answer is the better knowledge.
        run = await runs.get(tx, work.run.id)
        run = await runs.move(
            tx,
            run,
            state,
            handle=handle.model_dump(mode="json"),
            started_at=None if placed else now,
            problem="",
            poll_at=now,
        )
        await _follow(tx, app, work.request, run)
        data = {"run": run.id, "token": work.plan.token, "handle": handle.id}
        await audit.record(tx, now, "nightshift", "run.started", work.request.id, data)
    crashpoints.reach(crashpoints.AFTER_ANSWER)
    app.nudges.sender.set()
    app.nudges.watch()


async def _refused(app: Services, work: _Work, problem: str) -> None:
    async with app.db.write() as tx:
        await runs.mark(tx, work.plan.token, ["sent", "prepared"], "refused", problem=problem[:500])
    await _end(app, work.run, work.request, "failed", problem)


async def _unknown(app: Services, work: _Work, problem: str) -> None:
    now = app.clock.now()
    text = (
        f"{problem} It was looked for as {work.plan.token} and not found, so it may or may not have started. "
        "Please look in the back end and say below which it is."
    )
    async with app.db.write() as tx:
        await runs.mark(tx, work.plan.token, ["sent"], "unknown", problem=problem[:500])
        run = await runs.move(tx, work.run, "unknown", problem=text)
        await _follow(tx, app, work.request, run)
        data = {"run": run.id, "token": work.plan.token, "why": problem}
        await audit.record(tx, now, "nightshift", "run.unknown", work.request.id, data)
    app.nudges.sender.set()


async def _end(app: Services, run: Run, request: Request, state: RunState, problem: str) -> None:
    async with app.db.write() as tx:
        await finish_run(tx, app, run, request, state, problem=problem)
    app.nudges.sender.set()


async def _follow(tx: Tx, app: Services, request: Request, run: Run) -> Request:
    """Let the request of a single run go where its run went, and have its cards brought up to date."""
    now = app.clock.now()
    request = await requests.get(tx, request.id)
    state = request.state if request.is_series and run.state != "unknown" else state_of_single(run.state)
    if request.is_series and run.state == "unknown":
        state = request.state
    if state != request.state and may_follow(request.state, state):
        changes: dict[str, Any] = {"outcome": run.problem}
        if state == "running":
            changes["started_at"] = run.started_at
        request = await requests.move(tx, request, state, **changes)
    await messages.touch(tx, request.id, now)
    return request
