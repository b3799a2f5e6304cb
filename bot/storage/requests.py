"""Requests in the database. A state changes only by compare-and-set on state and version."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypedDict, Unpack

from pydantic import ConfigDict, JsonValue
from sqlalchemy import RowMapping, and_, bindparam, insert, or_, select, update
from sqlalchemy.sql.base import Executable

from bot.errors import Conflict, NotFound
from bot.requests.lifecycle import FINAL_STATES, OPEN_STATES, STATE_LABELS, can_transition
from bot.requests.model import (
    Content,
    Decision,
    Person,
    Request,
    RequestState,
    RequestSummary,
    Requirement,
    TargetSet,
)
from bot.storage.counters import next_value
from bot.storage.tables import decisions, requests, revisions
from bot.storage.transactions import Parameters, Tx
from bot.telemetry import events
from bot.values import FrozenModel, JsonObject, StoredJson

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
_GET = select(requests).where(requests.c.id == bindparam("row_id"))
_GET_FOR_UPDATE = _GET.with_for_update()
_BY_NUMBER = select(requests).where(requests.c.number == bindparam("of_number"))
_BY_DRAFT = select(requests).where(requests.c.draft_id == bindparam("of_draft"))
_TRANSITION = update(requests).where(
    requests.c.id == bindparam("row_id"),
    requests.c.state == bindparam("expected_state"),
    requests.c.version == bindparam("expected_version"),
)
_AWAITING = (
    _SUMMARY.where(requests.c.state == "awaiting_approval").order_by(requests.c.number).limit(bindparam("max_rows"))
)
_RECENT = _SUMMARY.order_by(requests.c.number.desc()).limit(bindparam("max_rows"))
_OPEN_NUMBERS = (
    select(requests.c.number)
    .where(
        or_(
            requests.c.state.in_(sorted(OPEN_STATES)),
            and_(requests.c.state == "ended_unseen", requests.c.finished_at >= bindparam("unseen_since")),
        )
    )
    .order_by(requests.c.number.desc())
    .limit(bindparam("max_rows"))
)
_TARGET_NAMES = select(requests.c.id, requests.c.record["targets", "names"].label("names")).where(
    requests.c.number.in_(bindparam("numbers", expanding=True))
)
_ADD_DECISION = insert(decisions)
_DECISIONS = (
    select(decisions).where(decisions.c.request_id == bindparam("of_request")).order_by(decisions.c.at, decisions.c.id)
)
_OUTSIDE_RECORD = {*_COLUMNS, "requester"}


class Revision(FrozenModel):
    """One revision of a request, as far as its form shows it. ``by`` is the id of the user who wrote it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    revision: int
    by: str
    content: Content
    values: Mapping[str, StoredJson] = {}
    labels: Mapping[str, StoredJson] = {}
    phrase: str
    reason: str


class RequestChanges(TypedDict, total=False):
    """What can change of a request besides its state."""

    revision: int
    content: Content
    content_hash: str
    labels: JsonObject
    values: JsonObject
    title: str
    rerun_of: str
    summary: tuple[tuple[str, str], ...]
    phrase: str
    zone: str
    reason: str
    targets: TargetSet
    warnings: tuple[str, ...]
    facts: JsonObject
    calls: tuple[JsonObject, ...]
    changes: tuple[Mapping[str, str], ...]
    revision_changes: tuple[Mapping[str, str], ...]
    last_editor: str
    editors: tuple[str, ...]
    requester: Person
    former_authors: tuple[str, ...]
    author_groups: tuple[str, ...] | None
    scheduler: Literal["backend", "nightshift"]
    scheduler_reason: str
    requirement: Requirement
    approve_by: datetime | None
    remind_at: datetime | None
    start_at: datetime | None
    latest_start: datetime | None
    round_opened_at: datetime | None
    approved_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str
    start_notes: tuple[str, ...]


def _request(row: RowMapping) -> Request:
    columns = {name: row[name] for name in _COLUMNS}
    events.remember_name(row["id"], f"NS-{row['number']}")
    return Request.model_validate({**row["record"], **columns, "requester": {"team": row["team"], "user": row["user"]}})


def _record(request: Request) -> Mapping[str, JsonValue]:
    return request.model_dump(mode="json", exclude=_OUTSIDE_RECORD)


def _columns(request: Request, record: Mapping[str, JsonValue]) -> Parameters:
    return {name: getattr(request, name) for name in _COLUMNS} | {
        "backend": request.content.backend,
        "operation": request.content.operation,
        "team": request.requester.team,
        "user": request.requester.user,
        "record": record,
    }


