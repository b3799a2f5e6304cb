"""How much one person has decided."""

from datetime import datetime

from sqlalchemy import or_, select

from bot.requests.model import Person
from bot.storage.tables import decisions
from bot.storage.transactions import Tx


async def approved_since(tx: Tx, person: Person, since: datetime) -> frozenset[str]:
    """Return the ids of the requests that a person, or somebody in their place, has approved since a moment. An
    approval that was taken back does not count."""
    where = (
        decisions.c.team == person.team,
        or_(decisions.c.user == person.user, decisions.c.on_behalf_of == person.user),
        decisions.c.verdict == "approved",
        decisions.c.at >= since,
        decisions.c.retracted_at.is_(None),
    )
    return frozenset((await tx.execute(select(decisions.c.request_id).where(*where))).scalars())
