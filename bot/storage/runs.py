"""Runs and their attempts. An attempt's row is committed before its call leaves, so that no call is ever made twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, bindparam, func, insert, or_, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Run, RunState, Value
from bot.storage.database import Tx
from bot.storage.tables import attempts, runs

AttemptState = Literal["prepared", "sent", "answered", "refused", "unknown"]
WATCHED: tuple[RunState, ...] = ("placed", "running")
_ADD = insert(runs)
_GET = select(runs).where(runs.c.id == bindparam("its_id"))
_OF_REQUEST = select(runs).where(runs.c.request_id == bindparam("its_request")).order_by(runs.c.number.desc())
_HANDLES = select(runs.c.number, runs.c.handle).where(runs.c.request_id == bindparam("its_request"))
_MOVE = update(runs).where(
    runs.c.id == bindparam("its_id"), runs.c.state == bindparam("was"), runs.c.version == bindparam("seen")
)
_DUE = (
    select(runs)
    .where(runs.c.state == "held", or_(runs.c.due_at.is_(None), runs.c.due_at <= bindparam("now")))
    .order_by(runs.c.due_at.asc().nulls_first())
    .limit(bindparam("most"))
)
_TO_POLL = (
    select(runs)
    .where(
        runs.c.backend == bindparam("its_backend"),
        # One state at a time: so the index gives them in order, and the first ones are found without the rest.
        runs.c.state == bindparam("its_state"),
        or_(runs.c.poll_at.is_(None), runs.c.poll_at <= bindparam("now"), runs.c.poll_at > bindparam("farthest")),
    )
    .order_by(runs.c.poll_at.asc().nulls_first())
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_POLLED = update(runs).where(runs.c.id.in_(bindparam("ids", expanding=True)))
_PREPARE = insert(attempts)
_ATTEMPT = select(attempts).where(attempts.c.token == bindparam("its_token"))
_MARK = update(attempts).where(
    attempts.c.token == bindparam("its_token"), attempts.c.state.in_(bindparam("before", expanding=True))
)


class Attempt(Value):
    """One try to make the calls of a plan. ``sent`` is stored before the call leaves, ``answered`` after."""

    token: str
    run_id: str
    state: AttemptState
    plan: Mapping[str, Any]
    handle: Mapping[str, Any] | None = None
    problem: str = ""
    created_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None


def _run(row: Row[Any]) -> Run:
    return Run.model_validate({name: getattr(row, name) for name in Run.model_fields})


async def add(tx: Tx, run: Run, backend: str, operation: str) -> None:
    """Store a new run. A request has one run of each number."""
    await tx.execute(_ADD, {**run.model_dump(), "backend": backend, "operation": operation})


async def get(tx: Tx, run_id: str) -> Run:
    """One run. Raises NotFound."""
    row = (await tx.execute(_GET, {"its_id": run_id})).one_or_none()
    if row is None:
        raise NotFound("This run is not known here any more.")
    return _run(row)


async def of_request(tx: Tx, request_id: str, limit: int = 50) -> Sequence[Run]:
    """The runs of a request, newest first."""
    return [_run(row) for row in await tx.execute(_OF_REQUEST.limit(limit), {"its_request": request_id})]


async def handles_of(tx: Tx, request_id: str) -> Sequence[tuple[int, Mapping[str, Any] | None]]:
    """The number and the handle of every run of a request."""
    return [(row.number, row.handle) for row in await tx.execute(_HANDLES, {"its_request": request_id})]


async def move(tx: Tx, run: Run, state: RunState, **changes: Any) -> Run:
    """Change a run if nobody was first. ``poll_at`` is taken too. Raises Conflict."""
    columns = {name: changes.pop(name) for name in ("poll_at",) if name in changes}
    after = Run.model_validate({**run.model_dump(), **changes, "state": state, "version": run.version + 1})
    where = {"its_id": run.id, "was": run.state, "seen": run.version}
    done = await tx.execute(_MOVE, {**after.model_dump(), **columns, **where})
    if done.rowcount != 1:
        raise Conflict("This run has changed in the meantime.")
    return after


async def due(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Run]:
    """Runs that Nightshift holds and whose time has come."""
    return [_run(row) for row in await tx.execute(_DUE, {"now": now, "most": limit})]


async def started_since(tx: Tx, request_id: str, since: datetime) -> int:
    """How many runs of a request have started since a moment."""
    where = (runs.c.request_id == request_id, runs.c.number > 0, runs.c.started_at >= since)
    return int((await tx.execute(select(func.count()).where(*where))).scalar_one())


async def in_state(tx: Tx, state: RunState, limit: int = 200) -> Sequence[Run]:
    """Runs in a state, in no particular order."""
    return [_run(row) for row in await tx.execute(select(runs).where(runs.c.state == state).limit(limit))]


async def claim_to_poll(
    tx: Tx, backend: str, now: datetime, again: timedelta, limit: int = 100
) -> Sequence[tuple[Run, str]]:
    """Runs of a back end that are to be looked at now, with their operation; claimed until ``again`` has passed.

    A ``poll_at`` further ahead than twice ``again`` was set before the clock was put back, and counts as due.
    """
    about = {"its_backend": backend, "now": now, "farthest": now + 2 * again}
    rows: list[Row[Any]] = []
    for state in WATCHED:
        rows += await tx.execute(_TO_POLL, {**about, "its_state": state, "most": limit})
    # Whoever has waited longest is first, in whichever state: many that lie still must not keep the rest waiting.
    rows = sorted(rows, key=lambda row: row.poll_at or datetime.min.replace(tzinfo=UTC))[:limit]
    if rows:
        await tx.execute(_POLLED, {"ids": [row.id for row in rows], "poll_at": now + again})
    return [(_run(row), row.operation) for row in rows]


async def prepare(tx: Tx, attempt: Attempt) -> None:
    """Store an attempt before anything is sent."""
    await tx.execute(_PREPARE, attempt.model_dump())


async def attempt_of(tx: Tx, token: str) -> Attempt | None:
    """The attempt with a token."""
    row = (await tx.execute(_ATTEMPT, {"its_token": token})).one_or_none()
    return Attempt.model_validate(dict(row._mapping)) if row else None


async def mark(tx: Tx, token: str, before: Sequence[AttemptState], after: AttemptState, **changes: Any) -> None:
    """Move an attempt on, if it is where it is thought to be. Raises Conflict."""
    done = await tx.execute(_MARK, {**changes, "state": after, "its_token": token, "before": list(before)})
    if done.rowcount != 1:
        raise Conflict("This attempt was carried on by somebody else.")
