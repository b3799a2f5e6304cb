"""Runs and their attempts. An attempt's row is committed before its call leaves, so that no call is ever made twice."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, func, insert, or_, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Run, RunState, Value
from bot.storage.database import Tx
from bot.storage.tables import attempts, runs

AttemptState = Literal["prepared", "sent", "answered", "refused", "unknown"]
WATCHED: tuple[RunState, ...] = ("placed", "running")


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
    await tx.execute(insert(runs), {**run.model_dump(), "backend": backend, "operation": operation})


async def get(tx: Tx, run_id: str) -> Run:
    """One run. Raises NotFound."""
    row = (await tx.execute(select(runs).where(runs.c.id == run_id))).one_or_none()
    if row is None:
        raise NotFound("This run is not known here any more.")
    return _run(row)


async def of_request(tx: Tx, request_id: str, limit: int = 50) -> Sequence[Run]:
    """The runs of a request, newest first."""
    query = select(runs).where(runs.c.request_id == request_id).order_by(runs.c.number.desc()).limit(limit)
    return [_run(row) for row in await tx.execute(query)]


async def move(tx: Tx, run: Run, state: RunState, **changes: Any) -> Run:
    """Change a run if nobody was first. ``poll_at`` is taken too. Raises Conflict."""
    columns = {name: changes.pop(name) for name in ("poll_at",) if name in changes}
    after = Run.model_validate({**run.model_dump(), **changes, "state": state, "version": run.version + 1})
    where = (runs.c.id == run.id, runs.c.state == run.state, runs.c.version == run.version)
    done = await tx.execute(update(runs).where(*where).values(**after.model_dump(), **columns))
    if done.rowcount != 1:
        raise Conflict("This run has changed in the meantime.")
    return after


async def due(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Run]:
    """Runs that Nightshift holds and whose time has come."""
    where = (runs.c.state == "held", or_(runs.c.due_at.is_(None), runs.c.due_at <= now))
    return [_run(row) for row in await tx.execute(select(runs).where(*where).order_by(runs.c.due_at).limit(limit))]


async def started_since(tx: Tx, request_id: str, since: datetime) -> int:
    """How many runs of a request have started since a moment."""
    where = (runs.c.request_id == request_id, runs.c.number > 0, runs.c.started_at >= since)
    return int((await tx.execute(select(func.count()).where(*where))).scalar_one())


async def in_state(tx: Tx, state: RunState, limit: int = 200) -> Sequence[Run]:
    """Runs in a state, in no particular order."""
    return [_run(row) for row in await tx.execute(select(runs).where(runs.c.state == state).limit(limit))]


async def claim_to_poll(
    tx: Tx, backend: str, now: datetime, again: timedelta, limit: int = 1000
) -> Sequence[tuple[Run, str]]:
    """Runs of a back end that are to be looked at now, with their operation; claimed until ``again`` has passed.

    A ``poll_at`` further ahead than twice ``again`` was set before the clock was put back, and counts as due.
    """
    where = (
        runs.c.backend == backend,
        runs.c.state.in_(WATCHED),
        or_(runs.c.poll_at.is_(None), runs.c.poll_at <= now, runs.c.poll_at > now + 2 * again),
    )
    query = select(runs).where(*where).order_by(runs.c.poll_at).limit(limit)
    if tx.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True)
    rows = (await tx.execute(query)).all()
    if rows:
        ids = [row.id for row in rows]
        await tx.execute(update(runs).where(runs.c.id.in_(ids)).values(poll_at=now + again))
    return [(_run(row), row.operation) for row in rows]


async def prepare(tx: Tx, attempt: Attempt) -> None:
    """Store an attempt before anything is sent."""
    await tx.execute(insert(attempts), attempt.model_dump())


async def attempt_of(tx: Tx, token: str) -> Attempt | None:
    """The attempt with a token."""
    row = (await tx.execute(select(attempts).where(attempts.c.token == token))).one_or_none()
    return Attempt.model_validate(dict(row._mapping)) if row else None


async def mark(tx: Tx, token: str, before: Sequence[AttemptState], after: AttemptState, **changes: Any) -> None:
    """Move an attempt on, if it is where it is thought to be. Raises Conflict."""
    where = (attempts.c.token == token, attempts.c.state.in_(before))
    done = await tx.execute(update(attempts).where(*where).values(state=after, **changes))
    if done.rowcount != 1:
        raise Conflict("This attempt was carried on by somebody else.")
