"""Counters without gaps: taking a number locks it until the transaction ends."""

from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.tables import counters
from bot.storage.transactions import Tx

_INCREMENT = {
    name: insert(counters)
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value)
    for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}


async def next_value(tx: Tx, name: str) -> int:
    """The next number of a counter, from 1."""
    return int(await tx.scalar(_INCREMENT[tx.dialect.name], {"name": name, "value": 1}))
