"""Delegations: who decides in whose place, and when."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, or_, select, update

from bot.ids import new_id
from bot.requests.approval.delegation import Delegation
from bot.requests.model import Decision, Person
from bot.storage.tables import delegations
from bot.storage.transactions import Tx

_ACTIVE_AT = select(delegations).where(
    delegations.c.starts <= bindparam("at"),
    delegations.c.ends > bindparam("at"),
    or_(delegations.c.ended_at.is_(None), delegations.c.ended_at > bindparam("at")),
)


async def add(tx: Tx, by: Person, to: Person, starts: datetime, ends: datetime) -> str:
    """Store a delegation and end an earlier one of the same person. Returns its id."""
    await end(tx, by, starts)
    row_id = new_id("g")
    await tx.execute(
        insert(delegations).values(
            id=row_id, team=by.team, user=by.user, to_user=to.user, starts=starts, ends=ends, ended_at=None
        )
    )
    return row_id


async def end(tx: Tx, by: Person, at: datetime) -> int:
    """End a person's delegations. Returns how many there were."""
    where = (
        delegations.c.team == by.team,
        delegations.c.user == by.user,
        delegations.c.ended_at.is_(None),
        delegations.c.ends > at,
    )
    return (await tx.execute(update(delegations).where(*where).values(ended_at=at))).rowcount


async def active_at(tx: Tx, at: datetime) -> Sequence[Delegation]:
    """Return the delegations that are in force at a moment."""
    rows = (await tx.execute(_ACTIVE_AT, {"at": at})).mappings()
    return [Delegation.model_validate(dict(row)) for row in rows]


async def for_decisions(tx: Tx, decisions: Iterable[Decision], now: datetime) -> tuple[Delegation, ...]:
    """Return the delegations in force now, and those that were in force when the decisions were made.

    What somebody approved in another's place stays approved after the delegation has ended.
    """
    by_id: dict[str, Delegation] = {}
    for at in dict.fromkeys((now, *(decision.at for decision in decisions if decision.on_behalf_of))):
        by_id |= {delegation.id: delegation for delegation in await active_at(tx, at)}
    return tuple(by_id.values())
