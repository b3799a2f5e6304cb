"""What people have chosen for themselves."""

from datetime import datetime

from sqlalchemy import delete, insert, select

from bot.requests.model import Person
from bot.storage.tables import person_settings
from bot.storage.transactions import Tx


async def language_of(tx: Tx, person: Person) -> str:
    """Return the language that somebody has chosen, "" where they have chosen none."""
    query = select(person_settings.c.language).where(
        person_settings.c.team == person.team, person_settings.c.user == person.user
    )
    return str((await tx.execute(query)).scalars().first() or "")


async def set_language(tx: Tx, person: Person, language: str, at: datetime) -> None:
    """Store the language that somebody chooses; "" goes back to none."""
    await tx.execute(
        delete(person_settings).where(person_settings.c.team == person.team, person_settings.c.user == person.user)
    )
    if language:
        values = {"team": person.team, "user": person.user, "language": language, "changed_at": at}
        await tx.execute(insert(person_settings).values(**values))
