"""Counters without gaps: taking a number locks it until the transaction ends."""

from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.database import Tx
from bot.storage.tables import counters


async def take(tx: Tx, name: str) -> int:
    """The next number of a counter, from 1."""
    insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    first = insert(counters).on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    return int((await tx.execute(first.returning(counters.c.value), {"name": name, "value": 1})).scalar_one())
