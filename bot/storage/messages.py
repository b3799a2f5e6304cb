"""The messages that Slack is to show. Each row is one message, a projection of stored state.

``desired_version`` counts the changes, ``shown_version`` is what Slack has. A message is due while the two differ, and
it stays due over restarts until Slack has it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import JsonValue
from sqlalchemy import RowMapping, and_, bindparam, case, delete, insert, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.ids import new_id
from bot.requests.lifecycle import FINAL_STATES
from bot.storage.tables import messages, requests
from bot.storage.transactions import Parameters, Tx
from bot.values import FrozenModel, StoredJson

MAX_RETRY_DELAY = timedelta(minutes=10)
"""Maximum delay of a retry. A later ``retry_at`` was stored before the clock was set back, and counts as due."""

MessageKind = Literal["approval", "receipt", "outcome", "details", "note", "reminder", "copies"]
"""``copies`` is no message itself: it makes the cards of the approvers who are not in the channel."""

_ADD = insert(messages)
_ADD_ONCE = {
    "postgresql": postgresql.insert(messages).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(messages).on_conflict_do_nothing(),
}
_GET = select(messages).where(messages.c.id == bindparam("row_id"))
_OF_REQUEST = (
    select(messages)
    .where(messages.c.request_id == bindparam("of_request"))
    .order_by(messages.c.created_at, messages.c.id)
)
_MARK_DIRTY = (
    update(messages)
    .where(
        messages.c.request_id == bindparam("of_request"),
        messages.c.kind.in_(bindparam("kinds", expanding=True)),
        messages.c.state != "undeliverable",
    )
    .values(
        desired_version=messages.c.desired_version + 1,
        state="due",
        # A message that waits already keeps its turn when it changes once more.
        retry_at=case(
            (and_(messages.c.state == "due", messages.c.retry_at <= bindparam("now")), messages.c.retry_at),
            else_=bindparam("now", type_=messages.c.retry_at.type),
        ),
    )
)
_UNCLAIMED = or_(
    messages.c.claimed_until.is_(None),
    messages.c.claimed_until <= bindparam("now"),
    messages.c.claimed_until > bindparam("farthest_claim"),
)
_RETRY_DUE = or_(messages.c.retry_at <= bindparam("now"), messages.c.retry_at > bindparam("farthest_retry"))
_NOT_THROTTLED = not_(
    or_(
        and_(messages.c.ts == "", messages.c.recipient.in_(bindparam("throttled_posts", expanding=True))),
        and_(messages.c.ts != "", messages.c.recipient.in_(bindparam("throttled_updates", expanding=True))),
    )
)
_CLAIM = (
    select(messages)
    .where(messages.c.state == "due", _RETRY_DUE, _UNCLAIMED, _NOT_THROTTLED)
    .order_by(messages.c.retry_at, messages.c.created_at)
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)
_UPDATE_MANY = update(messages).where(messages.c.id.in_(bindparam("row_ids", expanding=True)))
_RELEASE_MANY = _UPDATE_MANY.where(messages.c.claimed_by == bindparam("expected_node"))
_UPDATE_ONE = update(messages).where(messages.c.id == bindparam("row_id"))
_BEGIN_SENDING = _UPDATE_ONE.where(messages.c.claimed_until == bindparam("expected_claim"))
_POSTPONE = _UPDATE_ONE.where(messages.c.claimed_by == bindparam("expected_node"))
_NO_CLAIM = {"claimed_until": None, "claimed_by": None}
_CLAIMING_NODES = (
    select(messages.c.claimed_by)
    .where(messages.c.state == "due", messages.c.claimed_until > bindparam("until"), messages.c.claimed_by.is_not(None))
    .distinct()
)
_RELEASE_ALL = update(messages).where(messages.c.state == "due", messages.c.claimed_until.is_not(None))
_BEING_POSTED = and_(messages.c.first_sent_at.is_not(None), messages.c.ts == "")
_NEW_END_OF_CLAIM = case((_BEING_POSTED, bindparam("end_if_posting")), else_=bindparam("end_if_idle"))
_SHORTEN_CLAIMS = (
    update(messages)
    .where(
        messages.c.state == "due",
        messages.c.claimed_by == bindparam("node"),
        messages.c.claimed_until > _NEW_END_OF_CLAIM,
    )
    .values(claimed_until=_NEW_END_OF_CLAIM)
)


class Message(FrozenModel):
    """One message. ``recipient`` is a channel or user; ``channel`` and ``ts`` say where Slack has put it."""

    id: str
    request_id: str | None
    run_id: str | None = None
    kind: MessageKind
    recipient: str
    parent_id: str | None = None
    facts: Mapping[str, StoredJson] = {}
    desired_version: int = 1
    shown_version: int = 0
    channel: str = ""
    ts: str = ""
    state: Literal["due", "shown", "undeliverable"] = "due"
    send_failures: int = 0
    retry_at: datetime
    problem: str = ""
    claimed_by: str | None = None
    """The node that claimed it last; None if no node has it."""
    claimed_until: datetime | None = None
    """When the last claim ends. A node holds a claim only while this is the value that it stored."""
    first_sent_at: datetime | None = None
    """When its first sending began. Stored before the post, so that after a crash Slack is searched first."""
    created_at: datetime


def _message(row: RowMapping) -> Message:
    return Message.model_validate({name: row[name] for name in Message.model_fields})


async def add(
    tx: Tx,
    now: datetime,
    kind: MessageKind,
    recipient: str,
    request_id: str | None = None,
    *,
    run_id: str | None = None,
    parent_id: str | None = None,
    facts: Mapping[str, JsonValue] | None = None,
    dedupe: str | None = None,
) -> str:
    """Store a message to be sent. Returns its id. A second message with the same ``dedupe`` is not stored."""
    message = Message(
        id=new_id("m"),
        request_id=request_id,
        run_id=run_id,
        kind=kind,
        recipient=recipient,
        parent_id=parent_id,
        facts=facts or {},
        retry_at=now,
        created_at=now,
    )
    statement = _ADD if dedupe is None else _ADD_ONCE[tx.dialect.name]
    await tx.execute(statement, {**message.model_dump(), "dedupe": dedupe})
    return message.id


async def mark_dirty(
    tx: Tx,
    request_id: str,
    now: datetime,
    kinds: Sequence[MessageKind] = ("approval", "receipt", "outcome", "reminder"),
) -> None:
    """Make every copy of a request's cards due, and its reminders, because the request has changed."""
    await tx.execute(_MARK_DIRTY, {"of_request": request_id, "kinds": list(kinds), "now": now})


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
    """Claim due messages for a node, so that no other node sends them. Returns them.

    Throttled recipients are left out. A time further ahead than any wait was stored before the clock was set back, and
    counts as past.
    """
    parameters: Parameters = {
        "now": now,
        "farthest_claim": now + 2 * duration,
        "farthest_retry": now + MAX_RETRY_DELAY,
        "throttled_posts": list(throttled_posts),
        "throttled_updates": list(throttled_updates),
        "max_rows": limit,
    }
    due = [_message(row) for row in (await tx.execute(_CLAIM, parameters)).mappings()]
    changes: Parameters = {"claimed_until": now + duration, "claimed_by": node}
    if due:
        await tx.execute(_UPDATE_MANY, {**changes, "row_ids": [message.id for message in due]})
    return [message.model_copy(update=changes) for message in due]


