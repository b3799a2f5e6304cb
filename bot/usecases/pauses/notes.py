"""Tells people of pauses: in the threads of a request's cards, and in the administrators' channel."""

from datetime import datetime

from bot.requests.model import Person, Request
from bot.requests.pauses import Pause
from bot.storage import messages, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.services import Services


async def note_on_cards(
    tx: Tx, now: datetime, request: Request, text: str, *, dedupe: str, by: Person | None = None
) -> None:
    """Post a sentence in the thread of every card of a request. ``by`` is the person who caused it; ``dedupe`` is
    unique for what happened."""
    facts = {"text": text, "by": by.user if by else None}
    for card in await messages.of_request(tx, request.id, ["approval", "receipt"]):
        key = f"{dedupe}:{card.recipient}"
        await messages.add(tx, now, "note", card.recipient, request.id, parent_id=card.id, facts=facts, dedupe=key)


async def note_to_admins(tx: Tx, services: Services, text: str, *, dedupe: str, by: Person | None = None) -> None:
    """Post a sentence in the administrators' channel, if there is one."""
    if channel := services.settings.channels.admin:
        facts = {"text": text, "by": by.user if by else None}
        await messages.add(tx, services.clock.now(), "note", channel, facts=facts, dedupe=dedupe)


async def mark_held_cards(tx: Tx, now: datetime, pause: Pause) -> None:
    """Update the cards of the requests whose start falls into a pause, because it has begun or ended."""
    waiting = await runs.requests_to_start(tx, pause.name, pause.until)
    undecided = await requests.awaiting_approval_on(tx, pause.name, pause.until)
    for request_id in dict.fromkeys((*waiting, *undecided)):
        await messages.mark_dirty(tx, request_id, now, kinds=("approval", "receipt"))
