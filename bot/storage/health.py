"""Whether the database answers."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.storage.database import Database


async def database_problem(db: Database) -> str:
    """Return why the database does not answer; "" if it does."""
    try:
        async with db.read() as tx:
            await tx.execute(text("SELECT 1"))
    except DBAPIError as error:
        return str(error.orig)
    return ""