async def release_claims(tx: Tx, claimed: Sequence[Message], node: str) -> None:
    """Release messages that a node claimed and did not send. Those that another node has claimed since are kept."""
    row_ids = [message.id for message in claimed]
    await tx.execute(_RELEASE_MANY, {"row_ids": row_ids, "expected_node": node, **_NO_CLAIM})


async def claiming_nodes(tx: Tx, until: datetime) -> set[str]:
    """Return the nodes that hold a claim which ends later than ``until``."""
    return {str(node) for node in (await tx.execute(_CLAIMING_NODES, {"until": until})).scalars()}


async def shorten_claims(tx: Tx, node: str, end_if_idle: datetime, end_if_posting: datetime) -> int:
    """Let the claims of a dead node end earlier. Returns how many were shortened.

    ``end_if_posting`` is for messages that may be in the middle of their first post. If the node is alive after all,
    it begins no post with a shortened claim.
    """
    ends = {"end_if_idle": end_if_idle, "end_if_posting": end_if_posting}
    return (await tx.execute(_SHORTEN_CLAIMS, {"node": node, **ends})).rowcount


async def release_all_claims(tx: Tx) -> None:
    """Release every claim. Only for a database that a single process uses: whoever held a claim is dead."""
    await tx.execute(_RELEASE_ALL, _NO_CLAIM)


async def get(tx: Tx, message_id: str) -> Message | None:
    """Return a message; None if there is none with this id."""
    row = (await tx.execute(_GET, {"row_id": message_id})).mappings().one_or_none()
    return _message(row) if row else None


async def of_request(tx: Tx, request_id: str, kinds: Sequence[MessageKind] = ()) -> Sequence[Message]:
    """Return the messages of a request, oldest first; only some kinds, if any are given."""
    rows = (await tx.execute(_OF_REQUEST, {"of_request": request_id})).mappings()
    return [message for message in map(_message, rows) if not kinds or message.kind in kinds]


async def of_run(tx: Tx, request_id: str, run_id: str, kind: MessageKind) -> Mapping[str, str]:
    """Return the ids of the messages of a kind about a run, by recipient."""
    several = await of_request(tx, request_id, [kind])
    return {message.recipient: message.id for message in several if message.run_id == run_id}


async def begin_sending(tx: Tx, message: Message, now: datetime, claim_duration: timedelta) -> bool:
    """Record that the first sending begins and prolong the claim. From now on Slack may have the message.

    Returns False if the claim was lost, because another node has taken the message over.
    """
    expected = {"row_id": message.id, "expected_claim": message.claimed_until}
    changes = {"first_sent_at": now, "claimed_until": now + claim_duration}
    return (await tx.execute(_BEGIN_SENDING, {**expected, **changes})).rowcount == 1


