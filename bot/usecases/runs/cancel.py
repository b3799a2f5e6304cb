"""Stopping a request: withdrawing it before it is decided, cancelling it afterwards."""

from collections.abc import Sequence
from datetime import datetime

from bot.backends.base import Handle
from bot.errors import BackendError, Conflict, NightshiftError, NotAllowed
from bot.requests.lifecycle import FINAL_RUN_STATES, FINAL_STATES, STATE_LABELS
from bot.requests.model import Person, Request, Run
from bot.storage import audit, messages, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.services import Services


async def withdraw(services: Services, request_id: str, person: Person) -> str:
    """Take a request back before it is decided. Raises Conflict or NotAllowed."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id)
        if request.state != "awaiting_approval":
            raise Conflict(f"{request.name} was decided already: {STATE_LABELS[request.state].lower()}.")
        if person != request.requester:
            raise NotAllowed("Only the one who asked can withdraw it. Approvers can deny it.")
        await requests.transition(tx, request, "withdrawn", finished_at=now, outcome="Withdrawn by the requester.")
        await audit.record(tx, now, f"{person.team}/{person.user}", "request.withdrawn", request.id)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return f"{request.name} is withdrawn."


async def cancel(services: Services, request_id: str, person: Person) -> str:
    """Cancel an approved request, a whole series too. Returns both results in words. Raises Conflict or NotAllowed.

    Nightshift first stops what it would start itself, then asks the back end to cancel what runs there. A back end
    that does not answer never keeps the first from happening.
    """
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    if request.state == "awaiting_approval":
        return await withdraw(services, request_id, person)
    await _check_may_cancel(services, request, person)
    remaining = await _stop_locally(services, request_id, person)
    services.wake.sender.set()
    if not remaining:
        return f"{request.name}: cancelled."
    answers, failures = await _stop_in_backend(services, request, remaining)
    await _record_backend_answers(services, request_id, person, remaining, answers, failures)
    services.wake.sender.set()
    services.wake.wake_watchers()
    if not failures:
        return " ".join([f"{request.name}: cancelling.", *answers])
    stopped = f"{request.name}: no further run will start." if _is_local_series(request) else f"{request.name}:"
    return " ".join([stopped, *answers, *failures, f"Try again with /nightshift cancel {request.name}."])


async def _stop_locally(services: Services, request_id: str, person: Person) -> list[Run]:
    """Keep everything from starting that has not left yet, whatever the back end will answer.

    Returns the runs that only the back end can stop. Raises Conflict where there is nothing to stop, or where the
    only run is being sent at this moment.
    """
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        several = await runs.of_request(tx, request_id, limit=10_000)
        open_runs = [run for run in several if run.state not in FINAL_RUN_STATES]
        if not open_runs:
            raise Conflict(f"{request.name} is already over: {STATE_LABELS[request.state].lower()}.")
        remaining = [run for run in open_runs if not await _cancel_unsent_run(tx, run, now)]
        if not _is_local_series(request) and any(run.state == "starting" for run in remaining):
            raise Conflict(f"{request.name} is just being started. Please try again in a moment.")
        if request.state not in FINAL_STATES and (not remaining or _is_local_series(request)):
            outcome = "Cancelled. No further run will start." if remaining else "Cancelled before it started."
            request = await requests.transition(tx, request, "cancelled", finished_at=now, outcome=outcome)
        who = f"{person.team}/{person.user}"
        data = {"stopped": len(open_runs) - len(remaining), "remaining": [run.id for run in remaining]}
        await audit.record(tx, now, who, "request.cancelled", request.id, data)
        await messages.mark_dirty(tx, request.id, now)
    return remaining


async def _cancel_unsent_run(tx: Tx, run: Run, now: datetime) -> bool:
    """Give up a run whose call has not been sent; whether that was possible."""
    if run.state == "starting":
        attempt = await runs.get_attempt(tx, run.token)
        if attempt is None or attempt.state != "prepared":
            return False
        await runs.transition_attempt(tx, run.token, ["prepared"], "refused", problem="Cancelled before it was sent.")
    elif run.state != "pending":
        return False
    await runs.transition(tx, run, "cancelled", finished_at=now, problem="Cancelled before it started.")
    return True


async def _stop_in_backend(
    services: Services, request: Request, remaining: Sequence[Run]
) -> tuple[list[str], list[str]]:
    """Cancel runs in the back end. Returns what it answered, and what could not be cancelled, a sentence each."""
    answers, failures = [], []
    # The series first: cancelling only its present run would let the next one come.
    for run in sorted(remaining, key=lambda run: run.number):
        if run.state == "starting":
            failures.append("The present run is just being started and was not stopped.")
        elif run.handle:
            operation = services.backends.operation(request.content.backend, request.content.operation)
            try:
                answers.append(await operation.cancel(Handle.model_validate(run.handle)))
            except NightshiftError as error:
                what = "The series" if run.handle.get("kind") == "series" else "The present run"
                failures.append(f"{what} could not be cancelled: {error}")
        else:
            failures.append("It is not known whether the present run started, so it was not cancelled.")
    return answers, failures


async def _record_backend_answers(
    services: Services,
    request_id: str,
    person: Person,
    remaining: Sequence[Run],
    answers: Sequence[str],
    failures: Sequence[str],
) -> None:
    """Keep what the back end answered. A series that the back end holds is over only once it has said so."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        if request.is_series:
            outcome = " ".join([*answers, *failures])
            if request.state not in FINAL_STATES and not failures:
                await requests.transition(tx, request, "cancelled", finished_at=now, outcome=outcome)
            elif request.state == "cancelled":
                await requests.transition(tx, request, request.state, outcome=outcome)
        data = {"runs": [run.id for run in remaining], "answers": list(answers), "failures": list(failures)}
        await audit.record(tx, now, f"{person.team}/{person.user}", "request.cancelled_in_backend", request.id, data)
        await messages.mark_dirty(tx, request.id, now)


def _is_local_series(request: Request) -> bool:
    """Whether it is a series whose time Nightshift keeps, so that stopping it here stops all further runs."""
    return request.is_series and request.scheduler == "nightshift"


async def _check_may_cancel(services: Services, request: Request, person: Person) -> None:
    """The one who asked may, and whoever may approve it."""
    if person == request.requester:
        return
    ruling = await services.approvals.can_manage(request, person)
    if not ruling.allowed:
        raise NotAllowed(f"Only the requester and the approvers can cancel this. {ruling.reason}")


async def read_log(services: Services, request_id: str, run_id: str, target: str) -> str:
    """The log of one target. Raises BackendError."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        run = await runs.get(tx, run_id)
    if not run.handle:
        raise BackendError(request.content.backend, "This run was never started, so there is no log.")
    operation = services.backends.operation(request.content.backend, request.content.operation)
    return await operation.output(Handle.model_validate(run.handle), target)
