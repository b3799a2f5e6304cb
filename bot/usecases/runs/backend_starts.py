"""Checks a start that a back end makes by itself, shortly before it, and cancels it there if it may not happen.

Each step is recorded before the next: what was to be cancelled before a crash is cancelled after it, and what has
passed is not checked again. Only the one start is cancelled, never the series.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot import failpoints
from bot.backends.base import Handle, Operation, Params
from bot.errors import (
    BackendError,
    BadResponse,
    Conflict,
    ContentAltered,
    InputError,
    NightshiftError,
    RateLimited,
    Unreachable,
)
from bot.ids import new_id
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Request, Run
from bot.requests.start_check import (
    CANCEL_AHEAD,
    CheckOutcome,
    StartCheck,
    check_time,
    is_being_cancelled,
    is_cancelled_by_person,
    must_cancel,
    recheck_time,
)
from bot.schedule import ZonedTime
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.approvals.reopen import reopen_for_approval
from bot.usecases.integrity import load_intact, stop_altered_request
from bot.usecases.pauses.take_out import take_out_of_backend
from bot.usecases.runs.admission import Obstacle, ObstacleCode, ask_for_another_requester, check_start, end_run
from bot.usecases.runs.cancel_again import cancel_again
from bot.usecases.runs.finish import finish_run
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def check_backend_start(services: Services, run: Run) -> None:
    """Check the next start of a run that a back end keeps, or carry on with a check that was interrupted.

    Raises Conflict if the run has changed meanwhile.
    """
    request = await _load_request(services, run)
    operation, _ = _remote(services, run, request)
    if operation.owns_schedule:
        await cancel_again(services, run, request)
    elif (run.handle or {}).get("kind") == "series":
        await _announce_next_run(services, run, request)
    elif run.start_check is not None and is_being_cancelled(run.start_check):
        await _cancel_there(services, run, request, run.start_check, None)
    else:
        await _check(services, run, request)


async def _load_request(services: Services, run: Run) -> Request:
    """Return the request of a run. One whose content is not what was signed is over from now on."""
    async with services.db.read() as tx:
        request = await requests.get(tx, run.request_id)
        try:
            if request.state not in FINAL_STATES:
                await load_intact(tx, run.request_id)
            return request
        except ContentAltered:
            _log.info("start of altered content is cancelled", run_id=run.id)
    await stop_altered_request(services, run.request_id)
    async with services.db.read() as tx:
        return await requests.get(tx, run.request_id)


async def _announce_next_run(services: Services, series: Run, request: Request) -> None:
    """Store the next run of a series, so that it is checked. A series that is over or that a person has cancelled is
    cancelled there, and one that is paused is taken out of its back end."""
    operation, handle = _remote(services, series, request)
    if request.state in FINAL_STATES or is_cancelled_by_person(series.start_check):
        await _end_series_there(services, series, request)
        return
    async with services.db.read() as tx:
        pause = await pauses.of_series(tx, request.id)
    if pause is not None:
        # If its back end does not confirm that, it is tried once more when the claim runs out.
        if problem := await take_out_of_backend(services, request, series):
            _log.warning("paused series not taken out", run_id=series.id, why=problem)
        return
    try:
        planned = await operation.planned_start(handle)
    except NightshiftError as error:
        await _wait(services, series, request, str(error))
        return
    now = services.clock.now()
    if planned is None and series.starts_at is not None and series.starts_at > now:
        system = services.backends.require(request.content.backend).connection.title
        await _wait(services, series, request, f"{system} shows nothing that it will start then.")
        return
    async with services.db.write() as tx:
        current = await _unchanged(tx, series)
        await _check_not_ended(tx, request)
        if planned is not None and check_time(planned.starts_at) > now:
            check_at, starts_at = check_time(planned.starts_at), planned.starts_at
            await runs.transition(
                tx, current, current.state, check_at=check_at, starts_at=starts_at, problem="", start_check=None
            )
            return
        await runs.transition(tx, current, current.state, check_at=None, problem="", start_check=None)
        known = await runs.handles_of(tx, request.id)
        # A run and a series may have the same id.
        known_ids = {handle["id"] for _, handle in known if handle and handle["kind"] == "run"}
        if planned is None or planned.handle.id in known_ids:
            return
        run = Run(
            id=new_id("n"),
            request_id=request.id,
            number=max(number for number, _ in known) + 1,
            state="scheduled_in_backend",
            version=1,
            handle=planned.handle.model_dump(mode="json"),
            starts_at=planned.starts_at,
        )
        await runs.add(tx, run, request.content.backend, request.content.operation, check_at=now)
        await messages.mark_dirty(tx, request.id, now)


async def _end_series_there(services: Services, series: Run, request: Request) -> None:
    """Cancel a series in its back end. People are told if it does not let that happen, and it is tried again."""
    operation, handle = _remote(services, series, request)
    check = series.start_check
    by_person = check if is_cancelled_by_person(check) else None
    try:
        await operation.cancel(handle)
    except NightshiftError as error:
        if by_person is not None:
            await _record_unconfirmed(services, series, request, by_person, str(error))
        else:
            await _wait(services, series, request, str(error))
        return
    problem = by_person.text if by_person is not None else f"{request.name} is over."
    async with services.db.write() as tx:
        await finish_run(tx, services, series, request, "cancelled", problem=problem)
    services.wake.sender.set()


async def _check(services: Services, run: Run, request: Request) -> None:
    starts_at = run.starts_at
    assert starts_at is not None
    if services.clock.now() >= starts_at and not await _still_waits(services, run, request):
        # The poll finds it started, and its card says that it was not checked.
        async with services.db.write() as tx:
            await runs.transition(tx, await _unchanged(tx, run), run.state, check_at=None)
        return
    obstacle, notes = await check_start(services, run, request, starts_at)
    failpoints.hit(failpoints.BEFORE_START_CHECKED)
    if obstacle is None:
        await _record_passed(services, run, request, notes)
    elif _only_waits(obstacle) and not must_cancel(starts_at, services.clock.now()):
        await _wait(services, run, request, obstacle.text)
    else:
        check = StartCheck(state="cancelling", outcome=_outcome(obstacle), code=str(obstacle.code), text=obstacle.text)
        async with services.db.write() as tx:
            run = await runs.transition(tx, await _unchanged(tx, run), run.state, start_check=check)
        await _cancel_there(services, run, request, check, obstacle)


async def _unchanged(tx: Tx, run: Run) -> Run:
    """Return a run as it is stored now: a poll may have changed its progress.

    Raises Conflict if its start was moved, or another node goes on with the check.
    """
    current = await runs.get(tx, run.id)
    if (current.state, current.starts_at, current.start_check) != (run.state, run.starts_at, run.start_check):
        raise Conflict("The start of this run has changed in the meantime.")
    return current


async def _check_not_ended(tx: Tx, request: Request) -> None:
    """Raise Conflict if a request has ended since it was read: its series must be cancelled now, not before its next
    run."""
    if request.state not in FINAL_STATES and (await requests.get(tx, request.id)).state in FINAL_STATES:
        raise Conflict(f"{request.name} has ended in the meantime.")


async def _still_waits(services: Services, run: Run, request: Request, *, if_unknown: bool = True) -> bool:
    operation, handle = _remote(services, run, request)
    try:
        return await _state_there(operation, handle) == "waiting"
    except BackendError:
        return if_unknown


def _only_waits(obstacle: Obstacle) -> bool:
    """Return whether a start may happen later as it is: a pause holds it, or nobody can tell whether it may."""
    return obstacle.waits or obstacle.pause is not None


def _outcome(obstacle: Obstacle) -> CheckOutcome:
    return "wait" if _only_waits(obstacle) else "refuse" if obstacle.final_state else "ask"


async def _record_passed(services: Services, run: Run, request: Request, notes: tuple[str, ...]) -> None:
    """Record that a start may happen. Raises BudgetUsedUp, a Conflict, if another one has used the last of a budget."""
    now = services.clock.now()
    async with services.db.write() as tx:
        current = await requests.get(tx, request.id, for_update=True)
        run = await _unchanged(tx, run)
        assert run.starts_at is not None
        await services.policy.budgets.require_left(tx, current, run, run.starts_at)
        await runs.transition(tx, run, run.state, start_check=StartCheck(state="passed"), check_at=None, problem="")
        if current.start_notes != notes:
            await requests.transition(tx, current, current.state, start_notes=notes)
        data = {"run": run.id, "start": _iso(run), "notes": list(notes)}
        await audit.record(tx, now, "nightshift", "run.start_checked", request.id, data)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()


async def _wait(services: Services, run: Run, request: Request, why: str) -> None:
    """Check again after a while. People are told when it gets too late to cancel what cannot be checked."""
    assert run.starts_at is not None
    now, interval = services.clock.now(), timedelta(seconds=services.settings.timing.recheck_seconds)
    is_late = must_cancel(run.starts_at, now)
    was_told = run.start_check is not None and run.start_check.told
    check = StartCheck(state="waiting", outcome="wait", text=why, told=is_late)
    until = ZonedTime.from_instant(run.starts_at - CANCEL_AHEAD, request.zone).local
    problem = why if is_late else f"{why} Its start is checked again until {until:%d %b %H:%M %Z}."
    async with services.db.write() as tx:
        await _check_not_ended(tx, request)
        recheck_at = recheck_time(run.starts_at, now, interval)
        await runs.transition(
            tx, await _unchanged(tx, run), run.state, start_check=check, check_at=recheck_at, problem=problem
        )
        if is_late and not was_told:
            await _tell(tx, services, run, request, f"unchecked: it could be neither checked nor cancelled. {why}")
        if run.problem != problem:
            await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()


async def _cancel_there(
    services: Services, run: Run, request: Request, check: StartCheck, obstacle: Obstacle | None
) -> None:
    """Cancel one start in the back end, and record what follows once the back end confirms it."""
    operation, handle = _remote(services, run, request)
    system = services.backends.require(request.content.backend).connection.title
    try:
        if await _state_there(operation, handle) == "waiting":
            run, check = await _record_asked(services, run, check, asked=True)
            await operation.cancel(handle)
        state = await _state_there(operation, handle)
    except BackendError as error:
        if await _still_waits(services, run, request, if_unknown=False):
            run, check = await _record_asked(services, run, check, asked=False)
        await _record_unconfirmed(services, run, request, check, str(error))
        return
    failpoints.hit(failpoints.AFTER_START_CANCELLED)
    if state != "cancelled":
        await _record_unconfirmed(services, run, request, check, f"{system} says that it is {state}.")
        return
    if not check.asked and check.code != ObstacleCode.CANCELLED:
        text = f"Cancelled in {system}, not by Nightshift."
        await end_run(services, run, request, "cancelled", Obstacle(ObstacleCode.CANCELLED, text))
        return
    data = {"run": run.id, "start": _iso(run), "outcome": str(check.outcome), "code": check.code, "why": check.text}
    async with services.db.write() as tx:
        run = await _unchanged(tx, run)
        await audit.record(tx, services.clock.now(), "nightshift", "run.start_cancelled", request.id, data)
    if check.outcome == "wait":
        await _start_from_here(services, run, request, check.text)
    else:
        obstacle = obstacle or await _obstacle_again(services, run, request, check)
        await _record_not_started(services, run, request, obstacle)
    services.wake.sender.set()


async def _record_asked(services: Services, run: Run, check: StartCheck, *, asked: bool) -> tuple[Run, StartCheck]:
    """Record whether the back end may have been asked to cancel a start: what a person cancels there is over."""
    check = check.model_copy(update={"asked": asked})
    async with services.db.write() as tx:
        return await runs.transition(tx, await _unchanged(tx, run), run.state, start_check=check), check


async def _record_not_started(services: Services, run: Run, request: Request, obstacle: Obstacle) -> None:
    """Record why a start was cancelled, and put the request before its approvers if that lets the next one start."""
    if obstacle.final_state is not None:
        await end_run(services, run, request, obstacle.final_state, obstacle)
        return
    if obstacle.code is ObstacleCode.AUTHOR_LEFT:
        await ask_for_another_requester(services, run, request, obstacle)
        return
    try:
        await reopen_for_approval(services, run, request, obstacle.code, obstacle.text, obstacle.preflight)
    except InputError as error:
        # Nobody could approve what it would do now, or policy refuses that.
        await end_run(services, run, request, "missed", replace(obstacle, text=f"{obstacle.text} {error}"))
    except (Unreachable, BadResponse, RateLimited) as error:
        # Its card cannot be filled in yet. It is cancelled already, so there is time.
        _log.info("not put before its approvers yet", run_id=run.id, why=str(error))


async def _obstacle_again(services: Services, run: Run, request: Request, check: StartCheck) -> Obstacle:
    """Return why a start was cancelled, after a restart: with what the request would do now, if that can be told."""
    known = Obstacle(ObstacleCode(check.code), check.text)
    if known.final_state is not None or run.starts_at is None:
        return known
    found, _ = await check_start(services, run, request, run.starts_at)
    return known if found is None or _only_waits(found) else found


async def _state_there(operation: Operation[Params], handle: Handle) -> str:
    progress = (await operation.poll([handle])).get(handle.id)
    return progress.state if progress is not None else "not known"


async def _record_unconfirmed(services: Services, run: Run, request: Request, check: StartCheck, why: str) -> None:
    """Tell people once that a start could not be cancelled, and try again after a while."""
    now, interval = services.clock.now(), timedelta(seconds=services.settings.timing.recheck_seconds)
    async with services.db.write() as tx:
        told = check.model_copy(update={"told": True})
        problem = f"{check.text} It could not be cancelled yet: {why}"
        await runs.transition(
            tx, await _unchanged(tx, run), run.state, start_check=told, check_at=now + interval, problem=problem
        )
        if not check.told:
            doubt = f"although it should not: it is not confirmed that this start is cancelled. {check.text} {why}"
            await _tell(tx, services, run, request, doubt)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()


async def _tell(tx: Tx, services: Services, run: Run, request: Request, how: str) -> None:
    """Tell the requester and the admins that a start may happen as nobody wants it, and ``how``."""
    assert run.starts_at is not None
    system = services.backends.require(request.content.backend).connection.title
    start = ZonedTime.from_instant(run.starts_at, request.zone).local
    text = f"{request.name} may start in {system} at {start:%d %b %H:%M %Z} {how}"
    for recipient in (request.requester.user, services.settings.channels.admin):
        if recipient:
            dedupe = f"unconfirmed:{run.id}:{_iso(run)}:{recipient}"
            await messages.add(
                tx, services.clock.now(), "note", recipient, request.id, facts={"text": text}, dedupe=dedupe
            )


async def _start_from_here(services: Services, run: Run, request: Request, why: str) -> None:
    """Let Nightshift make a start that was cancelled in the back end, because it could not be checked in time."""
    assert run.starts_at is not None
    now = services.clock.now()
    system = services.backends.require(request.content.backend).connection.title
    text = f"Cancelled in {system}; Nightshift makes this start instead. {why}"
    async with services.db.write() as tx:
        run = await _unchanged(tx, run)
        await runs.transition(tx, run, "cancelled", finished_at=now, problem=text, check_at=None)
        current = await requests.get(tx, request.id)
        if not request.is_series:
            current = await requests.transition(
                tx, current, current.state, scheduler="nightshift", scheduler_reason=text
            )
        newest = (await runs.of_request(tx, request.id, limit=1))[0]
        start = Run(
            id=new_id("n"),
            request_id=request.id,
            number=newest.number + 1,
            state="pending",
            version=1,
            due_at=run.starts_at,
            latest_start=await _latest_start(tx, services, run, request),
        )
        await runs.add(tx, start, request.content.backend, request.content.operation)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.scheduler.set()


async def _latest_start(tx: Tx, services: Services, run: Run, request: Request) -> datetime | None:
    """Return the latest start of a run. In a series it is never after the next run is due."""
    series = await runs.series_of(tx, request.id)
    if series is None or run.starts_at is None:
        return request.latest_start
    latest = run.starts_at + timedelta(minutes=services.settings.timing.grace_minutes)
    following = series.starts_at
    return min(latest, following) if following is not None and following > run.starts_at else latest


def _remote(services: Services, run: Run, request: Request) -> tuple[Operation[Params], Handle]:
    operation = services.backends.operation(request.content.backend, request.content.operation)
    return operation, Handle.model_validate(run.handle)


def _iso(run: Run) -> str:
    return run.starts_at.isoformat() if run.starts_at else ""
