"""Requests in the database. A state changes in one place: compare-and-set on state and version."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, insert, select, update

from bot.errors import Conflict, NotFound
from bot.requests.lifecycle import OPEN_STATES, STATE_LABELS, can_transition
from bot.requests.model import Decision, Person, Request, RequestState, RequestSummary
from bot.storage.counters import next_value
from bot.storage.tables import decisions, requests, revisions
from bot.storage.transactions import Tx

_COLUMNS = (
    "id",
    "number",
    "state",
    "version",
    "revision",
    "approve_by",
    "remind_at",
    "start_at",
    "latest_start",
    "created_at",
    "approved_at",
    "started_at",
    "finished_at",
    "outcome",
)
_SUMMARY = select(
    *(requests.c[name] for name in ("id", "number", "revision", "state", "user", "start_at", "created_at")),
    requests.c.record["title"].as_string().label("title"),
)
_ADD = insert(requests)
_ADD_REVISION = insert(revisions)
_GET = select(requests).where(requests.c.id == bindparam("its_id"))
_GET_FOR_UPDATE = _GET.with_for_update()
_BY_NUMBER = select(requests).where(requests.c.number == bindparam("its_number"))
_BY_DRAFT = select(requests).where(requests.c.draft_id == bindparam("its_draft"))
_TRANSITION = update(requests).where(
    requests.c.id == bindparam("its_id"), requests.c.state == bindparam("was"), requests.c.version == bindparam("seen")
)
_OF_PERSON = (
    _SUMMARY.where(requests.c.team == bindparam("its_team"), requests.c.user == bindparam("its_user"))
    .order_by(requests.c.number.desc())
    .limit(bindparam("most"))
)
_AWAITING = _SUMMARY.where(requests.c.state == "awaiting_approval").order_by(requests.c.number).limit(bindparam("most"))
_RECENT = _SUMMARY.order_by(requests.c.number.desc()).limit(bindparam("most"))
_OPEN_NUMBERS = (
    select(requests.c.number)
    .where(requests.c.state.in_(sorted(OPEN_STATES)))
    .order_by(requests.c.number.desc())
    .limit(bindparam("most"))
)
_TARGET_NAMES = select(requests.c.id, requests.c.record["targets", "names"].label("names")).where(
    requests.c.number.in_(bindparam("numbers", expanding=True))
)
_ADD_DECISION = insert(decisions)
_DECISIONS = (
    select(decisions).where(decisions.c.request_id == bindparam("its_request")).order_by(decisions.c.at, decisions.c.id)
)
_OUTSIDE_RECORD = {*_COLUMNS, "requester"}


def _request(row: Row[Any]) -> Request:
    columns = {name: getattr(row, name) for name in _COLUMNS}
    return Request.model_validate({**row.record, **columns, "requester": {"team": row.team, "user": row.user}})


def _record(request: Request) -> dict[str, Any]:
    return request.model_dump(mode="json", exclude=_OUTSIDE_RECORD)


def _columns(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in _COLUMNS} | {
        "backend": request.content.backend,
        "operation": request.content.operation,
        "team": request.requester.team,
        "user": request.requester.user,
        "record": _record(request),
    }


async def next_number(tx: Tx) -> int:
    """The next number that people will say (NS-12)."""
    return await next_value(tx, "requests")


async def add(tx: Tx, request: Request, draft_id: str | None) -> None:
    """Store a new request and its first revision. A draft can become only one request."""
    columns = _columns(request)
    await tx.execute(_ADD, {**columns, "draft_id": draft_id})
    await _add_revision(tx, request, columns["record"], request.requester, request.created_at)


async def get(tx: Tx, request_id: str, *, for_update: bool = False) -> Request:
    """One request. Raises NotFound. With ``alone`` others who would change it too wait until this transaction ends."""
    row = (await tx.execute(_GET_FOR_UPDATE if for_update else _GET, {"its_id": request_id})).one_or_none()
    if row is None:
        raise NotFound("This request is not known here any more.")
    return _request(row)


async def by_number(tx: Tx, number: int) -> Request:
    """One request by the number that people say. Raises NotFound."""
    row = (await tx.execute(_BY_NUMBER, {"its_number": number})).one_or_none()
    if row is None:
        raise NotFound(f"There is no request NS-{number}. /nightshift list shows the recent ones.")
    return _request(row)


async def by_draft(tx: Tx, draft_id: str) -> Request | None:
    """The request that a draft became, if it did."""
    row = (await tx.execute(_BY_DRAFT, {"its_draft": draft_id})).one_or_none()
    return _request(row) if row else None


async def transition(tx: Tx, request: Request, state: RequestState, **changes: Any) -> Request:
    """Go to another state, or stay and change something: only if nobody was first. Raises Conflict.

    ``changes`` are other attributes of the request.
    """
    if state != request.state and not can_transition(request.state, state):
        raise Conflict(f"{request.name} is already {STATE_LABELS[request.state].lower()}.")
    # Validated as a whole, so that a name that is no attribute of a request is refused rather than dropped.
    after = Request.model_validate({**request.model_dump(), **changes, "state": state, "version": request.version + 1})
    where = {"its_id": request.id, "was": request.state, "seen": request.version}
    done = await tx.execute(_TRANSITION, {**_columns(after), **where})
    if done.rowcount != 1:
        now = await get(tx, request.id)
        raise Conflict(f"{request.name} has changed in the meantime: {STATE_LABELS[now.state].lower()}.")
    return after


async def revise(tx: Tx, request: Request, by: Person, at: datetime, state: RequestState, **changes: Any) -> Request:
    """Replace the content: a new revision, to be approved anew. Raises Conflict."""
    after = await transition(tx, request, state, revision=request.revision + 1, **changes)
    await _add_revision(tx, after, _record(after), by, at)
    return after


async def _add_revision(tx: Tx, request: Request, record: Mapping[str, Any], by: Person, at: datetime) -> None:
    row = {
        "request_id": request.id,
        "revision": request.revision,
        "content_hash": request.content_hash,
        "record": record,
        "by": by.user,
        "at": at,
    }
    await tx.execute(_ADD_REVISION, row)


async def past_approve_by(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Requests whose time for a decision has run out."""
    return await _fetch(
        tx,
        select(requests)
        .where(requests.c.state == "awaiting_approval", requests.c.approve_by <= now)
        .order_by(requests.c.approve_by)
        .limit(limit),
    )


