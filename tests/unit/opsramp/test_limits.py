"""Rate limits: slow down before OpsRamp says no. The clock is moved by sleeping, so nothing really waits."""

import asyncio

import pytest

from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.limits import Limits
from bot.backends.opsramp.settings import Budgets, OpsRampSettings
from bot.backends.opsramp.update import Update
from bot.errors import Throttled
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import NOW, TOKEN, HandClock, update


def limits(clock: HandClock, **budgets: int) -> Limits:
    return Limits("opsramp.lab", Budgets(**budgets), clock, clock.sleep)


def told(clock: HandClock, remaining: int, seconds: int, limit: int = 50, quote: str = '"') -> dict[str, str]:
    reset = int(clock.now().timestamp()) + seconds
    return {
        "x-ratelimit-limit": f"{quote}{limit}{quote}",
        "x-ratelimit-remaining": f"{quote}{remaining}{quote}",
        "x-ratelimit-reset": f"{quote}{reset}{quote}",
    }


@pytest.mark.parametrize("quote", ['"', ""])
async def test_when_little_remains_the_next_call_waits_until_the_reset(clock: HandClock, quote: str) -> None:
    found = limits(clock)
    await found.take("get_paged", 65)
    found.heard("get_paged", 200, told(clock, 2, 23, quote=quote))
    await found.take("get_paged", 65)
    assert clock.slept == [23]


async def test_while_enough_remains_nothing_waits(clock: HandClock) -> None:
    found = limits(clock)
    found.heard("get_paged", 200, told(clock, 3, 23))
    await found.take("get_paged", 0)
    assert clock.slept == []


async def test_calls_that_are_under_way_count_against_what_remains(clock: HandClock) -> None:
    found = limits(clock)
    found.heard("get_paged", 200, told(clock, 4, 23))
    await found.take("get_paged", 65)
    await found.take("get_paged", 65)
    assert clock.slept == []
    await found.take("get_paged", 65)
    assert clock.slept == [23]


async def test_a_reset_far_away_is_not_believed(clock: HandClock) -> None:
    found = limits(clock)
    found.heard("write", 200, told(clock, 0, 86_400))
    await found.take("write", 65)
    assert clock.slept == [60]


async def test_each_class_is_counted_apart_and_stays_below_its_limit(clock: HandClock) -> None:
    found = limits(clock, get_paged=40, write=20)
    for _ in range(38):
        await found.take("get_paged", 0)
        clock.move(seconds=1)
    await found.take("write", 0)
    with pytest.raises(Throttled) as caught:
        await found.take("get_paged", 0)
    assert caught.value.retry_after == 22
    assert "40 paged reads a minute" in str(caught.value)
    assert "nothing was sent" in str(caught.value)
    await found.take("get_paged", 65)
    assert clock.slept == [22]


async def test_the_limit_that_opsramp_tells_counts(clock: HandClock) -> None:
    found = limits(clock, write=500)
    found.heard("write", 200, told(clock, 19, 30, limit=20))
    for _ in range(18):
        await found.take("write", 0)
    with pytest.raises(Throttled):
        await found.take("write", 0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [({"retry-after": "12"}, 12), ({}, 5), ({"retry-after": "soon"}, 5), ({"retry-after": "900"}, 60)],
)
async def test_after_a_429_without_a_reset(clock: HandClock, headers: dict[str, str], wait: float) -> None:
    found = limits(clock)
    found.heard("write", 429, headers)
    await found.take("write", 65)
    assert clock.slept == [wait]


async def test_the_impatient_do_not_queue_behind_the_patient(clock: HandClock) -> None:
    asleep, woken = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        asleep.set()
        await woken.wait()
        await clock.sleep(seconds)

    found = Limits("opsramp.lab", Budgets(), clock, sleep)
    found.heard("get", 200, told(clock, 0, 30, limit=500))
    waiting = asyncio.create_task(found.take("get", 65))
    await asleep.wait()
    with pytest.raises(Throttled):
        await asyncio.wait_for(found.take("get", 1), 0.2)
    woken.set()
    await waiting


async def test_reads_stay_within_what_the_server_allows(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    sandbox.gate.limits["get_paged"] = 20
    clock.move(seconds=5)
    catalog = connection._catalog
    for number in range(45):
        await catalog.jobs_named("client_93", f"nobody {number}")
    assert clock.slept
    assert all(0 < seconds <= 60 for seconds in clock.slept)
    minutes: dict[int, int] = {}
    for received in sandbox.received("GET", ".*/jobs/search"):
        minutes[int(received.at.timestamp() // 60)] = minutes.get(int(received.at.timestamp() // 60), 0) + 1
    assert sum(minutes.values()) == 90
    assert max(minutes.values()) <= 20


async def test_a_429_on_an_update_waits_for_the_reset_and_sends_it_once_more(
    updating: Update, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    job = sandbox.job_named("Weekly AD checklist")["id"]
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
    await updating.start(updating.plan(update(id=job, name="Calm"), NOW, TOKEN))
    assert clock.slept == [17]
    assert sandbox.jobs[job]["name"] == "Calm"


@pytest.mark.parametrize(("tenant", "budgets"), [("client_93", (500, 50, 50)), ("msp_12", (1500, 150, 150))])
def test_the_documented_limits_of_clients_and_partners(
    sandbox: OpsRampSandbox, tenant: str, budgets: tuple[int, ...]
) -> None:
    found: OpsRampSettings = settings_for(sandbox, "http://127.0.0.1:1", tenant=tenant)
    assert (found.budgets.get, found.budgets.get_paged, found.budgets.write) == budgets
