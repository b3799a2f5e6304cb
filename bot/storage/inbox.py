"""Finds the rows of Home and of searches: light reads, without targets and calls."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, func, or_, select

from bot.requests.inbox import ComingRow, InboxRow
from bot.requests.model import Person, RequestState
from bot.storage.tables import decisions, requests, runs
from bot.storage.transactions import Tx
from bot.values import FrozenModel

_RECORD = requests.c.record
_ROW = select(
    *(
        requests.c[name]
        for name in (
            "id", "number", "revision", "state", "backend", "team", "user", "start_at", "created_at", "approve_by",
            "outcome",
        )
    ),
    _RECORD["title"].as_string().label("title"),
    _RECORD["reason"].as_string().label("reason"),
    _RECORD["warnings"].label("warnings"),
    _RECORD["requirement"].label("requirement"),
    _RECORD["editors"].label("editors"),
    _RECORD["former_authors"].label("former_authors"),
)  # fmt: skip
_UNDER_WAY: tuple[RequestState, ...] = ("starting", "running", "unknown")
_STARTS_AT = func.coalesce(runs.c.starts_at, runs.c.due_at, type_=runs.c.due_at.type)


class SearchFilter(FrozenModel):
    """What to search for. Empty values leave everything in."""

    states: tuple[RequestState, ...] = ()
    backends: tuple[str, ...] = ()
    requester: str = ""
    """The id of a user."""
    text: str = ""
    """Part of a title, of a target's name, or the number."""
    since: datetime | None = None
    """Requests that were made before are left out."""


async def awaiting_rows(tx: Tx, limit: int) -> Sequence[InboxRow]:
    """Return requests that wait for approval, the first to expire first."""
    query = _ROW.where(requests.c.state == "awaiting_approval")
    return await _rows(tx, query.order_by(requests.c.approve_by, requests.c.number).limit(limit))


async def decided_ids(tx: Tx, users: Collection[str]) -> frozenset[str]:
    """Return the ids of undecided requests on whose present revision one of some users has decided."""
    query = (
        select(decisions.c.request_id)
        .join(requests, and_(requests.c.id == decisions.c.request_id, requests.c.revision == decisions.c.revision))
        .where(
            requests.c.state == "awaiting_approval",
            or_(decisions.c.user.in_(users), decisions.c.on_behalf_of.in_(users)),
            decisions.c.retracted_at.is_(None),
        )
    )
    return frozenset(str(row_id) for row_id in (await tx.execute(query)).scalars())


async def running_rows(tx: Tx, limit: int) -> Sequence[InboxRow]:
    """Return requests that are starting or running, or may be, the newest first, with the counts of their run."""
    query = _ROW.where(requests.c.state.in_(_UNDER_WAY)).order_by(requests.c.number.desc()).limit(limit)
    rows = await _rows(tx, query)
    going = (
        select(runs.c.request_id, runs.c.started_at, runs.c.progress)
        .where(runs.c.request_id.in_([row.id for row in rows]), runs.c.state.in_(("starting", "running", "unknown")))
        .order_by(runs.c.number)
    )
    by_id = {run.request_id: run for run in await tx.execute(going)}
    return [
        row.model_copy(update={"since": by_id[row.id].started_at, "progress": _counts(by_id[row.id].progress)})
        if row.id in by_id
        else row
        for row in rows
    ]


async def rows_of_person(tx: Tx, person: Person, limit: int) -> Sequence[InboxRow]:
    """Return a person's own requests, the newest first."""
    query = _ROW.where(requests.c.team == person.team, requests.c.user == person.user)
    return await _rows(tx, query.order_by(requests.c.number.desc()).limit(limit))


async def coming_rows(tx: Tx, now: datetime, until: datetime, limit: int) -> Sequence[ComingRow]:
    """Return the approved starts between two moments, the first one first."""
    query = (
        select(
            requests.c.id, requests.c.number, requests.c.backend, _RECORD["title"].as_string().label("title"),
            _STARTS_AT.label("at"),
        )
        .join(requests, requests.c.id == runs.c.request_id)
        .where(
            runs.c.state.in_(("pending", "scheduled_in_backend")), runs.c.number > 0, now < _STARTS_AT,
            until >= _STARTS_AT, requests.c.state.in_(("approved", "scheduled", "running")),
        )
        .order_by(_STARTS_AT, requests.c.number)
        .limit(limit)
    )  # fmt: skip
    return [
        ComingRow(request_id=row.id, number=row.number, title=row.title or "", starts_at=row.at, backend=row.backend)
        for row in await tx.execute(query)
    ]


async def next_starts(tx: Tx, ids: Collection[str]) -> Mapping[str, datetime]:
    """Return when the next run of each request starts, by the ids of the requests; without those that have none."""
    query = (
        select(runs.c.request_id, func.min(_STARTS_AT).label("at"))
        .where(runs.c.request_id.in_(ids), runs.c.state.in_(("pending", "scheduled_in_backend")))
        .group_by(runs.c.request_id)
    )
    return {row.request_id: row.at for row in await tx.execute(query) if row.at is not None}


async def search_rows(tx: Tx, found: SearchFilter, limit: int) -> Sequence[InboxRow]:
    """Return the requests that match a filter, the newest first."""
    where: list[ColumnElement[bool]] = []
    if found.states:
        where.append(requests.c.state.in_(found.states))
    if found.backends:
        where.append(requests.c.backend.in_(found.backends))
    if found.requester:
        where.append(requests.c.user == found.requester)
    if found.since is not None:
        where.append(requests.c.created_at >= found.since)
    if found.text:
        where.append(_matches(found.text))
    return await _rows(tx, _ROW.where(*where).order_by(requests.c.number.desc()).limit(limit))


def _matches(text: str) -> ColumnElement[bool]:
    parts = [
        _RECORD["title"].as_string().icontains(text, autoescape=True),
        _RECORD["targets", "names"].as_string().icontains(text, autoescape=True),
    ]
    number = text.upper().removeprefix("NS-")
    if number.isascii() and number.isdecimal() and len(number) < 10:
        parts.append(requests.c.number == int(number))
    return or_(*parts)


async def _rows(tx: Tx, query: Any) -> Sequence[InboxRow]:
    return [_row(row) for row in (await tx.execute(query)).mappings()]


def _row(row: RowMapping) -> InboxRow:
    authors = (row["user"], *(row["editors"] or ()), *(row["former_authors"] or ()))
    return InboxRow.model_validate(
        {
            **{name: row[name] for name in ("id", "number", "revision", "state", "backend", "created_at", "start_at")},
            "approve_by": row["approve_by"],
            "outcome": row["outcome"],
            "requester": {"team": row["team"], "user": row["user"]},
            "title": row["title"] or "",
            "reason": row["reason"] or "",
            "warnings": row["warnings"] or (),
            "requirement": row["requirement"] or {},
            "authors": tuple(dict.fromkeys(user for user in authors if user)),
        }
    )


def _counts(progress: object) -> Mapping[str, int]:
    if not isinstance(progress, Mapping):
        return {}
    counts = {name: progress.get(name) for name in ("total", "succeeded", "failed", "cancelled")}
    return {name: count for name, count in counts.items() if isinstance(count, int)}