async def past_remind_at(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Requests whose approvers are to be reminded."""
    return await _fetch(
        tx,
        select(requests)
        .where(requests.c.state == "awaiting_approval", requests.c.remind_at <= now)
        .order_by(requests.c.remind_at)
        .limit(limit),
    )


async def open_numbers(tx: Tx, limit: int = 5000) -> Sequence[int]:
    """The numbers of the requests that are not over, the newest first."""
    return (await tx.execute(_OPEN_NUMBERS, {"most": limit})).scalars().all()


async def target_names(tx: Tx, numbers: Sequence[int]) -> Mapping[str, Sequence[str]]:
    """The names of the targets of some requests, by their ids."""
    return {row.id: row.names or () for row in await tx.execute(_TARGET_NAMES, {"numbers": list(numbers)})}


async def by_ids(tx: Tx, ids: Sequence[str]) -> Sequence[Request]:
    """Some requests by their ids, in any order."""
    return await _fetch(tx, select(requests).where(requests.c.id.in_(ids)))


async def summaries_of_person(tx: Tx, person: Person, limit: int = 20) -> Sequence[RequestSummary]:
    """A person's own requests, newest first."""
    return await _summaries(tx, _OF_PERSON, its_team=person.team, its_user=person.user, most=limit)


async def summaries_awaiting_approval(tx: Tx, limit: int = 20) -> Sequence[RequestSummary]:
    """Requests that wait for approval, oldest first."""
    return await _summaries(tx, _AWAITING, most=limit)


async def recent_summaries(tx: Tx, limit: int = 20) -> Sequence[RequestSummary]:
    """The newest requests of everybody."""
    return await _summaries(tx, _RECENT, most=limit)


async def auto_approvals_since(tx: Tx, since: datetime) -> dict[str, int]:
    """How many requests each policy rule has approved at once since a moment."""
    asked = requests.c.record["requirement"]
    query = (
        select(asked["rules"].as_string().label("rules"), func.count().label("many"))
        .where(requests.c.approved_at >= since, asked["effect"].as_string() == "approve")
        .group_by("rules")
    )
    found: Counter[str] = Counter()
    for row in await tx.execute(query):
        found.update(dict.fromkeys(json.loads(row.rules), row.many))
    return dict(found)


async def _summaries(tx: Tx, query: Select[Any], **about: Any) -> Sequence[RequestSummary]:
    return [
        RequestSummary(
            id=row.id,
            number=row.number,
            revision=row.revision,
            state=row.state,
            title=row.title,
            requester=row.user,
            display_time=row.start_at or row.created_at,
        )
        for row in await tx.execute(query, about)
    ]


async def _fetch(tx: Tx, query: Select[Any]) -> Sequence[Request]:
    return [_request(row) for row in await tx.execute(query)]


async def add_decision(tx: Tx, decision: Decision, interaction_context: dict[str, Any]) -> None:
    """Store a decision."""
    values = decision.model_dump(exclude={"person"}) | {
        "team": decision.person.team,
        "user": decision.person.user,
        "interaction_context": interaction_context,
    }
    await tx.execute(_ADD_DECISION, values)


async def retract_decision(tx: Tx, decision_id: str, at: datetime) -> None:
    """Mark a decision as withdrawn by the one who made it."""
    where = (decisions.c.id == decision_id, decisions.c.retracted_at.is_(None))
    done = await tx.execute(update(decisions).where(*where).values(retracted_at=at))
    if done.rowcount != 1:
        raise Conflict("That decision was taken back already.")


async def decisions_of(tx: Tx, request_id: str) -> Sequence[Decision]:
    """All decisions on a request, oldest first, on whatever revision."""
    rows = await tx.execute(_DECISIONS, {"its_request": request_id})
    return [
        Decision(
            id=row.id,
            request_id=row.request_id,
            revision=row.revision,
            content_hash=row.content_hash,
            person=Person(team=row.team, user=row.user),
            verdict=row.verdict,
            comment=row.comment,
            at=row.at,
            retracted_at=row.retracted_at,
            on_behalf_of=row.on_behalf_of,
        )
        for row in rows
    ]


async def past_latest_start(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Requests that wait for approval although their latest start has passed."""
    where = (requests.c.state == "awaiting_approval", requests.c.latest_start <= now)
    return await _fetch(tx, select(requests).where(*where).limit(limit))
