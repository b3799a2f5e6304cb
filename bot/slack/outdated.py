"""Finds the notes that waited until they were not true any more."""

from bot.clock import Clock
from bot.errors import NotFound
from bot.requests.notify.events import Event
from bot.storage import runs
from bot.storage.database import Database
from bot.storage.messages import Message


async def is_outdated(db: Database, clock: Clock, message: Message) -> bool:
    """Return whether a note is about a start that was to come or was held, and that is not so any more."""
    event = message.facts.get("event")
    if event not in (Event.ABOUT_TO_START, Event.HELD) or not message.run_id:
        return False
    try:
        async with db.read() as tx:
            run = await runs.get(tx, message.run_id)
    except NotFound:
        return True
    if event == Event.HELD:
        return run.state != "pending"
    start = run.starts_at or run.due_at
    return run.state not in ("pending", "scheduled_in_backend") or start is None or start <= clock.now()
