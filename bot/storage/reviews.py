"""The reviews of emergencies: which are due, and what came of them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.errors import Conflict
from bot.requests.emergency import DueReview
from bot.requests.model import Person
from bot.storage.tables import reviews
from bot.storage.transactions import Tx

_ADD = {
    name: insert(reviews).on_conflict_do_update(
        index_elements=["request_id"], set_={"asked_at": None}, where=reviews.c.reviewed_at.is_(None)
    )
    for name, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
}
_OF_REQUEST = select(reviews).where(reviews.c.request_id == bindparam("of_request"))
_NOT_REVIEWED = select(reviews).where(reviews.c.reviewed_at.is_(None)).order_by(reviews.c.due_at, reviews.c.request_id)
_TO_TELL = _NOT_REVIEWED.where(
    or_(
        reviews.c.asked_at.is_(None),
        (reviews.c.overdue_told_at.is_(None)) & (reviews.c.due_at <= bindparam("now")),
    )
).limit(100)


def _review(row: RowMapping) -> DueReview:
    by = Person(team=row["team"], user=row["user"]) if row["user"] else None
    return DueReview.model_validate({**{n: row[n] for n in DueReview.model_fields if n != "by"}, "by": by})


async def add(tx: Tx, request_id: str, due_at: datetime) -> None:
    """Store that an emergency is to be reviewed. If that is stored already, its time stays, and the reviewers are told
    once more."""
    await tx.execute(_ADD[tx.dialect.name], {"request_id": request_id, "due_at": due_at, "comment": ""})


async def of_request(tx: Tx, request_id: str) -> DueReview | None:
    """Return the review of a request; None if it is no emergency that was approved."""
    row = (await tx.execute(_OF_REQUEST, {"of_request": request_id})).mappings().one_or_none()
    return _review(row) if row else None


async def not_reviewed(tx: Tx, limit: int = 100) -> Sequence[DueReview]:
    """Return the reviews that are due, the first to be due first."""
    return [_review(row) for row in (await tx.execute(_NOT_REVIEWED.limit(limit))).mappings()]


async def to_tell(tx: Tx, now: datetime) -> Sequence[DueReview]:
    """Return the reviews whose reviewers have not been asked, or not told that it is overdue."""
    return [_review(row) for row in (await tx.execute(_TO_TELL, {"now": now})).mappings()]


async def mark_told(tx: Tx, review: DueReview, now: datetime) -> bool:
    """Record that the reviewers are told now. Returns False if somebody else has done so."""
    is_overdue = now >= review.due_at
    not_told = reviews.c.overdue_told_at if is_overdue else reviews.c.asked_at
    where = (reviews.c.request_id == review.request_id, reviews.c.reviewed_at.is_(None), not_told.is_(None))
    changes = {"asked_at": review.asked_at or now, **({"overdue_told_at": now} if is_overdue else {})}
    return (await tx.execute(update(reviews).where(*where).values(**changes))).rowcount == 1


async def drop(tx: Tx, request_id: str) -> None:
    """Forget a review that is not due after all."""
    where = (reviews.c.request_id == request_id, reviews.c.reviewed_at.is_(None))
    await tx.execute(delete(reviews).where(*where))


async def complete(tx: Tx, request_id: str, person: Person, comment: str, at: datetime) -> None:
    """Store a review. Raises Conflict if there is one."""
    where = (reviews.c.request_id == request_id, reviews.c.reviewed_at.is_(None))
    values = {"team": person.team, "user": person.user, "comment": comment, "reviewed_at": at}
    if (await tx.execute(update(reviews).where(*where).values(**values))).rowcount != 1:
        raise Conflict("Somebody else has reviewed it already.")