async def mark_delivered(tx: Tx, message: Message, channel: str, ts: str, version: int) -> None:
    """Record that Slack has a version of a message.

    The message stays due if it has changed since it was rendered. That holds also if another node has shown the newer
    version meanwhile, because this older one has just replaced it.
    """
    state = case((messages.c.desired_version <= version, "shown"), else_="due")
    await tx.execute(
        update(messages)
        .where(messages.c.id == message.id)
        .values(channel=channel, ts=ts, shown_version=version, state=state, send_failures=0, problem="", **_NO_CLAIM)
    )


async def postpone(tx: Tx, message: Message, until: datetime, problem: str) -> None:
    """Retry a message later. Changes nothing if another node has claimed it since."""
    failures = message.send_failures + 1 if problem else message.send_failures
    expected = {"row_id": message.id, "expected_node": message.claimed_by}
    changes = {"retry_at": until, "problem": problem[:500], "send_failures": failures, **_NO_CLAIM}
    await tx.execute(_POSTPONE, {**expected, **changes})


async def mark_undeliverable(tx: Tx, message: Message, problem: str) -> None:
    """Record that Slack will never take a message."""
    changes = {"state": "undeliverable", "problem": problem[:500], **_NO_CLAIM}
    await tx.execute(_UPDATE_ONE, {"row_id": message.id, **changes})


async def forget_posted(tx: Tx, message: Message) -> None:
    """Let a message be posted again, because the one in Slack is gone. The old one is forgotten."""
    changes: Parameters = {"ts": "", "channel": "", "first_sent_at": None, "state": "due", "send_failures": 0}
    await tx.execute(_UPDATE_ONE, {"row_id": message.id, **changes, **_NO_CLAIM})


async def revive(tx: Tx, places: Collection[str], now: datetime) -> int:
    """Let the cards of requests that are not over be posted again in places that could not be written to. Returns how
    many."""
    is_open = messages.c.request_id.in_(select(requests.c.id).where(requests.c.state.not_in(sorted(FINAL_STATES))))
    where = (messages.c.kind == "approval", messages.c.state == "undeliverable", is_open)
    changes: Parameters = {"ts": "", "channel": "", "first_sent_at": None, "state": "due", "retry_at": now}
    statement = update(messages).where(*where, messages.c.recipient.in_(list(places))).values(**changes, **_NO_CLAIM)
    return (await tx.execute(statement)).rowcount


async def move_channel(tx: Tx, old: str, new: str, now: datetime) -> None:
    """Give a channel its new id in every message, and send now what waits for it."""
    here = messages.c.channel == old
    await tx.execute(update(messages).where(here).values(channel=new))
    await tx.execute(update(messages).where(messages.c.recipient == old).values(recipient=new))
    due = (messages.c.state == "due", or_(messages.c.channel == new, messages.c.recipient == new))
    await tx.execute(update(messages).where(*due).values(retry_at=now))


async def detach(tx: Tx, message: Message) -> None:
    """Let a message be posted outside of its thread, because the thread is gone."""
    await tx.execute(_UPDATE_ONE, {"row_id": message.id, "parent_id": None, **_NO_CLAIM})


async def make_plain(tx: Tx, message: Message, problem: str) -> None:
    """Let a message be sent as text alone, because Slack refuses its blocks."""
    changes: Parameters = {"facts": {**message.facts, "plain": True}, "problem": problem}
    await tx.execute(_UPDATE_ONE, {"row_id": message.id, **changes, **_NO_CLAIM})


async def mark_hidden(tx: Tx, message: Message, is_hidden: bool) -> None:
    """Record whether Slack shows nothing of the request of a message."""
    await tx.execute(_UPDATE_ONE, {"row_id": message.id, "facts": {**message.facts, "hidden": is_hidden}})


async def delete_unsent(tx: Tx, message_ids: Sequence[str], node: str) -> bool:
    """Delete messages that a node has claimed and that nobody has begun to send, because another one says the same.
    Returns False, and deletes none, if that is not so of all of them."""
    chosen = and_(
        messages.c.id.in_(message_ids),
        messages.c.claimed_by == node,
        messages.c.ts == "",
        messages.c.first_sent_at.is_(None),
    )
    found = (await tx.execute(select(messages.c.id).where(chosen).with_for_update())).all()
    if len(found) < len(message_ids):
        return False
    await tx.execute(delete(messages).where(chosen))
    return True


async def delete_before(tx: Tx, before: datetime) -> int:
    """Delete one-off messages that were created before a moment and are not due; cards stay. Returns how many."""
    is_one_off = messages.c.kind.in_(("note", "reminder", "details", "copies"))
    where = (is_one_off, messages.c.state != "due", messages.c.created_at < before)
    return (await tx.execute(delete(messages).where(*where))).rowcount
