"""Starts a run again, after a person found that it did not start."""

from bot.requests.model import Person, Request
from bot.requests.pauses import Pause, held_text, holding_pause
from bot.storage import audit, messages, pauses, requests, runs
from bot.usecases.runs.finish import finish_run
from bot.usecases.runs.unknown import has_started, load_unknown_run
from bot.usecases.services import Services
from bot.values import JsonObject


async def retry_unknown(services: Services, request_id: str, person: Person) -> str:
    """Start a run of unknown outcome again, as a new attempt, or end it if its latest start has passed.

    The back end is searched for the call first: somebody may answer for an earlier attempt, or be wrong. Every check
    before a start is made again. Raises Conflict or NotAllowed.
    """
    request, run = await load_unknown_run(services, request_id, person)
    if await has_started(services, run):
        return f"{request.name} did start: it was found in the back end, so it is not started again."
    now = services.clock.now()
    is_too_late = run.latest_start is not None and now > run.latest_start
    async with services.db.write() as tx:
        await runs.transition_attempt(
            tx, run.token, ["unknown"], "refused", problem="A person said that it did not run."
        )
        if is_too_late:
            problem = "It did not run, and its latest start has passed."
            await finish_run(tx, services, run, request, "missed", problem=problem)
        else:
            # Pending again, so that the scheduler brings it through every check.
            await runs.transition(tx, run, "pending", token="", problem="", proposal=None)
            request = await requests.get(tx, request.id)
            if request.state == "unknown":
                await requests.transition(tx, request, "scheduled", outcome="")
        data: JsonObject = {"run": run.id, **({"too_late": True} if is_too_late else {})}
        await audit.record(tx, now, person.key, "run.again", request.id, data)
        await messages.mark_dirty(tx, request.id, now)
        pause = holding_pause(await pauses.not_ended(tx), request.content.backend, request.id, now)
    services.wake.scheduler.set()
    services.wake.sender.set()
    if is_too_late:
        return f"{request.name} did not start: its latest start has passed. Make a new request for it."
    return _retry_text(request, pause)


def _retry_text(request: Request, pause: Pause | None) -> str:
    if pause is None:
        return f"{request.name} is started again."
    return f"{request.name} starts once the pause ends. {held_text(pause, request.zone)}"
