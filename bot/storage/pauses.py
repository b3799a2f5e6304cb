"""Pauses: which starts are held, until when, and why."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, insert, select, update

from bot.requests.model import Person
from bot.requests.pauses import Pause
from bot.storage.counters import next_value
from bot.storage.tables import counters, pauses
from bot.storage.transactions import Tx

_ADD = insert(pauses)
_NOT_ENDED = select(pauses).where(pauses.c.ended_at.is_(None)).order_by(pauses.c.since, pauses.c.id)
_OF_SERIES = _NOT_ENDED.where(pauses.c.scope == "series", pauses.c.name == bindparam("of_request")).limit(1)
_END = update(pauses).where(pauses.c.id == bindparam("row_id"), pauses.c.ended_at.is_(None))
_COUNTER = "pauses"
_SHARE = select(counters).where(counters.c.name == bindparam("counter")).with_for_update(read=True)


def _pause(row: RowMapping) -> Pause:
    by = Person(team=row["team"], user=row["user"]) if row["user"] else None
    return Pause.model_validate({**{name: row[name] for name in Pause.model_fields if name != "by"}, "by": by})


async def add(tx: Tx, pause: Pause) -> None:
    """Store a new pause, once no call is being marked as sent."""
    await next_value(tx, _COUNTER)
    by = {"team": pause.by.team if pause.by else None, "user": pause.by.user if pause.by else None}
    await tx.execute(_ADD, {**pause.model_dump(exclude={"by"}), **by})


async def not_ended(tx: Tx) -> Sequence[Pause]:
    """Return the pauses that nobody has ended yet, oldest first. The time of some may have run out."""
    return [_pause(row) for row in (await tx.execute(_NOT_ENDED)).mappings()]


async def not_ended_at_call(tx: Tx) -> Sequence[Pause]:
    """Return the same for the transaction that marks a call as sent: none is added until that ends."""
    await tx.execute(_SHARE, {"counter": _COUNTER})
    return await not_ended(tx)


async def of_series(tx: Tx, request_id: str) -> Pause | None:
    """Return the pause of a series; None if it is not paused."""
    row = (await tx.execute(_OF_SERIES, {"of_request": request_id})).mappings().one_or_none()
    return _pause(row) if row else None


async def release(tx: Tx, pause_id: str, request_id: str) -> None:
    """Except a request from a pause."""
    query = select(pauses.c.released).where(pauses.c.id == pause_id).with_for_update()
    released = (await tx.execute(query)).scalars().one()
    assert isinstance(released, list)
    if request_id not in released:
        await tx.execute(update(pauses).where(pauses.c.id == pause_id).values(released=[*released, request_id]))


async def end(tx: Tx, pause: Pause, at: datetime) -> bool:
    """End a pause. Returns False if somebody else has ended it already."""
    return (await tx.execute(_END, {"row_id": pause.id, "ended_at": at})).rowcount == 1
