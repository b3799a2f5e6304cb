"""What a database needs after it was restored from a backup: what happened since is not in it."""

from datetime import datetime

from sqlalchemy import func, select, update

from bot.ids import new_id
from bot.requests.pauses import Pause
from bot.storage import audit, pauses
from bot.storage.counters import next_value
from bot.storage.tables import audit as audit_table
from bot.storage.tables import counters, messages
from bot.storage.transactions import Tx

NUMBER_STEP = 1000
"""New requests continue at the next multiple of this, so that no number is given twice."""
_REQUESTS = "requests"


async def last_change(tx: Tx) -> datetime | None:
    """Return when the newest thing on record happened: the time of the backup, or shortly before. None if there is
    nothing."""
    newest = await tx.scalar(select(func.max(audit_table.c.at)))
    assert newest is None or isinstance(newest, datetime)
    return newest


async def hold_after_restore(tx: Tx, now: datetime, reason: str) -> Pause:
    """Hold every start until an administrator releases it. Returns the pause.

    The numbers get a gap, and messages are looked for in Slack before they are posted.
    """
    number = await next_value(tx, _REQUESTS)
    jump = (number // NUMBER_STEP + 1) * NUMBER_STEP
    await tx.execute(update(counters).where(counters.c.name == _REQUESTS).values(value=jump))
    unsent = (messages.c.state == "due", messages.c.ts == "", messages.c.first_sent_at.is_(None))
    await tx.execute(update(messages).where(*unsent).values(first_sent_at=messages.c.created_at))
    pause = Pause(id=new_id("p"), scope="everything", since=now, reason=reason)
    await pauses.add(tx, pause)
    await audit.record(tx, now, "nightshift", "database.restored", "", {"next_number": jump + 1, "reason": reason})
    return pause