async def next_number(tx: Tx) -> int:
    """Return the next request number (the 12 of NS-12)."""
    return await next_value(tx, "requests")


async def add(tx: Tx, request: Request, draft_id: str | None) -> None:
    """Store a new request and its first revision. A draft can become only one request."""
    record = _record(request)
    await tx.execute(_ADD, {**_columns(request, record), "draft_id": draft_id})
    await _add_revision(tx, request, record, request.requester, request.created_at)
    events.remember_name(request.id, request.name)
    _tell(tx, request, was="new")


def _tell(tx: Tx, request: Request, was: str) -> None:
    state, backend = request.state, request.content.backend
    tx.after_commit(lambda: events.request_changed(request.name, backend, was, state, request.revision))


async def get(tx: Tx, request_id: str, *, for_update: bool = False) -> Request:
    """Return a request. With ``for_update`` its row is locked until the transaction ends. Raises NotFound."""
    row = (await tx.execute(_GET_FOR_UPDATE if for_update else _GET, {"row_id": request_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("This request is not known here any more.")
    return _request(row)


async def by_number(tx: Tx, number: int) -> Request:
    """Return the request with a number. Raises NotFound."""
    request = await find_by_number(tx, number)
    if request is None:
        raise no_such_request(number)
    return request


async def find_by_number(tx: Tx, number: int) -> Request | None:
    """Return the request with a number; None if there is none."""
    row = (await tx.execute(_BY_NUMBER, {"of_number": number})).mappings().one_or_none()
    return _request(row) if row else None


def no_such_request(number: int) -> NotFound:
    """Return the error for a number that no request has, or none that the person may see."""
    return NotFound(f"There is no request NS-{number}. /nightshift list shows the recent ones.")


async def by_draft(tx: Tx, draft_id: str) -> Request | None:
    """Return the request that a draft became; None if it is not submitted."""
    row = (await tx.execute(_BY_DRAFT, {"of_draft": draft_id})).mappings().one_or_none()
    return _request(row) if row else None


async def transition(tx: Tx, request: Request, state: RequestState, **changes: Unpack[RequestChanges]) -> Request:
    """Change a request, and its state unless ``state`` is the same, if nobody else has changed it. Raises Conflict."""
    if state != request.state and not can_transition(request.state, state):
        raise Conflict(f"{request.name} is already {STATE_LABELS[request.state].lower()}.")
    # Validated as a whole, so that an unknown name is refused and not dropped.
    after = Request.model_validate({**request.model_dump(), **changes, "state": state, "version": request.version + 1})
    expected: Parameters = {"row_id": request.id, "expected_state": request.state, "expected_version": request.version}
    updated = await tx.execute(_TRANSITION, {**_columns(after, _record(after)), **expected})
    if updated.rowcount != 1:
        current = await get(tx, request.id)
        raise Conflict(f"{request.name} has changed in the meantime: {STATE_LABELS[current.state].lower()}.")
    if (after.state, after.revision) != (request.state, request.revision):
        _tell(tx, after, was=request.state)
    return after


async def revise(
    tx: Tx, request: Request, by: Person, at: datetime, state: RequestState, **changes: Unpack[RequestChanges]
) -> Request:
    """Replace the content by a new revision, which needs approval of its own. Raises Conflict."""
    changes["revision"] = request.revision + 1
    after = await transition(tx, request, state, **changes)
    await _add_revision(tx, after, _record(after), by, at)
    return after


async def _add_revision(tx: Tx, request: Request, record: Mapping[str, JsonValue], by: Person, at: datetime) -> None:
    row: Parameters = {
        "request_id": request.id,
        "revision": request.revision,
        "content_hash": request.content_hash,
        "record": record,
        "by": by.user,
        "at": at,
    }
    await tx.execute(_ADD_REVISION, row)


async def revisions_since(tx: Tx, request_id: str, first: int) -> Sequence[Revision]:
    """Return the revisions of a request from a number on, oldest first."""
    where = (revisions.c.request_id == request_id, revisions.c.revision >= first)
    rows = await tx.execute(select(revisions).where(*where).order_by(revisions.c.revision))
    return [Revision.model_validate({**row.record, "revision": row.revision, "by": row.by}) for row in rows]


async def past_approve_by(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Return requests whose time for a decision has run out."""
    return await _fetch(
        tx,
        select(requests)
        .where(requests.c.state == "awaiting_approval", requests.c.approve_by <= now)
        .order_by(requests.c.approve_by)
        .limit(limit),
    )


async def past_remind_at(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Return requests whose approvers are due to be reminded."""
    return await _fetch(
        tx,
        select(requests)
        .where(requests.c.state == "awaiting_approval", requests.c.remind_at <= now)
        .order_by(requests.c.remind_at)
        .limit(limit),
    )


async def open_numbers(tx: Tx, unseen_since: datetime, limit: int = 5000) -> Sequence[int]:
    """Return the numbers of the requests that are not over, newest first, with those that people have marked as ended
    since a moment."""
    parameters: Parameters = {"unseen_since": unseen_since, "max_rows": limit}
    return [row.number for row in await tx.execute(_OPEN_NUMBERS, parameters)]


async def target_names(tx: Tx, numbers: Sequence[int]) -> Mapping[str, Sequence[str]]:
    """Return the names of the targets of some requests, by request id."""
    return {row.id: row.names or () for row in await tx.execute(_TARGET_NAMES, {"numbers": list(numbers)})}


async def by_ids(tx: Tx, ids: Sequence[str]) -> Sequence[Request]:
    """Return requests by their ids, in any order."""
    return await _fetch(tx, select(requests).where(requests.c.id.in_(ids)))


async def summaries_awaiting_approval(tx: Tx, limit: int = 20) -> Sequence[RequestSummary]:
    """Return requests that wait for approval, oldest first."""
    return await _summaries(tx, _AWAITING, {"max_rows": limit})


async def recent_summaries(tx: Tx, limit: int = 20) -> Sequence[RequestSummary]:
    """Return the newest requests of everybody."""
    return await _summaries(tx, _RECENT, {"max_rows": limit})


async def over(tx: Tx, ids: Sequence[str]) -> frozenset[str]:
    """Return those of some ids whose requests are over."""
    where = (requests.c.id.in_(ids), requests.c.state.in_(sorted(FINAL_STATES)))
    return frozenset(str(row_id) for row_id in (await tx.execute(select(requests.c.id).where(*where))).scalars())


async def awaiting_approval_on(tx: Tx, backend: str, before: datetime | None, limit: int = 500) -> Sequence[str]:
    """Return the ids of undecided requests that would start before a moment. None is no limit, and "" stands for all
    back ends."""
    where = [requests.c.state == "awaiting_approval"]
    where += [requests.c.backend == backend] if backend else []
    if before is not None:
        where.append(or_(requests.c.start_at.is_(None), requests.c.start_at < before))
    query = select(requests.c.id).where(*where).order_by(requests.c.number).limit(limit)
    return [str(request_id) for request_id in (await tx.execute(query)).scalars()]


async def recent_starts(tx: Tx, backend: str, limit: int = 20) -> Sequence[datetime]:
    """Return the starts of the newest requests for a back end that name a time, the newest first."""
    query = (
        select(requests.c.start_at)
        .where(requests.c.backend == backend, requests.c.start_at.is_not(None))
        .order_by(requests.c.number.desc())
        .limit(limit)
    )
    return list((await tx.execute(query)).scalars())


async def _summaries(tx: Tx, query: Executable, parameters: Parameters) -> Sequence[RequestSummary]:
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
        for row in await tx.execute(query, parameters)
    ]


async def _fetch(tx: Tx, query: Executable) -> Sequence[Request]:
    return [_request(row) for row in (await tx.execute(query)).mappings()]


async def add_decision(tx: Tx, decision: Decision, interaction_context: JsonObject) -> None:
    """Store a decision."""
    values = decision.model_dump(exclude={"person"}) | {
        "team": decision.person.team,
        "user": decision.person.user,
        "interaction_context": interaction_context,
    }
    await tx.execute(_ADD_DECISION, values)
    tx.after_commit(lambda: events.decided(decision.request_id, decision.verdict))


async def retract_decision(tx: Tx, decision_id: str, at: datetime) -> None:
    """Mark a decision as retracted by the person who made it. Raises Conflict."""
    where = (decisions.c.id == decision_id, decisions.c.retracted_at.is_(None))
    updated = await tx.execute(update(decisions).where(*where).values(retracted_at=at))
    if updated.rowcount != 1:
        raise Conflict("That decision was taken back already.")


async def decisions_of(tx: Tx, request_id: str) -> Sequence[Decision]:
    """Return all decisions on a request, of every revision, oldest first."""
    rows = await tx.execute(_DECISIONS, {"of_request": request_id})
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
            rescheduled_hash=row.rescheduled_hash,
        )
        for row in rows
    ]


async def past_latest_start(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Request]:
    """Return requests that wait for approval although their latest start has passed."""
    where = (requests.c.state == "awaiting_approval", requests.c.latest_start <= now)
    return await _fetch(tx, select(requests).where(*where).limit(limit))
