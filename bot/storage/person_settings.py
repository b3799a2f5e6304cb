"""What people have chosen for themselves."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from bot.requests.model import Person
from bot.requests.notify.preferences import NO_PREFERENCES, Preferences
from bot.storage.tables import person_settings
from bot.storage.transactions import Tx

_PREFERENCES = select(person_settings.c.user, person_settings.c.preferences).where(
    person_settings.c.team == bindparam("of_team"),
    person_settings.c.user.in_(bindparam("of_users", expanding=True)),
)


async def language_of(tx: Tx, person: Person) -> str:
    """Return the language that somebody has chosen, "" where they have chosen none."""
    query = select(person_settings.c.language).where(
        person_settings.c.team == person.team, person_settings.c.user == person.user
    )
    return str((await tx.execute(query)).scalars().first() or "")


async def set_language(tx: Tx, person: Person, language: str, at: datetime) -> None:
    """Store the language that somebody chooses; "" goes back to none."""
    await _store(tx, person, language, await preferences_of(tx, person), at)


async def preferences_of(tx: Tx, person: Person) -> Preferences:
    """Return what somebody has chosen about their notifications; the defaults where they have chosen nothing."""
    return (await preferences_of_users(tx, person.team, [person.user])).get(person.user, NO_PREFERENCES)


async def preferences_of_users(tx: Tx, team: str, users: Iterable[str]) -> Mapping[str, Preferences]:
    """Return what several people have chosen, by user id; without those who have chosen nothing."""
    rows = (await tx.execute(_PREFERENCES, {"of_team": team, "of_users": sorted(set(users))})).all()
    return {str(user): Preferences.model_validate(stored) for user, stored in rows}


async def set_preferences(tx: Tx, person: Person, preferences: Preferences, at: datetime) -> None:
    """Store what somebody chooses about their notifications."""
    await _store(tx, person, await language_of(tx, person), preferences, at)


async def _store(tx: Tx, person: Person, language: str, preferences: Preferences, at: datetime) -> None:
    await tx.execute(
        delete(person_settings).where(person_settings.c.team == person.team, person_settings.c.user == person.user)
    )
    if language or preferences != NO_PREFERENCES:
        values = {
            "team": person.team,
            "user": person.user,
            "language": language,
            "preferences": preferences.model_dump(mode="json", exclude_defaults=True),
            "changed_at": at,
        }
        await tx.execute(insert(person_settings).values(**values))
