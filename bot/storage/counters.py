"""Counters without gaps: taking a number locks it until the transaction ends."""

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.database import Tx
from bot.storage.tables import counters


async def take(tx: Tx, name: str) -> int:
    """The next number of a counter, from 1."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    await tx.execute(insert(counters).values(name=name, value=0).on_conflict_do_nothing())
    await tx.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))
    return int((await tx.execute(select(counters.c.value).where(counters.c.name == name))).scalar_one())
