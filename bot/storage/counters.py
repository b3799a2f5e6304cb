"""Counters without gaps. Taking a number locks the counter until the transaction ends."""

from sqlalchemy.dialects import postgresql, sqlite

from bot.storage.tables import counters
from bot.storage.transactions import Tx

_INCREMENT = {
    name: insert(counters)
    .on_conflict_do_update(index_elements=["name"], set_={"value": counters.c.value + 1})
    .returning(counters.c.value)
    for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}


async def lock(tx: Tx, name: str) -> None:
    """Lock a counter until the transaction ends, so that what it stands for is looked at by one at a time."""
    await next_value(tx, name)


async def next_value(tx: Tx, name: str) -> int:
    """Return the next number of a counter, starting at 1."""
    value = await tx.scalar(_INCREMENT[tx.dialect.name], {"name": name, "value": 1})
    assert isinstance(value, int)
    return value
