"""Why a run does not start, and for how long a start is retried."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from bot.backends.base import Placement, Plan
from bot.requests.approval.permission import Permission, PermissionCode
from bot.requests.model import Request, Run
from bot.requests.pauses import Pause
from bot.storage import pauses
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.urls import default_sqlite_url
from bot.usecases.approval_service import ApprovalAtStart
from bot.usecases.runs import admission, retry
from bot.usecases.runs.admission import Obstacle, ObstacleCode, find_obstacle
from tests.unit.requests.build import NOW, pending_request

LATEST_START = NOW + timedelta(minutes=30)


class Databases:
    """The database of the running test."""

    current: Database


@pytest_asyncio.fixture(autouse=True)
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database."""
    url = default_sqlite_url(tmp_path)
    migrate(url)
    Databases.current = Database(url)
    yield Databases.current
    await Databases.current.close()


def make_run(**values: Any) -> Run:
    return Run(**({"id": "n_1", "request_id": "r_1", "number": 1, "state": "pending", "version": 1} | values))


def approved(**values: Any) -> Request:
    return pending_request().model_copy(update={"state": "scheduled"} | values)


def make_services(
    *, freeze: str = "", invalid: str = "", unknown: str = "", note: str = "", now=NOW, connect_seconds: float = 60
) -> Any:
    async def active_freeze_reason(_: Request, at: datetime) -> str:
        return freeze

    async def approval_at_start(_: Request) -> ApprovalAtStart:
        code = PermissionCode.UNKNOWN if unknown else PermissionCode.NOT_APPROVED
        permission = Permission(code=code, reason=invalid or unknown) if invalid or unknown else Permission()
        return ApprovalAtStart(permission, note)

    return SimpleNamespace(
        clock=SimpleNamespace(now=lambda: now),
        db=Databases.current,
        settings=SimpleNamespace(timing=SimpleNamespace(connect_seconds=connect_seconds)),
        policy=SimpleNamespace(active_freeze_reason=active_freeze_reason),
        approvals=SimpleNamespace(approval_at_start=approval_at_start),
    )


async def code_of(services: Any, run: Run | None = None, now=NOW, **values: Any) -> ObstacleCode | None:
    obstacle = await find_obstacle(services, run or make_run(), approved(**values), now, [])
    return obstacle and obstacle.code


async def test_a_run_starts_if_nothing_prevents_it() -> None:
    assert await code_of(make_services()) is None


@pytest.mark.parametrize("state", ["cancelled", "failed", "withdrawn"])
async def test_a_run_of_a_request_that_is_over_does_not_start(state: str) -> None:
    assert await code_of(make_services(freeze="frozen"), state=state) is ObstacleCode.REQUEST_OVER


async def test_a_run_is_missed_only_after_its_latest_start() -> None:
    run = make_run(latest_start=LATEST_START)
    assert await code_of(make_services(), run, LATEST_START) is None
    late = await find_obstacle(make_services(), run, approved(), LATEST_START + timedelta(seconds=1), [])
    assert late == Obstacle(ObstacleCode.MISSED, "Missed: it could not start before 04 Mar 12:30 UTC.")


async def test_a_pause_holds_a_start_unless_its_latest_start_has_passed(database: Database) -> None:
    pause = Pause(id="p_1", scope="everything", since=NOW, until=NOW + timedelta(hours=2), reason="smoke")
    async with database.write() as tx:
        await pauses.add(tx, pause)
    held = await find_obstacle(make_services(), make_run(latest_start=LATEST_START), approved(), NOW, [])
    assert held == Obstacle(ObstacleCode.PAUSED, "Paused: smoke. Held until Wed 04 Mar 14:00 UTC.", pause=pause)
    late = LATEST_START + timedelta(seconds=1)
    assert await code_of(make_services(), make_run(latest_start=LATEST_START), late) is ObstacleCode.MISSED
    assert await code_of(make_services(), make_run(), NOW + timedelta(hours=2)) is None
    async with database.write() as tx:
        assert await pauses.end(tx, pause, NOW)
        assert not await pauses.end(tx, pause, NOW)
    assert await code_of(make_services()) is None


