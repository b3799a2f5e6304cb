"""What people were shown of a request beyond its card."""

from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.requests.model import Person, Request
from bot.storage.tables import disclosures
from bot.storage.transactions import Parameters, Tx

Means = Literal["pages", "file"]
"""How somebody was shown the text of a request."""

_ADD_ONCE = {
    "postgresql": postgresql.insert(disclosures).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(disclosures).on_conflict_do_nothing(),
}
_FIND = select(disclosures.c.at).where(
    disclosures.c.request_id == bindparam("request_id"),
    disclosures.c.revision == bindparam("revision"),
    disclosures.c.content_hash == bindparam("content_hash"),
    disclosures.c.team == bindparam("team"),
    disclosures.c.user == bindparam("user"),
)


async def add(tx: Tx, request: Request, person: Person, means: Means, at: datetime) -> bool:
    """Store that a person was shown all of a revision. Returns False if that is stored already."""
    row = {**_key(request, person), "means": means, "at": at}
    return (await tx.execute(_ADD_ONCE[tx.dialect.name], row)).rowcount == 1


async def was_shown(tx: Tx, request: Request, person: Person) -> bool:
    """Return whether a person was shown all of a request as it is now."""
    return (await tx.execute(_FIND, _key(request, person))).first() is not None


def _key(request: Request, person: Person) -> Parameters:
    return {
        "request_id": request.id,
        "revision": request.revision,
        "content_hash": request.content_hash,
        "team": person.team,
        "user": person.user,
    }
