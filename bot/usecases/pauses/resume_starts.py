"""Ends the pauses of a system, or of everything."""

from collections.abc import Sequence
from datetime import datetime

from bot.errors import Conflict
from bot.requests.model import Person
from bot.requests.pauses import Pause
from bot.storage import audit, pauses, runs
from bot.storage.transactions import Tx
from bot.usecases.actor import Actor
from bot.usecases.pauses.notes import mark_held_cards, note_to_admins
from bot.usecases.pauses.pause_starts import pause_line
from bot.usecases.pauses.permission import check_may_pause
from bot.usecases.pauses.scopes import Scope, actor_key, scope_of
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def resume_starts(services: Services, actor: Actor, scope: Scope) -> str:
    """End every pause of a system, or of everything. What they held is checked at once, and starts if it still may.

    Returns what happened, as a sentence. Raises Conflict, NotAllowed or SlackSilent.
    """
    await check_may_pause(services, actor.person, scope)
    now = services.clock.now()
    async with services.db.write() as tx:
        in_force = [pause for pause in await pauses.not_ended(tx) if pause.holds_at(now)]
        ended = [
            pause
            for pause in in_force
            if scope.is_of(pause) and await end_pause(tx, services, pause, now, actor.person)
        ]
        others = [pause for pause in in_force if pause not in ended and pause.covers(scope.name, "")]
    services.wake.sender.set()
    services.wake.scheduler.set()
    still = "".join(f" {pause_line(scope_of(services, pause), pause, actor.zone)}" for pause in others)
    if not ended:
        raise Conflict(f"{_not_paused_text(scope, in_force)}{still}", code=RefusalCode.NOT_PAUSED)
    return f"{scope.title} has been resumed. What was held is checked again and starts now.{still}"


def _not_paused_text(scope: Scope, in_force: Sequence[Pause]) -> str:
    if scope.name:
        return f"{scope.title} is not paused."
    return "There is no pause of everything." if in_force else "Nothing is paused."


async def end_pause(tx: Tx, services: Services, pause: Pause, at: datetime, by: Person | None) -> bool:
    """Record the end of a pause of a system or of everything, and tell the administrators. ``by`` is None if its time
    has run out. Returns False if it was ended already."""
    if not await pauses.end(tx, pause, at):
        return False
    await runs.recheck(tx, pause.name, at)
    scope = scope_of(services, pause)
    await audit.record(tx, at, actor_key(by), "starts.resumed", "", {"scope": scope.name or "everything"})
    text = f"▶️ {scope.title} has been resumed. It was paused: {pause.reason.rstrip('. ')}."
    await note_to_admins(tx, services, text, dedupe=f"{pause.id}:end", by=by)
    await mark_held_cards(tx, at, pause)
    return True
