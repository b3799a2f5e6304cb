"""Rate limits: slow down before OpsRamp says no. The clock is moved by sleeping, so nothing really waits."""

import asyncio

import pytest

from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.rate_limits import CallLimiter
from bot.backends.opsramp.settings import OpsRampSettings, RateLimits
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import RateLimited
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import NOW, TOKEN, ManualClock, update_params


def limits(clock: ManualClock, **budgets: int) -> CallLimiter:
    return CallLimiter("opsramp.lab", RateLimits(**budgets), clock, clock.sleep)


def limit_headers(
    clock: ManualClock, remaining: int, seconds: int, limit: int = 50, quote: str = '"'
) -> dict[str, str]:
    reset = int(clock.now().timestamp()) + seconds
    return {
        "x-ratelimit-limit": f"{quote}{limit}{quote}",
        "x-ratelimit-remaining": f"{quote}{remaining}{quote}",
        "x-ratelimit-reset": f"{quote}{reset}{quote}",
    }


@pytest.mark.parametrize("quote", ['"', ""])
async def test_when_little_remains_the_next_call_waits_until_the_reset(clock: ManualClock, quote: str) -> None:
    found = limits(clock)
    await found.acquire("get_paged", 65)
    found.record_response("get_paged", 200, limit_headers(clock, 2, 23, quote=quote))
    await found.acquire("get_paged", 65)
    assert clock.slept == [23]


async def test_while_enough_remains_nothing_waits(clock: ManualClock) -> None:
    found = limits(clock)
    found.record_response("get_paged", 200, limit_headers(clock, 3, 23))
    await found.acquire("get_paged", 0)
    assert clock.slept == []


async def test_calls_that_are_under_way_count_against_what_remains(clock: ManualClock) -> None:
    found = limits(clock)
    found.record_response("get_paged", 200, limit_headers(clock, 4, 23))
    await found.acquire("get_paged", 65)
    await found.acquire("get_paged", 65)
    assert clock.slept == []
    await found.acquire("get_paged", 65)
    assert clock.slept == [23]


async def test_a_reset_far_away_is_not_believed(clock: ManualClock) -> None:
    found = limits(clock)
    found.record_response("write", 200, limit_headers(clock, 0, 86_400))
    await found.acquire("write", 65)
    assert clock.slept == [60]


async def test_each_class_is_counted_apart_and_stays_below_its_limit(clock: ManualClock) -> None:
    found = limits(clock, get_paged=40, write=20)
    for _ in range(38):
        await found.acquire("get_paged", 0)
        clock.advance(seconds=1)
    await found.acquire("write", 0)
    with pytest.raises(RateLimited) as caught:
        await found.acquire("get_paged", 0)
    assert caught.value.retry_after == 22
    assert "40 paged reads a minute" in str(caught.value)
    assert "nothing was sent" in str(caught.value)
    await found.acquire("get_paged", 65)
    assert clock.slept == [22]


async def test_the_limit_that_opsramp_tells_counts(clock: ManualClock) -> None:
    found = limits(clock, write=500)
    found.record_response("write", 200, limit_headers(clock, 19, 30, limit=20))
    for _ in range(18):
        await found.acquire("write", 0)
    with pytest.raises(RateLimited):
        await found.acquire("write", 0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry-after": "12"}, 12), ({}, 5), ({"retry-after": "soon"}, 5), ({"retry-after": "900"}, 60)],
)
async def test_after_a_429_without_a_reset(clock: ManualClock, headers: dict[str, str], wait: float) -> None:
    found = limits(clock)
    found.record_response("write", 429, headers)
    await found.acquire("write", 65)
    assert clock.slept == [wait]


async def test_the_impatient_do_not_queue_behind_the_patient(clock: ManualClock) -> None:
    asleep, woken = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await woken.wait()
        await clock.sleep(seconds)

    found = CallLimiter("opsramp.lab", RateLimits(), clock, sleep)
    found.record_response("get", 200, limit_headers(clock, 0, 30, limit=500))
    waiting = asyncio.create_task(found.acquire("get", 65))
    await asleep.wait()
    with pytest.raises(RateLimited):
        await asyncio.wait_for(found.acquire("get", 1), 10)
    woken.set()
    await waiting


async def test_reads_stay_within_what_the_server_allows(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    sandbox.auth.rate_limits["get_paged"] = 20
    clock.advance(seconds=5)
    catalog = connection._catalog
    for number in range(45):
        await catalog.job_ids_by_name("client_93", f"nobody {number}")
    assert clock.slept
    assert all(0 < seconds <= 60 for seconds in clock.slept)
    minutes: dict[int, int] = {}
    for received in sandbox.requests_to("GET", ".*/jobs/search"):
        minutes[int(received.at.timestamp() // 60)] = minutes.get(int(received.at.timestamp() // 60), 0) + 1
    assert sum(minutes.values()) == 90
    assert max(minutes.values()) <= 20


async def test_a_429_on_an_update_waits_for_the_reset_and_sends_it_once_more(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    job = sandbox.job_by_name("Weekly AD checklist")["id"]
    reset = str(int(clock.now().timestamp()) + 17)
    sandbox.faults.append(
        Fault(
            "status",
            path="/jobs/",
            method="POST",
            status=429,
            body={"error": "throttled", "error_description": "Too Many Requests"},
            headers={"X-RateLimit-Limit": '"50"', "X-RateLimit-Remaining": '"0"', "X-RateLimit-Reset": f'"{reset}"'},
        )
    )
    await update_operation.start(update_operation.plan(update_params(id=job, name="Calm"), NOW, TOKEN))
    assert clock.slept == [17]
    assert sandbox.jobs[job]["name"] == "Calm"


@pytest.mark.parametrize(("tenant", "budgets"), [("client_93", (500, 50, 50)), ("msp_12", (1500, 150, 150))])
def test_the_documented_limits_of_clients_and_partners(
    sandbox: OpsRampSandbox, tenant: str, budgets: tuple[int, ...]
) -> None:
    found: OpsRampSettings = settings_for(sandbox, "http://127.0.0.1:1", tenant=tenant)
    assert (found.rate_limits.get, found.rate_limits.get_paged, found.rate_limits.write) == budgets
