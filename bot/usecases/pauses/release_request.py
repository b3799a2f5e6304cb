"""Lets one request start although a system, or everything, is paused."""

from collections.abc import Sequence

from bot.errors import Conflict
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Request
from bot.requests.notify.events import Event
from bot.requests.pauses import Pause
from bot.requests.text import join_words
from bot.storage import audit, messages, pauses, runs
from bot.usecases.actor import Actor
from bot.usecases.notifications import tell
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
        wide = [pause for pause in await pauses.not_ended(tx) if pause.scope != "series"]
    found = [pause for pause in wide if pause.covers(backend, request.id)]
    if not found:
        raise Conflict(_not_held_text(request, wide), code=RefusalCode.NOT_PAUSED)
    if request.state in FINAL_STATES:
        raise Conflict(f"{request.name} is over, so nothing of it starts.", code=RefusalCode.NOT_PAUSED)
    for pause in found:
        scope = scope_of(services, pause)
        await check_may_pause(
            services, actor.person, scope, f"release requests while {scope.name or 'everything'} is paused"
        )
    async with services.db.write() as tx:
        for pause in found:
            await pauses.release(tx, pause.id, request.id)
        await runs.recheck_request(tx, request.id)
        await audit.record(tx, now, actor.person.key, "starts.released", request.id, {})
        text, key = f"▶️ {request.name} may start during the pause: {request.title}.", f"{found[0].id}:{request.id}"
        await note_to_admins(tx, services, text, dedupe=f"release:{key}", by=actor.person)
        told = (
            f"{request.name} may start although {_names(services, found)} paused. It is checked again before it starts."
        )
        await tell(tx, services, request, Event.RELEASED, told, key=key, by=actor.person)
        await messages.mark_dirty(tx, request.id, now, kinds=("approval", "receipt"))
    services.wake.sender.set()
    services.wake.scheduler.set()
    return f"{request.name} may start during the pause. It is checked again before it starts. Everything else is held."


def _not_held_text(request: Request, wide: Sequence[Pause]) -> str:
    if any(request.id in pause.released for pause in wide):
        return f"{request.name} has been released already."
    return f"Nothing holds {request.name}: neither its system nor everything is paused."


def _names(services: Services, found: Sequence[Pause]) -> str:
    """Return what is paused, with its verb: ``Foreman is``."""
    titles = dict.fromkeys(scope_of(services, pause).title for pause in found)
    names = ["everything" if title == "Everything" else title for title in titles]
    return f"{join_words(names, 'and')} {'is' if len(names) == 1 else 'are'}"
