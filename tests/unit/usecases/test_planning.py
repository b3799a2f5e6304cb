"""Which run an approved request gets, when it is due, and how late it may start."""

import shutil
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.requests.model import Request, Run
from bot.requests.pauses import Pause
from bot.schedule import Now, RecurrenceRule, Schedule, Series, ZonedTime
from bot.storage import pauses, requests, runs
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.runs import Attempt
from bot.usecases.planning import cancel_unsent_run, plan_next_occurrence, plan_runs
from tests.unit.requests.build import NOW, once, pending_request

GRACE = 15
FIRST = ZonedTime(wall=datetime(2026, 3, 5, 4, 0), zone="UTC")
RULE = RecurrenceRule(freq="daily", times=(FIRST.wall.time(),))
SERIES = Series(rule=RULE, zone="UTC", first=FIRST)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without rows."""
    path = tmp_path_factory.mktemp("planning") / "empty.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
async def db(empty: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """A database with two requests."""
    path = tmp_path / "runs.sqlite"
    shutil.copy(empty, path)
    database = Database(f"sqlite:///{path}")
    async with database.write() as tx:
        for number, name in enumerate(("r1", "r2"), 1):
            await requests.add(tx, pending_request().model_copy(update={"id": name, "number": number}), None)
    yield database
    await database.close()


def approved(schedule: Schedule = Now(), **fields: Any) -> Request:
    base = {"state": "approved", "scheduler": "nightshift"}
    return pending_request(schedule).model_copy(update=base | fields)


async def planned(db: Database, request: Request, now: datetime = NOW) -> Sequence[Run]:
    async with db.write() as tx:
        await plan_runs(tx, now, request, GRACE)
        return await runs.of_request(tx, request.id)


async def test_a_start_at_once_is_due_at_no_time(db: Database) -> None:
    (run,) = await planned(db, approved())
    assert (run.number, run.state, run.version) == (1, "pending", 1)
    assert (run.due_at, run.latest_start) == (None, None)


@pytest.mark.parametrize(("scheduler", "waits"), [("nightshift", True), ("backend", False)])
async def test_a_start_is_due_at_its_time_where_nightshift_keeps_it(db: Database, scheduler: str, waits: bool) -> None:
    start, latest = NOW + timedelta(hours=10), NOW + timedelta(hours=12)
    (run,) = await planned(db, approved(once(), scheduler=scheduler, start_at=start, latest_start=latest))
    assert (run.number, run.due_at, run.latest_start) == (1, start if waits else None, latest)


async def test_a_series_in_the_back_end_has_a_run_without_a_number(db: Database) -> None:
    (run,) = await planned(db, approved(SERIES, scheduler="backend"))
    assert (run.number, run.due_at) == (0, None)


async def test_a_series_here_has_its_next_run_and_then_the_one_after_it(db: Database) -> None:
    request = approved(SERIES)
    (first,) = await planned(db, request)
    assert (first.number, first.due_at) == (1, FIRST.instant)
    assert first.latest_start == FIRST.instant + timedelta(minutes=GRACE)
    async with db.write() as tx:
        await plan_next_occurrence(tx, request, first, GRACE)
        await plan_next_occurrence(tx, request, first, GRACE)
        second, _ = await runs.of_request(tx, request.id)
    assert (second.number, second.due_at) == (2, FIRST.instant + timedelta(days=1))


@pytest.mark.parametrize(
    ("schedule", "fields"),
    [(once(), {}), (SERIES, {"scheduler": "backend"}), (SERIES, {"state": "cancelled"})],
)
async def test_nothing_follows_a_single_run_or_a_series_that_is_over_or_elsewhere(
    db: Database, schedule: Schedule, fields: dict[str, Any]
) -> None:
    request = approved(schedule, **fields)
    run = Run(id="n_1", request_id=request.id, number=1, state="running", version=1, due_at=FIRST.instant)
    async with db.write() as tx:
        await plan_next_occurrence(tx, request, run, GRACE)
        assert await runs.of_request(tx, request.id) == []


async def test_a_run_is_never_started_after_the_next_one_is_due(db: Database) -> None:
    hourly = Series(rule=RecurrenceRule(freq="hourly"), zone="UTC", first=FIRST, window=90)
    (run,) = await planned(db, approved(hourly))
    assert run.due_at is not None
    assert run.latest_start == run.due_at + timedelta(hours=1)
    last = hourly.model_copy(update={"count": 1})
    (run,) = await planned(db, approved(last, id="r2"))
    assert run.latest_start == FIRST.instant + timedelta(minutes=90)


async def test_a_request_that_is_approved_again_counts_on(db: Database) -> None:
    request = approved()
    await planned(db, request)
    assert [run.number for run in await planned(db, request)] == [2, 1]
    series = approved(SERIES, id="r2")
    await planned(db, series)
    assert [run.number for run in await planned(db, series, FIRST.instant)] == [2, 1]


async def test_a_series_without_a_run_left_gets_none(db: Database) -> None:
    ended = SERIES.model_copy(update={"count": 1})
    assert await planned(db, approved(ended), FIRST.instant + timedelta(hours=1)) == []


@pytest.mark.parametrize("state", ["pending", "running", "scheduled_in_backend", "succeeded"])
async def test_only_what_is_pending_can_be_cancelled_without_the_back_end(db: Database, state: Any) -> None:
    run = Run(id="n_1", request_id="r1", number=1, state=state, version=1)
    async with db.write() as tx:
        await runs.add(tx, run, "foreman.main", "foreman.run")
        assert await cancel_unsent_run(tx, run, NOW, "No.") is (state == "pending")
        after = await runs.get(tx, run.id)
    expected = ("cancelled", "No.", NOW) if state == "pending" else (state, "", None)
    assert (after.state, after.problem, after.finished_at) == expected


@pytest.mark.parametrize(
    ("attempt", "cancelled"), [(None, False), ("prepared", True), ("sent", False), ("answered", False)]
)
async def test_a_call_that_is_only_prepared_is_cancelled_with_its_run(
    db: Database, attempt: str | None, cancelled: bool
) -> None:
    run = Run(id="n_1", request_id="r1", number=1, state="starting", version=1, token="t-1")
    async with db.write() as tx:
        await runs.add(tx, run, "foreman.main", "foreman.run")
        if attempt:
            await runs.add_attempt(tx, Attempt(token="t-1", run_id=run.id, state=attempt, plan={}, created_at=NOW))
        assert await cancel_unsent_run(tx, run, NOW, "No.") is cancelled
        after, kept = await runs.get(tx, run.id), await runs.get_attempt(tx, "t-1")
    assert after.state == ("cancelled" if cancelled else "starting")
    assert (kept and (kept.state, kept.problem)) == (attempt and (("refused", "No.") if cancelled else (attempt, "")))


async def test_a_series_that_is_paused_gets_no_run(db: Database) -> None:
    pause = Pause(id="p_1", scope="series", name="r1", since=NOW, reason="disk")
    request = approved(SERIES)
    run = Run(id="n_1", request_id="r1", number=1, state="running", version=1, due_at=FIRST.instant)
    async with db.write() as tx:
        await pauses.add(tx, pause)
        await plan_next_occurrence(tx, request, run, GRACE)
    assert await planned(db, request) == []
    assert len(await planned(db, approved(SERIES, id="r2"))) == 1
    assert len(await planned(db, approved())) == 1


async def test_nothing_follows_a_run_that_was_not_due_here(db: Database) -> None:
    run = Run(id="n_1", request_id="r1", number=1, state="running", version=1)
    async with db.write() as tx:
        await plan_next_occurrence(tx, approved(SERIES), run, GRACE)
        assert await runs.of_request(tx, "r1") == []


async def test_a_series_of_the_back_end_that_ended_before_it_was_handed_over_is_tried_again(db: Database) -> None:
    request = approved(SERIES, scheduler="backend")
    (series,) = await planned(db, request)
    assert [run.version for run in await planned(db, request)] == [1]
    async with db.write() as tx:
        await runs.transition(tx, series, "failed", token="t-1", problem="No.", finished_at=NOW)
    (again,) = await planned(db, request)
    assert (again.id, again.number, again.state) == (series.id, 0, "pending")
    assert (again.token, again.problem, again.finished_at) == ("", "", None)
