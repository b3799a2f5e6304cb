"""What is remembered of sessions and of why they failed is bounded, and read again after it was forgotten."""

import asyncio
from datetime import timedelta

import pytest

from bot.backends.immybot import actions, codes, sessions
from bot.backends.immybot.actions import ActionReader
from bot.backends.immybot.operation import MaintenanceOperation
from bot.backends.immybot.placement import next_instant_at
from bot.schedule import Now
from playground.immybot import ImmyBotSandbox
from tests.unit.immybot.support import START, params, progress_of

ACTIONS = "/api/v1/maintenance-actions/dx"
ONE_SESSION = r"/api/v1/maintenance-sessions/\d+"


async def test_reasons_are_forgotten_when_they_are_too_many(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "_MAX_CACHED", 2)
    reader = ActionReader(maintenance._client, str)

    async def reads(*numbers: int) -> int:
        before = len(sandbox.requests_to("GET", ACTIONS))
        await reader.failure_reasons(numbers)
        return len(sandbox.requests_to("GET", ACTIONS)) - before

    assert await reads(1, 2) == 2
    assert await reads(1, 2) == 0
    assert await reads(3) == 1
    assert await reads(3) == 1


async def test_sessions_are_forgotten_when_they_are_too_many_and_read_again(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = await maintenance.start(maintenance.plan(params(), Now(), "t"))
    await progress_of(maintenance, handle)
    before = len(sandbox.requests_to("GET", ONE_SESSION))
    await progress_of(maintenance, handle)
    assert len(sandbox.requests_to("GET", ONE_SESSION)) == before
    monkeypatch.setattr(sessions, "_MAX_CACHED", 1)
    assert (await progress_of(maintenance, handle)).total == 2
    assert len(sandbox.requests_to("GET", ONE_SESSION)) == before + 2


@pytest.mark.parametrize(
    ("zone", "clock_time", "expected"),
    [
        ("UTC", "12:01", timedelta(minutes=1)),
        ("UTC", "12:00", timedelta(days=1)),
        ("UTC", "11:59", timedelta(days=1, minutes=-1)),
        ("Europe/Berlin", "13:01", timedelta(minutes=1)),
        ("Europe/Berlin", "13:00", timedelta(days=1)),
    ],
)
def test_the_next_time_that_a_clock_shows(zone: str, clock_time: str, expected: timedelta) -> None:
    assert next_instant_at(clock_time, zone, START) - START == expected


def test_a_time_that_a_change_of_the_clocks_leaves_out_comes_a_day_later() -> None:
    eve = START.replace(month=3, day=29, hour=0)
    assert next_instant_at("02:30", "Europe/Berlin", eve).isoformat() == "2026-03-30T00:30:00+00:00"


def numbers(table: codes.CodeTable) -> dict[int, str]:
    """The names by number. A number that stands there twice finds the first name only."""
    found = {n: table.find(n) for n in range(-1, 20)}
    return {n: code.name for n, code in found.items() if code is not None}


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            codes.SESSION_STATUS,
            "Passed Running Failed Created Cancelled Postponed Pending PartialPassed PendingConnectivity Missed "
            "MaxTrackedDevicesPerMonthExceeded PendingPreflight PendingEphemeralAgentConnection "
            "MaintenanceForTrackableDevicesNotAllowed",
        ),
        (
            codes.ACTION_TYPE,
            "NoAction Install Update Uninstall Download Reinstall Downgrade Undetermined TaskEnforce TaskMonitor "
            "TaskAudit",
        ),
        (codes.ACTION_RESULT, "Pending Success Failed Cancelled Indeterminable Resolved"),
    ],
)
def test_states_and_results_are_numbered_as_the_api_numbers_them(table: codes.CodeTable, expected: str) -> None:
    assert numbers(table) == dict(enumerate(expected.split()))


def test_reasons_are_numbered_as_the_api_numbers_them() -> None:
    assert numbers(codes.RESULT_REASON) == {
        0: "NoLicenseAvailable",
        1: "SoftwareNotFound",
        2: "DetectionActionFailed",
        3: "TaskNotFound",
        4: "TaskNotCompliant",
        5: "TaskCompliant",
        11: "DeviceOffline",
        12: "RebootsSuppressed",
    }


async def test_of_many_reads_the_first_error_is_raised_after_all_have_ended() -> None:
    ended: list[int] = []

    async def read(number: int) -> None:
        await asyncio.sleep(0.02 * number)
        ended.append(number)
        if number in (0, 2):
            raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        await sessions.for_each_limited(range(4), read)
    assert ended == [0, 1, 2, 3]


async def test_a_few_things_are_read_at_a_time() -> None:
    busy, most = 0, 0

    async def read(_: int) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.01)
        busy -= 1

    await sessions.for_each_limited(range(20), read)
    assert most == 8


def test_fifty_thousand_things_are_remembered() -> None:
    assert (sessions._MAX_CACHED, actions._MAX_CACHED) == (50_000, 50_000)
