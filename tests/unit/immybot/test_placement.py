"""Who holds the start, and what the body says of time."""

from datetime import UTC, datetime, time

import pytest

from bot.backends.immybot.operation import MaintenanceOperation
from bot.errors import InputError, Refused
from bot.schedule import Now, RecurrenceRule, Schedule, Series, Window, ZonedTime
from playground.immybot import ImmyBotSandbox
from playground.immybot.sessions import next_time_of_day as sandbox_next_time
from tests.unit.immybot.support import RUN_PATH, ManualClock, body, once, params

TIME_KEYS = {"updateTime", "timeZoneInfoId"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# The clock stands at 2026-03-04 12:00 UTC.
@pytest.mark.parametrize(
    ("start", "zone", "sent"),
    [
        ("2026-03-04T21:00", "UTC", "21:00"),
        ("2026-03-04T12:05", "UTC", "12:05"),
        ("2026-03-05T11:55", "UTC", "11:55"),
        ("2026-03-05T03:00", "Europe/Berlin", "03:00"),
        ("2026-03-04T07:30", "America/Detroit", "07:30"),
        ("2026-03-05T20:30", "Asia/Tokyo", "20:30"),
    ],
)
def test_a_start_within_the_next_day_is_held_by_immybot(
    maintenance: MaintenanceOperation, clock: ManualClock, start: str, zone: str, sent: str
) -> None:
    schedule = once(start, zone)
    plan = maintenance.plan(params(), schedule, "t")
    assert plan.placement.scheduler == "backend"
    assert (body(plan)["updateTime"], body(plan)["timeZoneInfoId"]) == (sent, zone)
    assert sandbox_next_time(sent, zone, clock.now()) == schedule.start.instant


@pytest.mark.parametrize(
    ("start", "zone", "why"),
    [
        ("2026-03-04T12:04", "UTC", "The start is too close."),
        ("2026-03-04T11:00", "UTC", "The start is too close."),
        ("2026-03-05T11:56", "UTC", "the next 24 hours only"),
        ("2026-03-05T12:00", "UTC", "the next 24 hours only"),
        ("2026-03-09T03:00", "UTC", "the next 24 hours only"),
        ("2026-03-05T21:30", "Asia/Tokyo", "the next 24 hours only"),
        ("2026-03-04T21:00:30", "UTC", "whole minutes only"),
    ],
)
def test_other_starts_are_held_by_nightshift(
    maintenance: MaintenanceOperation, start: str, zone: str, why: str
) -> None:
    plan = maintenance.plan(params(), once(start, zone), "t")
    assert plan.placement.scheduler == "nightshift"
    assert why in plan.placement.reason
    assert not TIME_KEYS & set(body(plan))


@pytest.mark.parametrize(
    ("now", "start"),
    [("2026-03-29T00:30", "2026-03-29T02:30"), ("2026-10-24T22:00", "2026-10-25T02:30")],
    ids=["gap", "overlap"],
)
def test_a_start_in_a_clock_change_is_held_by_nightshift(
    maintenance: MaintenanceOperation, clock: ManualClock, now: str, start: str
) -> None:
    clock.current = at(now)
    plan = maintenance.plan(params(), once(start, "Europe/Berlin"), "t")
    assert plan.placement.scheduler == "nightshift"
    assert "clocks change" in plan.placement.reason


def test_a_day_of_25_hours_does_not_make_a_time_of_day_ambiguous(
    maintenance: MaintenanceOperation, clock: ManualClock
) -> None:
    clock.current = at("2026-10-24T10:00")
    for text, holder in (("2026-10-25T11:50", "backend"), ("2026-10-25T12:30", "nightshift")):
        assert maintenance.plan(params(), once(text, "Europe/Berlin"), "t").placement.scheduler == holder


def test_a_latest_start_a_window_and_a_series_are_held_by_nightshift(maintenance: MaintenanceOperation) -> None:
    start, end = (ZonedTime(wall=datetime.fromisoformat(f"2026-03-04T{hour}:00"), zone="UTC") for hour in ("21", "23"))
    schedules: dict[str, Schedule] = {
        "no latest start": once("2026-03-04T21:00", latest="2026-03-04T22:00"),
        "no end of a window": Window(start=start, end=end),
        "one start only": Series(rule=RecurrenceRule(freq="daily", times=(time(21),)), zone="UTC", first=start),
    }
    for why, schedule in schedules.items():
        plan = maintenance.plan(params(), schedule, "t")
        assert plan.placement.scheduler == "nightshift"
        assert why in plan.placement.reason
        assert not TIME_KEYS & set(body(plan))


def test_a_run_that_is_due_is_sent_without_a_time(maintenance: MaintenanceOperation) -> None:
    due = ZonedTime(wall=datetime.fromisoformat("2026-03-04T21:00"), zone="UTC")
    plan = maintenance.plan_occurrence(params(), Window(start=due, end=due), due, "t")
    assert not TIME_KEYS & set(body(plan))


def test_an_update_time_of_immybots_own_goes_with_now_only(maintenance: MaintenanceOperation) -> None:
    p = params(update_time="02:30", time_zone="America/Detroit")
    plan = maintenance.plan(p, Now(), "t")
    assert (body(plan)["updateTime"], body(plan)["timeZoneInfoId"]) == ("02:30", "America/Detroit")
    assert plan.placement.scheduler == "backend"
    with pytest.raises(InputError) as caught:
        maintenance.plan(p, once("2026-03-04T21:00"), "t")
    assert caught.value.problems == {
        "update_time": "Two starts are given: leave the update time out, or ask for the run now."
    }


def test_a_time_zone_alone_is_not_sent(maintenance: MaintenanceOperation) -> None:
    assert not TIME_KEYS & set(body(maintenance.plan(params(time_zone="America/Detroit"), Now(), "t")))


async def test_a_plan_whose_time_has_passed_is_not_sent(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    plan = maintenance.plan(params(), once("2026-03-04T12:10"), "t")
    clock.advance(minutes=9, seconds=31)
    with pytest.raises(Refused, match=r"2026-03-04 12:10 UTC has come too close or is past. Nothing was sent"):
        await maintenance.start(plan)
    assert sandbox.requests_to("POST", RUN_PATH) == []


async def test_an_own_update_time_waits_for_the_next_day_where_the_plan_is_late(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    plan = maintenance.plan(params(update_time="12:10", time_zone="UTC"), Now(), "t")
    clock.advance(minutes=30)
    handle = await maintenance.start(plan)
    assert handle.detail["starts_at"] == "2026-03-05T12:10:00+00:00"
    (first, *_) = sandbox.sessions.values()
    assert first.scheduled == at("2026-03-05T12:10")


async def test_a_plan_that_nightshift_holds_is_not_sent_early(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox, clock: ManualClock
) -> None:
    plan = maintenance.plan(params(), once("2026-03-04T12:04"), "t")
    with pytest.raises(Refused, match=r"can no longer hold the start 2026-03-04 12:04 UTC, and it is too early"):
        await maintenance.start(plan)
    assert sandbox.requests_to("POST", RUN_PATH) == []
    clock.advance(minutes=4)
    await maintenance.start(plan)
    assert len(sandbox.requests_to("POST", RUN_PATH)) == 1


def test_a_plan_tells_its_warnings_without_a_network(maintenance: MaintenanceOperation) -> None:
    (only,) = maintenance.plan(params(reboot_preference="Force"), Now(), "t").warnings
    assert only.startswith("Force reboots every computer")