async def test_a_freeze_and_an_approval_that_no_longer_holds_prevent_a_start() -> None:
    assert await code_of(make_services(freeze="Year end.", invalid="Bob has left.")) is ObstacleCode.FROZEN
    assert await code_of(make_services(invalid="Bob has left.")) is ObstacleCode.APPROVAL_INVALID


async def test_a_run_that_waited_in_vain_says_what_for() -> None:
    run = make_run(latest_start=LATEST_START, problem="Slack does not say who may approve this.")
    late = await find_obstacle(make_services(), run, approved(), LATEST_START + timedelta(seconds=1), [])
    assert late is not None
    assert late.text.endswith("12:30 UTC. Slack does not say who may approve this.")


async def test_a_start_waits_while_slack_does_not_say_who_may_approve() -> None:
    assert await code_of(make_services(unknown="Slack does not say.")) is ObstacleCode.CANNOT_TELL


async def test_a_start_that_was_checked_with_an_older_answer_says_so() -> None:
    notes: list[str] = []
    assert await find_obstacle(make_services(note="Slack did not answer."), make_run(), approved(), NOW, notes) is None
    assert notes == ["Slack did not answer."]


async def test_a_series_is_renewed_before_its_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    async def renewal_reason(*_: Any) -> str:
        return "Approved 31 days ago."

    monkeypatch.setattr(admission, "series_renewal_reason", renewal_reason)
    assert await code_of(make_services()) is ObstacleCode.RENEWAL_DUE


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (ObstacleCode.REQUEST_OVER, "cancelled"),
        (ObstacleCode.MISSED, "missed"),
        (ObstacleCode.FROZEN, "missed"),
        (ObstacleCode.AUTHOR_LEFT, None),
        (ObstacleCode.PAUSED, None),
        (ObstacleCode.NOT_POSSIBLE, "failed"),
        (ObstacleCode.APPROVAL_INVALID, None),
        (ObstacleCode.RENEWAL_DUE, None),
        (ObstacleCode.TAKEN_OVER, None),
        (ObstacleCode.CANNOT_TELL, None),
    ],
)
def test_how_a_run_ends_that_does_not_start(code: ObstacleCode, state: str | None) -> None:
    assert Obstacle(code, "why").final_state == state


@pytest.mark.parametrize(
    ("scheduler", "placed", "due_at", "start_at", "expected"),
    [
        ("backend", "nightshift", None, LATEST_START, True),
        ("backend", "nightshift", None, NOW, False),
        ("backend", "nightshift", None, None, False),
        ("backend", "nightshift", NOW, LATEST_START, False),
        ("backend", "backend", None, LATEST_START, False),
        ("nightshift", "nightshift", None, LATEST_START, False),
    ],
)
def test_nightshift_takes_over_a_start_that_the_back_end_can_no_longer_keep(
    scheduler: str, placed: Any, due_at: Any, start_at: Any, expected: bool
) -> None:
    plan = Plan(operation="run", token="ns-1", placement=Placement(scheduler=placed, reason=""), calls=())
    asked = approved(scheduler=scheduler, start_at=start_at)
    assert admission._must_take_over_schedule(plan, make_run(due_at=due_at), asked, NOW) is expected


def test_a_start_is_retried_until_the_time_for_it_is_over() -> None:
    run = make_run()
    for seconds, over in ((60, False), (61, True)):
        services = make_services(now=NOW + timedelta(seconds=seconds))
        assert retry.retry_time_is_over(services, NOW, run) is over


def test_a_start_is_never_retried_after_its_latest_start() -> None:
    run = make_run(latest_start=LATEST_START)
    for now, over in ((LATEST_START, False), (LATEST_START + timedelta(seconds=1), True)):
        services = make_services(now=now, connect_seconds=86400)
        assert retry.retry_time_is_over(services, NOW, run) is over


def test_waits_double_up_to_a_maximum() -> None:
    assert [retry.next_wait(seconds) for seconds in (1.0, 2.0, 15.0, 16.0, 30.0)] == [2.0, 4.0, 30.0, 30.0, 30.0]
