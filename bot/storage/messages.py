"""What Slack is to show: each row is one message, a projection of stored state. ``wanted`` counts what changed,
``shown`` what Slack has; a message is due while they differ, and it survives every restart until Slack has it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, case, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ids import new_id
from bot.requests.model import Value
from bot.storage.database import Tx
from bot.storage.tables import messages

FARTHEST_TRY = timedelta(minutes=10)
"""A next try further ahead than this was set before the clock was put back."""

Kind = Literal["approval", "receipt", "outcome", "details", "note", "reminder"]


class Message(Value):
    """One message. ``to`` is a channel or user id; ``channel`` and ``ts`` are where Slack has put it."""

    id: str
    request_id: str | None
    run_id: str | None = None
    kind: Kind
    to: str
    parent_id: str | None = None
    facts: Mapping[str, Any] = {}
    wanted: int = 1
    shown: int = 0
    channel: str = ""
    ts: str = ""
    state: Literal["due", "shown", "dead"] = "due"
    tries: int = 0
    next_try: datetime
    problem: str = ""
    claimed_until: datetime | None = None
    """Until when the one that claimed it last may be sending it; a later time means another one's claim."""
    first_sent: datetime | None = None
    """When its first sending began; set before it is posted, so that after a crash it is looked for first."""
    created_at: datetime


def _message(row: Row[Any]) -> Message:
    return Message.model_validate({name: getattr(row, name) for name in Message.model_fields})


async def add(
    tx: Tx,
    now: datetime,
    kind: Kind,
    to: str,
    request_id: str | None = None,
    *,
    run_id: str | None = None,
    parent_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
    dedupe: str | None = None,
) -> str:
    """Want a message. With ``dedupe``, the same message is wanted only once, however often it is asked for."""
    message = Message(
        id=new_id("m"),
        request_id=request_id,
        run_id=run_id,
        kind=kind,
        to=to,
        parent_id=parent_id,
        facts=facts or {},
        next_try=now,
        created_at=now,
    )
    dialect_insert = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
    statement = insert(messages) if dedupe is None else dialect_insert(messages).on_conflict_do_nothing()
    await tx.execute(statement, {**message.model_dump(), "dedupe": dedupe})
    return message.id


async def touch(
    tx: Tx, request_id: str, now: datetime, kinds: Sequence[Kind] = ("approval", "receipt", "outcome")
) -> None:
    """Say that a request has changed: every copy of its cards is to be brought up to date."""
    where = (messages.c.request_id == request_id, messages.c.kind.in_(kinds), messages.c.state != "dead")
    changes = {"wanted": messages.c.wanted + 1, "state": "due", "next_try": now}
    await tx.execute(update(messages).where(*where).values(changes))


async def claim(tx: Tx, now: datetime, busy: timedelta, limit: int = 50) -> Sequence[Message]:
    """Messages that are due, claimed for ``busy`` so that no other node sends them too.

    Times further ahead than anything waits were set before the clock was put back, and count as past.
    """
    free = or_(
        messages.c.claimed_until.is_(None), messages.c.claimed_until <= now, messages.c.claimed_until > now + 2 * busy
    )
    ripe = or_(messages.c.next_try <= now, messages.c.next_try > now + FARTHEST_TRY)
    where = (messages.c.state == "due", ripe, free)
    query = select(messages).where(*where).order_by(messages.c.created_at).limit(limit)
    if tx.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    rows = (await tx.execute(query)).all()
    if rows:
        ids = [row.id for row in rows]
        await tx.execute(update(messages).where(messages.c.id.in_(ids)).values(claimed_until=now + busy))
    return [_message(row).model_copy(update={"claimed_until": now + busy}) for row in rows]


async def release(tx: Tx) -> None:
    """Give up every claim: whoever had one is gone. Only where one process uses the database."""
    await tx.execute(
        update(messages)
        .where(messages.c.state == "due", messages.c.claimed_until.is_not(None))
        .values(claimed_until=None)
    )


async def get(tx: Tx, message_id: str) -> Message | None:
    """One message."""
    row = (await tx.execute(select(messages).where(messages.c.id == message_id))).one_or_none()
    return _message(row) if row else None


async def of_request(tx: Tx, request_id: str, kinds: Sequence[Kind] = ()) -> Sequence[Message]:
    """The messages of a request, oldest first."""
    query = select(messages).where(messages.c.request_id == request_id).order_by(messages.c.created_at, messages.c.id)
    if kinds:
        query = query.where(messages.c.kind.in_(kinds))
    return [_message(row) for row in await tx.execute(query)]


async def sending(tx: Tx, message: Message, now: datetime, busy: timedelta) -> bool:
    """A first sending begins: from now on Slack may have it. False where the claim was lost, since sending took so
    long that another node has taken the message; else the claim holds for ``busy`` again."""
    ours = (messages.c.id == message.id, messages.c.claimed_until == message.claimed_until)
    changes = {"first_sent": now, "claimed_until": now + busy}
    return (await tx.execute(update(messages).where(*ours).values(changes))).rowcount == 1


async def delivered(tx: Tx, message: Message, channel: str, ts: str, shown: int) -> None:
    """Slack has it. It is due again where more has changed since it was rendered, also where another node has shown
    that meanwhile: this one's older content has just taken its place."""
    state = case((messages.c.wanted <= shown, "shown"), else_="due")
    await tx.execute(
        update(messages)
        .where(messages.c.id == message.id)
        .values(channel=channel, ts=ts, shown=shown, state=state, tries=0, problem="", claimed_until=None)
    )


async def postponed(tx: Tx, message: Message, until: datetime, problem: str) -> None:
    """Slack did not take it this time."""
    tries = message.tries + 1 if problem else message.tries
    changes = {"next_try": until, "problem": problem[:500], "tries": tries, "claimed_until": None}
    await tx.execute(update(messages).where(messages.c.id == message.id).values(changes))


async def dead(tx: Tx, message: Message, problem: str) -> None:
    """Slack will never take it."""
    changes = {"state": "dead", "problem": problem[:500], "claimed_until": None}
    await tx.execute(update(messages).where(messages.c.id == message.id).values(changes))


async def forget(tx: Tx, before: datetime) -> int:
    """Delete one-off messages that Slack has had since before a moment; the cards stay. Returns how many."""
    once = messages.c.kind.in_(("note", "reminder", "details"))
    where = (once, messages.c.state != "due", messages.c.created_at < before)
    return (await tx.execute(delete(messages).where(*where))).rowcount
