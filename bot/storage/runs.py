"""Runs and their attempts. An attempt's row is committed before its call leaves, so that no call is ever made twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Row, bindparam, func, insert, or_, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Run, RunState
from bot.storage.tables import attempts, runs
from bot.storage.transactions import Tx
from bot.values import FrozenModel

AttemptState = Literal["prepared", "sent", "answered", "refused", "unknown"]
POLLED_STATES: tuple[RunState, ...] = ("scheduled_in_backend", "running")
_ADD = insert(runs)
_GET = select(runs).where(runs.c.id == bindparam("its_id"))
_OF_REQUEST = select(runs).where(runs.c.request_id == bindparam("its_request")).order_by(runs.c.number.desc())
_HANDLES = select(runs.c.number, runs.c.handle).where(runs.c.request_id == bindparam("its_request"))
_TRANSITION = update(runs).where(
    runs.c.id == bindparam("its_id"), runs.c.state == bindparam("was"), runs.c.version == bindparam("seen")
)
_DUE_TO_START = (
    select(runs)
    .where(runs.c.state == "pending", or_(runs.c.due_at.is_(None), runs.c.due_at <= bindparam("now")))
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
_SET_POLL_AT = update(runs).where(runs.c.id.in_(bindparam("ids", expanding=True)))
_ADD_ATTEMPT = insert(attempts)
_GET_ATTEMPT = select(attempts).where(attempts.c.token == bindparam("its_token"))
_TRANSITION_ATTEMPT = update(attempts).where(
    attempts.c.token == bindparam("its_token"), attempts.c.state.in_(bindparam("before", expanding=True))
)


class Attempt(FrozenModel):
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


async def transition(tx: Tx, run: Run, state: RunState, **changes: Any) -> Run:
    """Change a run if nobody was first. ``poll_at`` is taken too. Raises Conflict."""
    columns = {name: changes.pop(name) for name in ("poll_at",) if name in changes}
    after = Run.model_validate({**run.model_dump(), **changes, "state": state, "version": run.version + 1})
    where = {"its_id": run.id, "was": run.state, "seen": run.version}
    done = await tx.execute(_TRANSITION, {**after.model_dump(), **columns, **where})
    if done.rowcount != 1:
        raise Conflict("This run has changed in the meantime.")
    return after


async def due_to_start(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Run]:
    """Runs that Nightshift holds and whose time has come."""
    return [_run(row) for row in await tx.execute(_DUE_TO_START, {"now": now, "most": limit})]


async def started_since(tx: Tx, request_id: str, since: datetime) -> int:
    """How many runs of a request have started since a moment."""
    where = (runs.c.request_id == request_id, runs.c.number > 0, runs.c.started_at >= since)
    return int((await tx.execute(select(func.count()).where(*where))).scalar_one())


async def in_state(tx: Tx, state: RunState, limit: int = 200) -> Sequence[Run]:
    """Runs in a state, in no particular order."""
    return [_run(row) for row in await tx.execute(select(runs).where(runs.c.state == state).limit(limit))]


async def claim_for_polling(
    tx: Tx, backend: str, now: datetime, interval: timedelta, limit: int = 100
) -> Sequence[tuple[Run, str]]:
    """Runs of a back end that are to be looked at now, with their operation; claimed until ``again`` has passed.

    A ``poll_at`` further ahead than twice ``again`` was set before the clock was put back, and counts as due.
    """
    about = {"its_backend": backend, "now": now, "farthest": now + 2 * interval}
    rows: list[Row[Any]] = []
    for state in POLLED_STATES:
        rows += await tx.execute(_TO_POLL, {**about, "its_state": state, "most": limit})
    # Whoever has waited longest is first, in whichever state: many that lie still must not keep the rest waiting.
    rows = sorted(rows, key=lambda row: row.poll_at or datetime.min.replace(tzinfo=UTC))[:limit]
    if rows:
        await tx.execute(_SET_POLL_AT, {"ids": [row.id for row in rows], "poll_at": now + interval})
    return [(_run(row), row.operation) for row in rows]


async def add_attempt(tx: Tx, attempt: Attempt) -> None:
    """Store an attempt before anything is sent."""
    await tx.execute(_ADD_ATTEMPT, attempt.model_dump())


async def get_attempt(tx: Tx, token: str) -> Attempt | None:
    """The attempt with a token."""
    row = (await tx.execute(_GET_ATTEMPT, {"its_token": token})).one_or_none()
    return Attempt.model_validate(dict(row._mapping)) if row else None


async def transition_attempt(
    tx: Tx, token: str, expected_states: Sequence[AttemptState], state: AttemptState, **changes: Any
) -> None:
    """Move an attempt on, if it is where it is thought to be. Raises Conflict."""
    done = await tx.execute(
        _TRANSITION_ATTEMPT, {**changes, "state": state, "its_token": token, "before": list(expected_states)}
    )
    if done.rowcount != 1:
        raise Conflict("This attempt was carried on by somebody else.")
