"""When it cannot be told whether a call arrived, people say which it was; both answers are on record."""

from bot.backends.base import Handle
from bot.errors import Conflict, InputError, NotAllowed
from bot.requests.lifecycle import STATE_LABELS, can_transition
from bot.requests.model import Person, Request, Run
from bot.storage import audit, messages, requests, runs
from bot.usecases.services import Services


async def attach_remote(services: Services, request_id: str, person: Person, remote_id: str) -> str:
    """It did run: watch the one that the back end has under this id. Raises InputError for an unusable id."""
    wanted = remote_id.strip()
    if not wanted:
        raise InputError({"id": "Give the id under which the back end has it."})
    request, run = await load_unknown_run(services, request_id, person)
    operation = services.backends.operation(request.content.backend, request.content.operation)
    handle = Handle(id=wanted)
    seen = await operation.poll([handle])
    if wanted not in seen:
        raise InputError({"id": f"{request.content.backend} has nothing under {wanted}. Please look again."})
    now = services.clock.now()
    async with services.db.write() as tx:
        json = handle.model_dump(mode="json")
        await runs.transition_attempt(tx, run.token, ["unknown"], "answered", handle=json, answered_at=now)
        run = await runs.transition(tx, run, "running", handle=json, started_at=now, problem="", poll_at=now)
        request = await requests.get(tx, request.id)
        if can_transition(request.state, "running") and not request.is_series:
            request = await requests.transition(tx, request, "running", started_at=now, outcome="")
        data = {"run": run.id, "id": wanted}
        await audit.record(tx, now, f"{person.team}/{person.user}", "run.adopted", request.id, data)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    services.wake.wake_watchers()
    return f"{request.name} is watched as {wanted} from now on."


async def retry_unknown(services: Services, request_id: str, person: Person) -> str:
    """It did not run: start it anew, with a new attempt and a new token."""
    request, run = await load_unknown_run(services, request_id, person)
    now = services.clock.now()
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx, run.token, ["unknown"], "refused", problem="A person said that it did not run."
        )
        # Back to waiting, due at once: the ordinary way in, with every check that goes with it.
        run = await runs.transition(tx, run, "pending", token="", due_at=None, latest_start=None, problem="")
        request = await requests.get(tx, request.id)
        if request.state == "unknown":
            request = await requests.transition(tx, request, "scheduled", outcome="")
        data = {"run": run.id}
        await audit.record(tx, now, f"{person.team}/{person.user}", "run.again", request.id, data)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.scheduler.set()
    services.wake.sender.set()
    return f"{request.name} is started again."


async def load_unknown_run(services: Services, request_id: str, person: Person) -> tuple[Request, Run]:
    """The run of which nobody knows whether it started, if the person may say so. Raises Conflict or NotAllowed."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        several = await runs.of_request(tx, request_id)
    ruling = await services.approvals.can_manage(request, person)
    if person != request.requester and not ruling.allowed:
        raise NotAllowed(f"Only the requester and the approvers can say this. {ruling.reason}")
    run = next((r for r in several if r.state == "unknown"), None)
    if run is None:
        raise Conflict(f"{request.name} is not in doubt any more: {STATE_LABELS[request.state].lower()}.")
    return request, run
