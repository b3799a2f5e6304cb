"""Cancels an approved request, a whole series included."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError

from bot.backends.base import Handle
from bot.errors import Conflict, NightshiftError, NotAllowed
from bot.requests.lifecycle import FINAL_RUN_STATES, FINAL_STATES, STATE_LABELS
from bot.requests.model import Person, Request, Run
from bot.requests.notify.events import Event
from bot.requests.notify.words import cancelled_text
from bot.requests.start_check import CANCEL_AGAIN, cancelled_by_person, is_cancelled_by_person
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.approvals.withdraw import withdraw
from bot.usecases.notifications import tell
from bot.usecases.planning import cancel_unsent_run
from bot.usecases.refusals import RefusalCode
from bot.usecases.runs.find_unknown import find_unknown_run
from bot.usecases.services import Services
from bot.values import JsonObject

_MAX_RUNS = 10_000
START_PATIENCE_SECONDS = 20.0
"""How long a cancellation waits for the answer to a call that is being made at this moment."""
_POLL_SECONDS = 0.2
_STATES_THAT_SHOW_ANSWERS = ("scheduled", "starting", "running", "cancelled", "withdrawn")
"""States in which the card shows what the back end has answered to a cancellation."""
_log = structlog.get_logger(__name__)
_NOT_STARTED_TEXT = "Cancelled before it started."


@dataclass(frozen=True, slots=True)
class _BackendAnswers:
    """What the back end said to each cancellation, and what could not be cancelled; a sentence each."""

    answers: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


async def cancel(services: Services, request_id: str, person: Person) -> str:
    """Cancel a request, or withdraw it if it is not decided yet.

    Nightshift first stops what it would start itself, whatever the back end answers, and then asks the back end to
    cancel what runs there. Returns both results as sentences. Raises Conflict or NotAllowed.
    """
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    if request.state == "awaiting_approval":
        return await withdraw_and_stop(services, request_id, person)
    await _check_may_cancel(services, request, person)
    remaining = await _stop_locally(services, request_id, person)
    services.wake.sender.set()
    if not remaining:
        return f"{request.name}: cancelled."
    result = await _stop_remotely(services, request, person, remaining)
    if not result.failures:
        return " ".join([f"{request.name}: cancelling.", *result.answers])
    stopped = f"{request.name}: no further run will start." if _is_local_series(request) else f"{request.name}:"
    return " ".join([stopped, *result.answers, *result.failures, _retry_text(services, request, remaining)])


async def withdraw_and_stop(services: Services, request_id: str, person: Person) -> str:
    """Withdraw a request, and cancel what still runs of a series that was to be approved again.

    Returns both results as sentences. Raises Conflict or NotAllowed.
    """
    text = await withdraw(services, request_id, person)
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        remaining = [run for run in await runs.of_request(tx, request_id) if run.state not in FINAL_RUN_STATES]
    if not remaining:
        return text
    result = await _stop_remotely(services, request, person, remaining)
    retry = [_retry_text(services, request, remaining)] if result.failures else []
    return " ".join([text, *result.answers, *result.failures, *retry])


def _retry_text(services: Services, request: Request, remaining: Sequence[Run]) -> str:
    """Return who asks the back end again. A start that only the back end can cancel is remembered."""
    backend = services.backends.get(request.content.backend)
    operation = backend.connection.operations.get(request.content.operation) if backend is not None else None
    is_remembered = all(run.state == "scheduled_in_backend" for run in remaining)
    if operation is not None and is_remembered:
        return "Nightshift asks again every minute until that is confirmed."
    return f"Try again with /nightshift cancel {request.name}."


async def _stop_remotely(
    services: Services, request: Request, person: Person, remaining: Sequence[Run]
) -> _BackendAnswers:
    """Ask the back end to cancel runs, and record its answers."""
    known = [await _settled(services, run) for run in remaining]
    result = await _stop_in_backend(services, request, known)
    try:
        await _record_backend_answers(services, request.id, person, remaining, result)
    except DBAPIError as error:
        _log.warning("answers to a cancellation not recorded", request=request.name, error=str(error.orig))
        result.failures.append("The database does not answer, so this was not recorded.")
    services.wake.sender.set()
    services.wake.wake_watchers()
    return result


async def _settled(services: Services, run: Run) -> Run:
    """Return a run once its call was answered, or after a while. One of unknown outcome is looked for."""
    deadline = time.monotonic() + START_PATIENCE_SECONDS
    while run.state == "starting" and time.monotonic() < deadline:
        await asyncio.sleep(_POLL_SECONDS)
        async with services.db.read() as tx:
            run = await runs.get(tx, run.id)
    if run.state != "unknown":
        return run
    try:
        await find_unknown_run(services, run)
    except NightshiftError as error:
        _log.info("unknown run not found", run_id=run.id, why=str(error))
    async with services.db.read() as tx:
        return await runs.get(tx, run.id)


async def _check_may_cancel(services: Services, request: Request, person: Person) -> None:
    if person == request.requester:
        return
    permission = await services.approvals.can_manage(request, person)
    if not permission.allowed:
        text = f"Only the requester and the approvers can cancel this. {permission.reason}"
        raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)


async def _stop_locally(services: Services, request_id: str, person: Person) -> list[Run]:
    """Prevent the start of everything that was not sent yet. Returns the runs that only the back end can cancel.

    Raises Conflict if there is nothing to cancel.
    """
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        all_runs = await runs.of_request(tx, request_id, limit=_MAX_RUNS)
        open_runs = [run for run in all_runs if run.state not in FINAL_RUN_STATES]
        pause = await pauses.of_series(tx, request.id) if request.state not in FINAL_STATES else None
        if not open_runs and pause is None:
            text = f"{request.name} is already over: {STATE_LABELS[request.state].lower()}."
            raise Conflict(text, code=RefusalCode.ALREADY_OVER)
        remaining = [run for run in open_runs if not await cancel_unsent_run(tx, run, now, _NOT_STARTED_TEXT)]
        remaining = [await _remember(tx, request, run, now) for run in remaining]
        if request.state not in FINAL_STATES and (not remaining or _is_local_series(request)):
            outcome = "Cancelled. No further run will start." if remaining or pause else _NOT_STARTED_TEXT
            request = await requests.transition(tx, request, "cancelled", finished_at=now, outcome=outcome)
            if pause is not None:
                await pauses.end(tx, pause, now)
        data: JsonObject = {"stopped": len(open_runs) - len(remaining), "remaining": [run.id for run in remaining]}
        await audit.record(tx, now, person.key, "request.cancelled", request.id, data)
        text = cancelled_text(request, is_over=request.state in FINAL_STATES)
        await tell(tx, services, request, Event.CANCELLED, text, key=person.user, by=person)
        await messages.mark_dirty(tx, request.id, now)
    return remaining


async def _remember(tx: Tx, request: Request, run: Run, now: datetime) -> Run:
    """Remember that a start is cancelled that only the back end can cancel: it is asked until it has done so."""
    if run.state != "scheduled_in_backend" or is_cancelled_by_person(run.start_check):
        return run
    check = cancelled_by_person(request.name)
    return await runs.transition(tx, run, run.state, start_check=check, check_at=now + CANCEL_AGAIN)


async def _stop_in_backend(services: Services, request: Request, remaining: Sequence[Run]) -> _BackendAnswers:
    result = _BackendAnswers()
    series_is_cancelled = False
    # The series first: cancelling only its present run would let the next one come.
    for run in sorted(remaining, key=lambda run: run.number):
        if series_is_cancelled and run.state == "scheduled_in_backend":
            # The back end cancels it with its series.
            continue
        if run.state in FINAL_RUN_STATES:
            result.answers.append("The present run has ended meanwhile.")
        elif run.state == "starting":
            result.failures.append("The present run is just being started and was not stopped.")
        elif run.handle:
            try:
                operation = services.backends.operation(request.content.backend, request.content.operation)
                result.answers.append(await operation.cancel(Handle.model_validate(run.handle)))
                series_is_cancelled |= run.handle.get("kind") == "series"
            except NightshiftError as error:
                subject = "The series" if run.handle.get("kind") == "series" else "The present run"
                result.failures.append(f"{subject} could not be cancelled: {error}")
        else:
            result.failures.append(
                "It is not known whether the present run started, so it was not cancelled. "
                "If it did not run, “It did not run” on the card ends it."
            )
    return result


async def _record_backend_answers(
    services: Services, request_id: str, person: Person, remaining: Sequence[Run], result: _BackendAnswers
) -> None:
    """Record what the back end answered. A series that it keeps is over only once it has said so."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        outcome = " ".join([*result.answers, *result.failures])
        if request.is_series and request.state not in FINAL_STATES and not result.failures:
            await requests.transition(tx, request, "cancelled", finished_at=now, outcome=outcome)
            if pause := await pauses.of_series(tx, request.id):
                await pauses.end(tx, pause, now)
        elif request.state in _STATES_THAT_SHOW_ANSWERS:
            await requests.transition(tx, request, request.state, outcome=outcome)
        data: JsonObject = {
            "runs": [run.id for run in remaining],
            "answers": result.answers,
            "failures": result.failures,
        }
        await audit.record(tx, now, person.key, "request.cancelled_in_backend", request.id, data)
        await messages.mark_dirty(tx, request.id, now)


def _is_local_series(request: Request) -> bool:
    """Return whether Nightshift keeps the time of a series, so that stopping it locally stops every further run."""
    return request.is_series and request.scheduler == "nightshift"
