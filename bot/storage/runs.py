"""Runs and their attempts. An attempt is committed before its call is made, so that no call is made twice."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypedDict, Unpack

from pydantic import JsonValue
from sqlalchemy import ColumnElement, RowMapping, bindparam, func, insert, null, or_, select, update

from bot.errors import Conflict, NotFound
from bot.requests.model import Proposal, Run, RunState
from bot.requests.start_check import StartCheck
from bot.storage.tables import attempts, requests, runs
from bot.storage.transactions import Parameters, Tx
from bot.telemetry import events
from bot.values import FrozenModel, JsonObject

AttemptState = Literal["prepared", "sent", "answered", "refused", "unknown"]
MAX_RECHECK_DELAY = timedelta(minutes=10)
MAX_LISTED = 500
"""Maximum number of requests whose cards are updated when a pause begins or ends; the others are when they change."""
POLLED_STATES: tuple[RunState, ...] = ("scheduled_in_backend", "running")
_ADD = insert(runs)
_GET = select(runs).where(runs.c.id == bindparam("row_id"))
_OF_REQUEST = select(runs).where(runs.c.request_id == bindparam("of_request")).order_by(runs.c.number.desc())
_SERIES = select(runs).where(runs.c.request_id == bindparam("of_request"), runs.c.number == 0)
_HANDLES = select(runs.c.number, runs.c.handle).where(runs.c.request_id == bindparam("of_request"))
_TRANSITION = update(runs).where(
    runs.c.id == bindparam("row_id"),
    runs.c.state == bindparam("expected_state"),
    runs.c.version == bindparam("expected_version"),
)
_LOCK_REQUEST = select(requests.c.id).where(requests.c.id == bindparam("of_request")).with_for_update()
_DUE_TO_START = (
    select(runs)
    .where(
        runs.c.state == "pending",
        or_(runs.c.due_at.is_(None), runs.c.due_at <= bindparam("now")),
        or_(runs.c.poll_at.is_(None), runs.c.poll_at <= bindparam("now"), runs.c.poll_at > bindparam("farthest")),
    )
    .order_by(runs.c.due_at.asc().nulls_first())
    .limit(bindparam("max_rows"))
)
_TO_POLL = (
    select(runs)
    .where(
        runs.c.backend == bindparam("of_backend"),
        # One state at a time, so that the index returns the rows in order and only the first ones are read.
        runs.c.state == bindparam("in_state"),
        or_(runs.c.poll_at.is_(None), runs.c.poll_at <= bindparam("now"), runs.c.poll_at > bindparam("farthest")),
    )
    .order_by(runs.c.poll_at.asc().nulls_first())
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)
_TO_CHECK = (
    select(runs)
    .where(
        runs.c.backend == bindparam("of_backend"),
        runs.c.state == "scheduled_in_backend",
        runs.c.check_at <= bindparam("now"),
    )
    .order_by(runs.c.starts_at)
    .limit(bindparam("max_rows"))
    .with_for_update(skip_locked=True)
)
_SET_POLL_AT = update(runs).where(runs.c.id.in_(bindparam("row_ids", expanding=True)))
_NOTE_SILENCE = update(runs).where(runs.c.id.in_(bindparam("row_ids", expanding=True)), runs.c.silent_since.is_(None))
_SET_CHECK_AT = update(runs).where(runs.c.id.in_(bindparam("row_ids", expanding=True)))
_RELEASE_CHECK = update(runs).where(
    runs.c.id == bindparam("row_id"), runs.c.check_at > bindparam("now"), runs.c.check_at <= bindparam("leased")
)
_ADD_ATTEMPT = insert(attempts)
_GET_ATTEMPT = select(attempts).where(attempts.c.token == bindparam("of_token"))
_ATTEMPTS = select(attempts).where(attempts.c.run_id == bindparam("of_run")).order_by(attempts.c.created_at)
_TRANSITION_ATTEMPT = update(attempts).where(
    attempts.c.token == bindparam("of_token"), attempts.c.state.in_(bindparam("expected_states", expanding=True))
)


class Attempt(FrozenModel):
    """One try to make the calls of a plan. ``sent`` is stored before the first call, ``answered`` after the last."""

    token: str
    run_id: str
    state: AttemptState
    revision: int | None = None
    """The revision of the request that the plan was made for; None for an attempt that an earlier release has sent."""
    content_hash: str | None = None
    """The hash of that revision's content."""
    plan: Mapping[str, JsonValue]
    handle: Mapping[str, JsonValue] | None = None
    problem: str = ""
    created_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None


