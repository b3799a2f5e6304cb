"""Starts a run again, after a person found that it did not start."""

from bot.requests.model import Person
from bot.storage import audit, messages, requests, runs
from bot.usecases.runs.unknown import load_unknown_run
from bot.usecases.services import Services


async def retry_unknown(services: Services, request_id: str, person: Person) -> str:
    """Start a run of unknown outcome again, as a new attempt. Raises Conflict or NotAllowed."""
    request, run = await load_unknown_run(services, request_id, person)
    now = services.clock.now()
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx, run.token, ["unknown"], "refused", problem="A person said that it did not run."
        )
        # It waits again and is due at once, so that every check before a start is made.
        run = await runs.transition(
            tx, run, "pending", token="", due_at=None, latest_start=None, problem="", proposal=None
        )
        request = await requests.get(tx, request.id)
        if request.state == "unknown":
            request = await requests.transition(tx, request, "scheduled", outcome="")
        await audit.record(tx, now, person.key, "run.again", request.id, {"run": run.id})
        await messages.mark_dirty(tx, request.id, now)
    services.wake.scheduler.set()
    services.wake.sender.set()
    return f"{request.name} is started again."
