"""Whether the database answers, and takes what is written."""

import asyncio

from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.storage.database import Database
from bot.storage.tables import counters


class _Undo(Exception):
    """Rolls back what was only tried."""


async def database_problem(db: Database) -> str:
    """Return why the database does not answer; "" if it does."""
    try:
        async with db.read() as tx:
            await tx.execute(text("SELECT 1"))
    except DBAPIError as error:
        return str(error.orig)
    return ""


async def write_problem(db: Database, timeout: float) -> str:
    """Return why nothing can be written to the database; "" if it can. Changes nothing.

    ``timeout`` is in seconds.
    """
    try:
        async with asyncio.timeout(timeout), db.write() as tx:
            await tx.execute(update(counters).values(value=counters.c.value))
            raise _Undo
    except _Undo:
        return ""
    except DBAPIError as error:
        return str(error.orig)
    except (PoolTimeout, TimeoutError):
        return f"no answer within {timeout:g} s"