class RunChanges(TypedDict, total=False):
    """What can change of a run besides its state. ``poll_at`` and ``check_at`` are columns only."""

    due_at: datetime | None
    latest_start: datetime | None
    token: str
    handle: JsonObject | None
    proposal: Proposal | None
    progress: JsonObject | None
    problem: str
    silent_since: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    poll_at: datetime | None
    starts_at: datetime | None
    start_check: StartCheck | None
    check_at: datetime | None


class AttemptChanges(TypedDict, total=False):
    """What can change of an attempt besides its state."""

    handle: JsonObject | None
    problem: str
    sent_at: datetime | None
    answered_at: datetime | None


def _run(row: RowMapping) -> Run:
    return Run.model_validate({name: row[name] for name in Run.model_fields})


async def add(tx: Tx, run: Run, backend: str, operation: str, check_at: datetime | None = None) -> None:
    """Store a new run. A request has at most one run of each number."""
    await tx.execute(_ADD, {**run.model_dump(), "backend": backend, "operation": operation, "check_at": check_at})
    _tell(tx, run, was="new")


def _tell(tx: Tx, run: Run, was: str) -> None:
    tx.after_commit(lambda: events.run_changed(run.request_id, run.number, was, run.state, run.problem))


async def get(tx: Tx, run_id: str) -> Run:
    """Return a run. Raises NotFound."""
    row = (await tx.execute(_GET, {"row_id": run_id})).mappings().one_or_none()
    if row is None:
        raise NotFound("This run is not known here any more.")
    return _run(row)


async def of_request(tx: Tx, request_id: str, limit: int = 50) -> Sequence[Run]:
    """Return the runs of a request, newest first."""
    return [_run(row) for row in (await tx.execute(_OF_REQUEST.limit(limit), {"of_request": request_id})).mappings()]


async def series_of(tx: Tx, request_id: str) -> Run | None:
    """Return the run that stands for a whole series in its back end; None if there is none."""
    row = (await tx.execute(_SERIES, {"of_request": request_id})).mappings().one_or_none()
    return _run(row) if row is not None else None


async def handles_of(tx: Tx, request_id: str) -> Sequence[tuple[int, Mapping[str, JsonValue] | None]]:
    """Return the number and the handle of every run of a request."""
    return [(row.number, row.handle) for row in await tx.execute(_HANDLES, {"of_request": request_id})]


async def request_with_handle(tx: Tx, backend: str, handle: Mapping[str, JsonValue], *, other_than: str) -> str:
    """Return the id of the request whose run has a handle of the same kind and id; "" if there is none.

    ``other_than`` is the id of a run that does not count.
    """
    found = await tx.scalar(
        select(runs.c.request_id)
        .where(
            runs.c.backend == backend,
            runs.c.id != other_than,
            runs.c.handle["id"].as_string() == handle["id"],
            runs.c.handle["kind"].as_string() == handle["kind"],
        )
        .limit(1)
    )
    return str(found or "")


