"""Lets one request start although a system, or everything, is paused."""

from bot.errors import Conflict
from bot.requests.model import Request
from bot.storage import audit, messages, pauses, runs
from bot.usecases.actor import Actor
from bot.usecases.pauses.notes import note_to_admins
from bot.usecases.pauses.permission import check_may_pause
from bot.usecases.pauses.scopes import scope_of
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def release_request(services: Services, actor: Actor, request: Request) -> str:
    """Except a request from every pause of its system and of everything. What was approved is checked again before it
    starts. Returns what happened, as a sentence.

    Raises Conflict if no such pause holds it, NotAllowed or SlackSilent.
    """
    now, backend = services.clock.now(), request.content.backend
    async with services.db.read() as tx:
        found = [p for p in await pauses.not_ended(tx) if p.scope != "series" and p.covers(backend, request.id)]
    if not found:
        raise Conflict(f"No pause of a system holds {request.name}.", code=RefusalCode.NOT_PAUSED)
    for pause in found:
        await check_may_pause(services, actor.person, scope_of(services, pause))
    async with services.db.write() as tx:
        for pause in found:
            await pauses.release(tx, pause.id, request.id)
        await runs.recheck_request(tx, request.id)
        await audit.record(tx, now, actor.person.key, "starts.released", request.id, {})
        text = f"▶️ {request.name} may start during the pause: {request.title}."
        await note_to_admins(tx, services, text, dedupe=f"release:{found[0].id}:{request.id}", by=actor.person)
        await messages.mark_dirty(tx, request.id, now, kinds=("approval", "receipt"))
    services.wake.sender.set()
    services.wake.scheduler.set()
    return f"{request.name} may start during the pause, if it still may. Everything else is held."
