"""Stopping a request: withdrawing it before it is decided, cancelling it afterwards."""

from bot.backends.base import Handle
from bot.errors import BackendError, Conflict, NotAllowed
from bot.requests.lifecycle import FINAL_RUN, WORDS
from bot.requests.model import Person, Request
from bot.storage import audit, messages, requests, runs
from bot.usecases.services import Services


async def withdraw(app: Services, request_id: str, person: Person) -> str:
    """Take a request back before it is decided. Raises Conflict or NotAllowed."""
    now = app.clock.now()
    async with app.db.write() as tx:
        request = await requests.get(tx, request_id)
        if request.state != "awaiting_approval":
            raise Conflict(f"{request.name} was decided already: {WORDS[request.state].lower()}.")
        if person != request.requester:
            raise NotAllowed("Only the one who asked can withdraw it. Approvers can deny it.")
        await requests.move(tx, request, "withdrawn", finished_at=now, outcome="Withdrawn by the requester.")
        await audit.record(tx, now, f"{person.team}/{person.user}", "request.withdrawn", request.id)
        await messages.touch(tx, request.id, now)
    app.nudges.sender.set()
    return f"{request.name} is withdrawn."


async def cancel(app: Services, request_id: str, person: Person) -> str:
    """Cancel an approved request, a whole series too. Raises Conflict, NotAllowed or BackendError.

    What Nightshift holds simply never starts. What runs is cancelled in the back end, as far as that can.
    """
    async with app.db.read() as tx:
        request = await requests.get(tx, request_id)
        several = await runs.of_request(tx, request_id, limit=10_000)
    if request.state == "awaiting_approval":
        return await withdraw(app, request_id, person)
    open_runs = [run for run in several if run.state not in FINAL_RUN]
    if request.state not in ("scheduled", "starting", "running", "unknown", "approved") or not open_runs:
        raise Conflict(f"{request.name} is already over: {WORDS[request.state].lower()}.")
    await _may_cancel(app, request, person)
    if any(run.state == "starting" for run in open_runs):
        raise Conflict(f"{request.name} is just being started. Please try again in a moment.")
    now = app.clock.now()
    said: list[str] = []
    # The series first: cancelling only its present run would let the next one come.
    for run in sorted(open_runs, key=lambda run: run.number):
        if run.state in ("placed", "running") and run.handle:
            operation = app.operation(request.content.backend, request.content.operation)
            said.append(await operation.cancel(Handle.model_validate(run.handle)))
    async with app.db.write() as tx:
        for run in open_runs:
            if run.state == "held":
                await runs.move(tx, run, "cancelled", finished_at=now, problem="Cancelled before it started.")
        request = await requests.get(tx, request_id)
        held_only = all(run.state == "held" for run in open_runs)
        if held_only or request.is_series:
            outcome = " ".join(said) or "Cancelled before it started."
            request = await requests.move(tx, request, "cancelled", finished_at=now, outcome=outcome)
        await audit.record(tx, now, f"{person.team}/{person.user}", "request.cancelled", request.id, {"said": said})
        await messages.touch(tx, request.id, now)
    app.nudges.sender.set()
    app.nudges.watch()
    return " ".join([f"{request.name}: cancelled." if held_only else f"{request.name}: cancelling.", *said])


async def _may_cancel(app: Services, request: Request, person: Person) -> None:
    """The one who asked may, and whoever may approve it."""
    if person == request.requester:
        return
    ruling = await app.rights.may_oversee(app, request, person)
    if not ruling.allowed:
        raise NotAllowed(f"Only the requester and the approvers can cancel this. {ruling.reason}")


async def output(app: Services, request_id: str, run_id: str, target: str) -> str:
    """The log of one target. Raises BackendError."""
    async with app.db.read() as tx:
        request = await requests.get(tx, request_id)
        run = await runs.get(tx, run_id)
    if not run.handle:
        raise BackendError(request.content.backend, "This run was never started, so there is no log.")
    operation = app.operation(request.content.backend, request.content.operation)
    return await operation.output(Handle.model_validate(run.handle), target)
