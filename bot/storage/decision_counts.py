"""How much one person has decided."""

from datetime import datetime

from sqlalchemy import select

from bot.requests.model import Person
from bot.storage.tables import decisions
from bot.storage.transactions import Tx


async def approved_since(tx: Tx, person: Person, since: datetime) -> frozenset[str]:
    """Return the ids of the requests that a person has approved since a moment, without what they took back."""
    where = (
        decisions.c.team == person.team,
        decisions.c.user == person.user,
        decisions.c.verdict == "approved",
        decisions.c.at >= since,
        decisions.c.retracted_at.is_(None),
    )
    return frozenset((await tx.execute(select(decisions.c.request_id).where(*where))).scalars())