async def transition(tx: Tx, run: Run, state: RunState, **changes: Unpack[RunChanges]) -> Run:
    """Change a run if nobody else has changed it. Raises Conflict.

    The row of its request is locked first: whoever changes both takes them in this order, so that two transactions
    never wait for each other.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(_LOCK_REQUEST, {"of_request": run.request_id})
    columns: dict[str, datetime | None] = {}
    if "poll_at" in changes:
        columns["poll_at"] = changes.pop("poll_at")
    if "check_at" in changes:
        columns["check_at"] = changes.pop("check_at")
    after = Run.model_validate({**run.model_dump(), **changes, "state": state, "version": run.version + 1})
    expected: Parameters = {"row_id": run.id, "expected_state": run.state, "expected_version": run.version}
    updated = await tx.execute(_TRANSITION, {**after.model_dump(), **columns, **expected})
    if updated.rowcount != 1:
        raise Conflict("This run has changed in the meantime.")
    if after.state != run.state:
        _tell(tx, after, was=run.state)
    return after


async def note_silence(tx: Tx, run_ids: Sequence[str], since: datetime) -> None:
    """Store since when the back end of some runs does not tell how they go, unless that is stored."""
    await tx.execute(_NOTE_SILENCE.values(silent_since=since), {"row_ids": list(run_ids)})


async def due_to_start(tx: Tx, now: datetime, limit: int = 100) -> Sequence[Run]:
    """Return pending runs whose time has come, without those that wait to be checked again.

    A ``poll_at`` farther ahead than any check was stored before the clock was set back, and counts as due.
    """
    parameters: Parameters = {"now": now, "farthest": now + MAX_RECHECK_DELAY, "max_rows": limit}
    return [_run(row) for row in (await tx.execute(_DUE_TO_START, parameters)).mappings()]


async def recheck(tx: Tx, backend: str, now: datetime) -> None:
    """Let runs of a back end be checked at once, those of all for "": pending ones that wait, and those that the back
    end is about to start."""
    where = [runs.c.state == "pending", runs.c.poll_at.is_not(None), *_on(backend)]
    await tx.execute(update(runs).where(*where).values(poll_at=None))
    checked = runs.c.start_check["state"].as_string()
    planned = [runs.c.state == "scheduled_in_backend", runs.c.starts_at > now, *_on(backend)]
    await tx.execute(update(runs).where(*planned, checked == "waiting").values(check_at=now))
    await tx.execute(update(runs).where(*planned, checked == "passed").values(check_at=now, start_check=null()))


async def recheck_request(tx: Tx, request_id: str) -> None:
    """Let the pending runs of a request that wait be checked at once."""
    await tx.execute(
        update(runs).where(runs.c.request_id == request_id, runs.c.state == "pending").values(poll_at=None)
    )


async def count_going(tx: Tx, backend: str) -> int:
    """Count the runs of a back end that run or may run; those of all for ""."""
    where = [runs.c.state.in_(("running", "unknown")), *_on(backend)]
    count = await tx.scalar(select(func.count()).where(*where))
    assert isinstance(count, int)
    return count


async def requests_to_start(tx: Tx, backend: str, before: datetime | None, limit: int = MAX_LISTED) -> Sequence[str]:
    """Return the ids of requests with a run that is to start before a moment, soonest first. None is no limit, and ""
    stands for all back ends."""
    where = [runs.c.state.in_(("pending", "scheduled_in_backend")), *_on(backend)]
    if before is not None:
        where.append(or_(runs.c.due_at.is_(None), runs.c.due_at < before))
    query = select(runs.c.request_id).where(*where).order_by(runs.c.due_at.asc().nulls_first()).limit(limit)
    return [str(request_id) for request_id in (await tx.execute(query)).scalars()]


def _on(backend: str) -> list[ColumnElement[bool]]:
    return [runs.c.backend == backend] if backend else []


async def started_since(tx: Tx, request_id: str, since: datetime) -> int:
    """Count the runs of a request that have started since a moment."""
    where = (runs.c.request_id == request_id, runs.c.number > 0, runs.c.started_at >= since)
    count = await tx.scalar(select(func.count()).where(*where))
    assert isinstance(count, int)
    return count


async def in_state(tx: Tx, state: RunState, limit: int = 200) -> Sequence[Run]:
    """Return runs in a state, in no particular order."""
    rows = (await tx.execute(select(runs).where(runs.c.state == state).limit(limit))).mappings()
    return [_run(row) for row in rows]


async def claim_for_polling(
    tx: Tx, backend: str, now: datetime, interval: timedelta, limit: int = 100
) -> Sequence[tuple[Run, str]]:
    """Claim the runs of a back end that are due to be polled, for ``interval``. Returns them with their operations.

    A ``poll_at`` more than two intervals ahead was stored before the clock was set back, and counts as due.
    """
    parameters: Parameters = {"of_backend": backend, "now": now, "farthest": now + 2 * interval, "max_rows": limit}
    rows: list[RowMapping] = []
    for state in POLLED_STATES:
        rows += (await tx.execute(_TO_POLL, {**parameters, "in_state": state})).mappings()
    # The longest wait comes first in either state, so that many scheduled runs do not keep running ones waiting.
    rows = sorted(rows, key=lambda row: row["poll_at"] or datetime.min.replace(tzinfo=UTC))[:limit]
    if rows:
        await tx.execute(_SET_POLL_AT, {"row_ids": [row["id"] for row in rows], "poll_at": now + interval})
    return [(_run(row), row["operation"]) for row in rows]


async def claim_for_check(tx: Tx, backend: str, now: datetime, lease: timedelta, limit: int) -> Sequence[Run]:
    """Claim runs whose start in the back end is due to be checked, for the time of ``lease``, the next start first."""
    parameters: Parameters = {"of_backend": backend, "now": now, "max_rows": limit}
    rows = (await tx.execute(_TO_CHECK, parameters)).mappings().all()
    if rows:
        await tx.execute(_SET_CHECK_AT, {"row_ids": [row["id"] for row in rows], "check_at": now + lease})
    return [_run(row) for row in rows]


async def end_series_there(tx: Tx, request_id: str, now: datetime) -> None:
    """Let the series of a request that is over be cancelled in its back end now, if that keeps one.

    Whoever has read the run before, and would plan its check for later, gets a Conflict.
    """
    where = (runs.c.request_id == request_id, runs.c.number == 0, runs.c.state == "scheduled_in_backend")
    await tx.execute(update(runs).where(*where).values(check_at=now, version=runs.c.version + 1))


async def release_check(tx: Tx, run_id: str, now: datetime, lease: timedelta) -> None:
    """Give up a claim, so that the start is checked again now. A check that is planned for later stays so."""
    await tx.execute(_RELEASE_CHECK.values(check_at=now), {"row_id": run_id, "now": now, "leased": now + lease})


async def add_attempt(tx: Tx, attempt: Attempt) -> None:
    """Store an attempt, before anything is sent."""
    await tx.execute(_ADD_ATTEMPT, attempt.model_dump())


async def get_attempt(tx: Tx, token: str) -> Attempt | None:
    """Return the attempt with a token; None if there is none."""
    row = (await tx.execute(_GET_ATTEMPT, {"of_token": token})).mappings().one_or_none()
    return Attempt.model_validate(dict(row)) if row else None


async def attempts_of(tx: Tx, run_id: str) -> Sequence[Attempt]:
    """Return the attempts of a run, oldest first."""
    rows = await tx.execute(_ATTEMPTS, {"of_run": run_id})
    return [Attempt.model_validate({name: row[name] for name in Attempt.model_fields}) for row in rows.mappings()]


async def transition_attempt(
    tx: Tx, token: str, expected_states: Sequence[AttemptState], state: AttemptState, **changes: Unpack[AttemptChanges]
) -> None:
    """Change an attempt if it is in one of the expected states. Raises Conflict."""
    expected: Parameters = {"of_token": token, "expected_states": list(expected_states)}
    updated = await tx.execute(_TRANSITION_ATTEMPT.values(state=state, **changes), expected)
    if updated.rowcount != 1:
        raise Conflict("This attempt was carried on by somebody else.")
