"""What Slack is to show: each row is one message, a projection of stored state. ``desired_version`` counts what
changed, ``shown_version`` what Slack has. A message is due while they differ, and it survives every restart until Slack
has it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, and_, bindparam, case, delete, insert, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ids import new_id
from bot.storage.tables import messages
from bot.storage.transactions import Tx
from bot.values import FrozenModel

MAX_RETRY_DELAY = timedelta(minutes=10)
"""A next try further ahead than this was set before the clock was put back."""

MessageKind = Literal["approval", "receipt", "outcome", "details", "note", "reminder"]

_ADD = insert(messages)
_ADD_ONCE = {
    "postgresql": postgresql.insert(messages).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(messages).on_conflict_do_nothing(),
}
_GET = select(messages).where(messages.c.id == bindparam("its_id"))
_OF_REQUEST = (
    select(messages)
    .where(messages.c.request_id == bindparam("its_request"))
    .order_by(messages.c.created_at, messages.c.id)
)
_MARK_DIRTY = (
    update(messages)
    .where(
        messages.c.request_id == bindparam("its_request"),
        messages.c.kind.in_(bindparam("kinds", expanding=True)),
        messages.c.state != "undeliverable",
    )
    .values(
        desired_version=messages.c.desired_version + 1,
        state="due",
        # What waits for its turn does not lose it by changing once more.
        next_try=case(
            (and_(messages.c.state == "due", messages.c.next_try <= bindparam("now")), messages.c.next_try),
            else_=bindparam("now", type_=messages.c.next_try.type),
        ),
    )
)
_UNCLAIMED = or_(
    messages.c.claimed_until.is_(None),
    messages.c.claimed_until <= bindparam("now"),
    messages.c.claimed_until > bindparam("farthest_claim"),
)
_RETRY_DUE = or_(messages.c.next_try <= bindparam("now"), messages.c.next_try > bindparam("farthest_try"))
_NOT_THROTTLED = not_(
    or_(
        and_(messages.c.ts == "", messages.c.to.in_(bindparam("no_posts_to", expanding=True))),
        and_(messages.c.ts != "", messages.c.to.in_(bindparam("no_updates_in", expanding=True))),
    )
)
_CLAIM = (
    select(messages)
    .where(messages.c.state == "due", _RETRY_DUE, _UNCLAIMED, _NOT_THROTTLED)
    .order_by(messages.c.next_try, messages.c.created_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_UPDATE_MANY = update(messages).where(messages.c.id.in_(bindparam("ids", expanding=True)))
_RELEASE_MANY = _UPDATE_MANY.where(messages.c.claimed_by == bindparam("its_node"))
_UPDATE_ONE = update(messages).where(messages.c.id == bindparam("its_id"))
_BEGIN_SENDING = _UPDATE_ONE.where(messages.c.claimed_until == bindparam("its_claim"))
_POSTPONE = _UPDATE_ONE.where(messages.c.claimed_by == bindparam("its_node"))
_NO_CLAIM = {"claimed_until": None, "claimed_by": None}
_CLAIMING_NODES = (
    select(messages.c.claimed_by)
    .where(messages.c.state == "due", messages.c.claimed_until > bindparam("until"), messages.c.claimed_by.is_not(None))
    .distinct()
)
_RELEASE_ALL = update(messages).where(messages.c.state == "due", messages.c.claimed_until.is_not(None))
_BEING_POSTED = and_(messages.c.first_sent.is_not(None), messages.c.ts == "")
_SHORTEN_CLAIMS = (
    update(messages)
    .where(
        messages.c.state == "due",
        messages.c.claimed_by == bindparam("node"),
        messages.c.claimed_until > case((_BEING_POSTED, bindparam("late")), else_=bindparam("soon")),
    )
    .values(claimed_until=case((_BEING_POSTED, bindparam("late")), else_=bindparam("soon")))
)


class Message(FrozenModel):
    """One message. ``to`` is a channel or user id; ``channel`` and ``ts`` are where Slack has put it."""

    id: str
    request_id: str | None
    run_id: str | None = None
    kind: MessageKind
    to: str
    parent_id: str | None = None
    facts: Mapping[str, Any] = {}
    desired_version: int = 1
    shown_version: int = 0
    channel: str = ""
    ts: str = ""
    state: Literal["due", "shown", "undeliverable"] = "due"
    tries: int = 0
    next_try: datetime
    problem: str = ""
    claimed_by: str | None = None
    """The node that claimed it last; None where nobody has it."""
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
    kind: MessageKind,
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
    statement = _ADD if dedupe is None else _ADD_ONCE[tx.dialect.name]
    await tx.execute(statement, {**message.model_dump(), "dedupe": dedupe})
    return message.id


async def mark_dirty(
    tx: Tx, request_id: str, now: datetime, kinds: Sequence[MessageKind] = ("approval", "receipt", "outcome")
) -> None:
    """Say that a request has changed: every copy of its cards is to be brought up to date."""
    await tx.execute(_MARK_DIRTY, {"its_request": request_id, "kinds": list(kinds), "now": now})


async def claim(
    tx: Tx,
    now: datetime,
    duration: timedelta,
    node: str,
    *,
    throttled_posts: Collection[str] = (),
    throttled_updates: Collection[str] = (),
    limit: int = 50,
) -> Sequence[Message]:
    """Messages that are due, claimed by a node for ``busy`` so that no other one sends them too. Places (``to``) that
    take nothing just now are left out.

    Times further ahead than anything waits were set before the clock was put back, and count as past.
    """
    about = {"now": now, "farthest_claim": now + 2 * duration, "farthest_try": now + MAX_RETRY_DELAY, "most": limit}
    shut = {"no_posts_to": list(throttled_posts), "no_updates_in": list(throttled_updates)}
    rows = (await tx.execute(_CLAIM, {**about, **shut})).all()
    until = now + duration
    if rows:
        claim = {"ids": [row.id for row in rows], "claimed_until": until, "claimed_by": node}
        await tx.execute(_UPDATE_MANY, claim)
    return [_message(row).model_copy(update={"claimed_until": until, "claimed_by": node}) for row in rows]


async def release_claims(tx: Tx, claimed: Sequence[Message], node: str) -> None:
    """Messages that a node has claimed and not sent after all are free again, if they are its own still."""
    await tx.execute(_RELEASE_MANY, {"ids": [message.id for message in claimed], "its_node": node, **_NO_CLAIM})


async def claiming_nodes(tx: Tx, until: datetime) -> set[str]:
    """The nodes whose claims last longer than until a moment."""
    return set((await tx.execute(_CLAIMING_NODES, {"until": until})).scalars())


async def shorten_claims(tx: Tx, node: str, end_if_idle: datetime, end_if_posting: datetime) -> int:
    """A node is gone: its claims end ``soon``, or ``late`` where it may be in the middle of posting, instead of when
    they would have. Returns how many. Should the node live after all, it begins to post nothing more with them."""
    return (await tx.execute(_SHORTEN_CLAIMS, {"node": node, "soon": end_if_idle, "late": end_if_posting})).rowcount


async def release_all_claims(tx: Tx) -> None:
    """Give up every claim: whoever had one is gone. Only where one process uses the database."""
    await tx.execute(_RELEASE_ALL, _NO_CLAIM)


async def get(tx: Tx, message_id: str) -> Message | None:
    """One message."""
    row = (await tx.execute(_GET, {"its_id": message_id})).one_or_none()
    return _message(row) if row else None


async def of_request(tx: Tx, request_id: str, kinds: Sequence[MessageKind] = ()) -> Sequence[Message]:
    """The messages of a request, oldest first."""
    found = [_message(row) for row in await tx.execute(_OF_REQUEST, {"its_request": request_id})]
    return [message for message in found if not kinds or message.kind in kinds]


async def begin_sending(tx: Tx, message: Message, now: datetime, claim_duration: timedelta) -> bool:
    """A first sending begins: from now on Slack may have it. False where the claim was lost, since sending took so
    long that another node has taken the message; else the claim holds for ``busy`` again."""
    ours = {"its_id": message.id, "its_claim": message.claimed_until}
    return (
        await tx.execute(_BEGIN_SENDING, {**ours, "first_sent": now, "claimed_until": now + claim_duration})
    ).rowcount == 1


async def mark_delivered(tx: Tx, message: Message, channel: str, ts: str, version: int) -> None:
    """Slack has it. It is due again where more has changed since it was rendered, also where another node has shown
    that meanwhile: this one's older content has just taken its place."""
    state = case((messages.c.desired_version <= version, "shown"), else_="due")
    await tx.execute(
        update(messages)
        .where(messages.c.id == message.id)
        .values(channel=channel, ts=ts, shown_version=version, state=state, tries=0, problem="", **_NO_CLAIM)
    )


async def postpone(tx: Tx, message: Message, until: datetime, problem: str) -> None:
    """Slack did not take it this time. Nothing changes where another node has it by now."""
    tries = message.tries + 1 if problem else message.tries
    changes = {"next_try": until, "problem": problem[:500], "tries": tries, **_NO_CLAIM}
    await tx.execute(_POSTPONE, {"its_id": message.id, "its_node": message.claimed_by, **changes})


async def mark_undeliverable(tx: Tx, message: Message, problem: str) -> None:
    """Slack will never take it."""
    changes = {"state": "undeliverable", "problem": problem[:500], **_NO_CLAIM}
    await tx.execute(_UPDATE_ONE, {"its_id": message.id, **changes})


async def delete_before(tx: Tx, before: datetime) -> int:
    """Delete one-off messages that Slack has had since before a moment; the cards stay. Returns how many."""
    once = messages.c.kind.in_(("note", "reminder", "details"))
    where = (once, messages.c.state != "due", messages.c.created_at < before)
    return (await tx.execute(delete(messages).where(*where))).rowcount
