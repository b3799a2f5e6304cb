"""The users of the workspace as Slack told them last, so that a restart knows them, and how far their listing came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.requests.directory import User
from bot.storage.tables import directory_listings, directory_users
from bot.storage.transactions import Parameters, Tx
from bot.values import FrozenModel

_BATCH = 500
"""Maximum number of ids in one statement."""


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user as Slack told them at ``read_at``. ``changed`` is Slack's own time of their last change, in seconds."""

    user: User
    changed: int
    read_at: datetime


class Listing(FrozenModel):
    """How far the listing of all users came. ``cursor`` is "" at its first page; the next page is due at
    ``next_page_at``. ``completed_at`` is when the last whole listing ended."""

    cursor: str
    page_size: int
    started_at: datetime
    next_page_at: datetime
    completed_at: datetime | None = None


async def find(tx: Tx, team: str, users: Sequence[str]) -> Mapping[str, StoredUser]:
    """Return the stored users by id; without those who are not stored."""
    found: dict[str, StoredUser] = {}
    for start in range(0, len(users), _BATCH):
        query = select(directory_users.c.record, directory_users.c.changed, directory_users.c.read_at).where(
            directory_users.c.team == team, directory_users.c.user.in_(users[start : start + _BATCH])
        )
        for record, changed, read_at in (await tx.execute(query)).all():
            user = User.model_validate(record)
            assert isinstance(changed, int)
            assert isinstance(read_at, datetime)
            found[user.person.user] = StoredUser(user, changed, read_at)
    return found


def _upsert(insert: sqlite.Insert | postgresql.Insert) -> sqlite.Insert | postgresql.Insert:
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["team", "user"],
        set_={"record": new.record, "changed": new.changed, "read_at": new.read_at},
        where=new.changed >= directory_users.c.changed,
    )


_UPSERT = {
    "postgresql": _upsert(postgresql.insert(directory_users)),
    "sqlite": _upsert(sqlite.insert(directory_users)),
}


async def store(tx: Tx, team: str, found: Iterable[StoredUser]) -> None:
    """Store users. What is known of a later change of a user stays."""
    rows: list[Parameters] = [
        {
            "team": team,
            "user": each.user.person.user,
            "record": each.user.model_dump(mode="json", exclude_defaults=True),
            "changed": each.changed,
            "read_at": each.read_at,
        }
        # Always in the same order: two nodes that store the same users do not wait for each other in a circle.
        for each in sorted(found, key=lambda each: each.user.person.user)
    ]
    if rows:
        await tx.execute(_UPSERT[tx.dialect.name], rows)


async def forget(tx: Tx, team: str, user: str) -> None:
    """Delete a user, because they have changed in an unknown way."""
    await tx.execute(delete(directory_users).where(directory_users.c.team == team, directory_users.c.user == user))


async def forget_unlisted(tx: Tx, team: str, before: datetime) -> None:
    """Delete the users whom Slack has not told since a moment."""
    await tx.execute(delete(directory_users).where(directory_users.c.team == team, directory_users.c.read_at < before))


async def listing(tx: Tx, team: str) -> Listing | None:
    """Return how far the listing came; None if none has begun."""
    columns = directory_listings.c
    query = select(
        columns.cursor, columns.page_size, columns.started_at, columns.next_page_at, columns.completed_at
    ).where(columns.team == team)
    row = (await tx.execute(query)).first()
    return None if row is None else Listing.model_validate(dict(row._mapping))


async def set_listing(tx: Tx, team: str, progress: Listing) -> None:
    """Store how far the listing came."""
    await tx.execute(delete(directory_listings).where(directory_listings.c.team == team))
    await tx.execute(directory_listings.insert().values(team=team, **progress.model_dump()))
