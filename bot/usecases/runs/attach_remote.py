"""Attaches the run that the back end has, after a person found it there."""

from bot.backends.base import Handle
from bot.errors import InputError
from bot.requests.lifecycle import can_transition
from bot.requests.model import Person
from bot.storage import audit, messages, requests, runs
from bot.usecases.runs.unknown import load_unknown_run
from bot.usecases.services import Services


async def attach_remote(services: Services, request_id: str, person: Person, remote_id: str) -> str:
    """Watch the run that the back end has under an id. Raises InputError for an unusable id, Conflict or NotAllowed."""
    remote_id = remote_id.strip()
    if not remote_id:
        raise InputError({"id": "Give the id under which the back end has it."})
    request, run = await load_unknown_run(services, request_id, person)
    operation = services.backends.operation(request.content.backend, request.content.operation)
    handle = Handle(id=remote_id)
    if remote_id not in await operation.poll([handle]):
        raise InputError({"id": f"{request.content.backend} has nothing under {remote_id}. Please look again."})
    now = services.clock.now()
    json = handle.model_dump(mode="json")
    async with services.db.write() as tx:
        await runs.transition_attempt(tx, run.token, ["unknown"], "answered", handle=json, answered_at=now)
        run = await runs.transition(tx, run, "running", handle=json, started_at=now, problem="", poll_at=now)
        request = await requests.get(tx, request.id)
        if can_transition(request.state, "running") and not request.is_series:
            request = await requests.transition(tx, request, "running", started_at=now, outcome="")
        await audit.record(tx, now, person.key, "run.adopted", request.id, {"run": run.id, "id": remote_id})
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    services.wake.wake_watchers()
    return f"{request.name} is watched as {remote_id} from now on."
