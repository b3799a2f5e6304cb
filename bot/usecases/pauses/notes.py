"""Tells administrators of pauses, and shows them on cards."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import JsonValue

from bot.requests.model import Person
from bot.requests.pauses import Pause
from bot.storage import messages, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.services import Services


async def note_to_admins(
    tx: Tx, services: Services, text: str, *, dedupe: str, by: Person | None = None, lines: Sequence[str] = ()
) -> None:
    """Post a sentence in the administrators' channel, if there is one, with ``lines`` as a list below it."""
    if channel := services.settings.channels.admin:
        facts: dict[str, JsonValue] = {"text": text, "by": by.user if by else None, "lines": [*lines]}
        await messages.add(tx, services.clock.now(), "note", channel, facts=facts, dedupe=dedupe)


async def mark_held_cards(tx: Tx, now: datetime, pause: Pause) -> None:
    """Update the cards of the requests whose start falls into a pause, because it has begun or ended."""
    waiting = await runs.requests_to_start(tx, pause.name, pause.until)
    undecided = await requests.awaiting_approval_on(tx, pause.name, pause.until)
    for request_id in dict.fromkeys((*waiting, *undecided)):
        await messages.mark_dirty(tx, request_id, now, kinds=("approval", "receipt"))
