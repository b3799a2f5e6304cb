"""Closes a run of unknown outcome, after a person found that it did not start."""

from bot.requests.model import Person
from bot.storage import audit, messages, requests, runs
from bot.usecases.runs.finish import finish_run
from bot.usecases.runs.unknown import has_started, load_unknown_run
from bot.usecases.services import Services

_PROBLEM = "It did not run, and was closed."


async def close_unknown(services: Services, request_id: str, person: Person) -> str:
    """End a run of unknown outcome without starting it again. A series goes on with its next run.

    The back end is searched for the call first: the person may be wrong. Raises Conflict or NotAllowed.
    """
    request, run = await load_unknown_run(services, request_id, person)
    if await has_started(services, run):
        return f"{request.name} did start: it was found in the back end, so it is watched from now on."
    now = services.clock.now()
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx, run.token, ["unknown"], "refused", problem="A person said that it did not run."
        )
        await finish_run(tx, services, run, request, "cancelled", problem=_PROBLEM, announce=False)
        await audit.record(tx, now, person.key, "run.closed", request.id, {"run": run.id})
        request = await requests.get(tx, request.id)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    if request.is_series:
        return f"The run of {request.name} is closed. The series goes on."
    return f"{request.name} is closed. Nothing of it will start."
