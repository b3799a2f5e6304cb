"""Who holds a start."""

from datetime import datetime

import pytest

from bot.backends.immybot.placement import next_instant_at, place_start
from bot.schedule import Now, Once, RecurrenceRule, Series, Window
from tests.unit.immybot.support import START, once, params

IN_NIGHTSHIFT = "Nightshift makes the call when it is due."


@pytest.mark.parametrize(
    ("start", "zone", "latest", "reason"),
    [
        ("2026-03-04T12:05", "UTC", "", "as update time 12:05 in UTC"),
        ("2026-03-04T12:04:59", "UTC", "", "ImmyBot knows whole minutes only."),
        ("2026-03-04T12:05:00.000001", "UTC", "", "ImmyBot knows whole minutes only."),
        ("2026-03-04T12:04", "UTC", "", "The start is too close."),
        ("2026-03-05T11:55", "UTC", "", "as update time 11:55 in UTC"),
        ("2026-03-05T11:56", "UTC", "", "so it can hold the next 24 hours only."),
        ("2026-03-04T21:00", "UTC", "2026-03-04T22:00", "ImmyBot knows no latest start."),
    ],
)
def test_who_holds_one_start(start: str, zone: str, latest: str, reason: str):
    placed = place_start(params(), once(start, zone, latest), START)
    held = reason.startswith("as update")
    assert reason in placed.placement.reason
    assert (placed.placement.scheduler, placed.update_time is not None, placed.zone) == (
        ("backend", True, zone) if held else ("nightshift", False, None)
    )
    assert placed.placement.reason.startswith("ImmyBot holds" if held else IN_NIGHTSHIFT)


def test_a_start_in_a_change_of_the_clocks_is_not_held_by_immybot():
    for now, start in (("2026-03-28T12:00", "2026-03-29T02:30"), ("2026-10-24T12:00", "2026-10-25T02:30")):
        placed = place_start(params(), once(start, "Europe/Berlin"), datetime.fromisoformat(f"{now}+00:00"))
        assert placed.placement.reason.endswith("The clocks change then, and ImmyBot would have to guess.")


def test_everything_else_is_held_by_nightshift():
    start = once("2026-03-04T21:00").start
    series = Series(rule=RecurrenceRule(freq="daily"), zone="UTC", first=start)
    for schedule in (Now(), series, Window(start=start, end=start)):
        placed = place_start(params(), schedule, START)
        assert (placed.placement.scheduler, placed.update_time, placed.starts_at) == ("nightshift", None, None)
    off = place_start(params(), Once(start=start), START, native_schedules=False)
    assert off.placement.reason == f"{IN_NIGHTSHIFT} This ImmyBot is set up to start at once only."
    own = place_start(params(update_time="02:30", time_zone="UTC"), Now(), START)
    assert (own.update_time, own.zone, own.starts_at) == ("02:30", "UTC", START.replace(day=5, hour=2, minute=30))


@pytest.mark.parametrize(
    ("clock_time", "zone", "now", "expected"),
    [
        ("12:01", "UTC", "2026-03-04T12:00", "2026-03-04T12:01"),
        ("12:00", "UTC", "2026-03-04T12:00", "2026-03-05T12:00"),
        ("02:30", "Europe/Berlin", "2026-03-28T12:00", "2026-03-30T00:30"),
        ("02:30", "Europe/Berlin", "2026-03-29T03:00", "2026-03-30T00:30"),
    ],
)
def test_the_next_time_that_a_clock_shows(clock_time: str, zone: str, now: str, expected: str):
    instant = next_instant_at(clock_time, zone, datetime.fromisoformat(f"{now}+00:00"))
    assert instant == datetime.fromisoformat(f"{expected}+00:00")
