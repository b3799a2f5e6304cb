"""The same phrases at moments and in zones where calendars and clocks are awkward."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import Ambiguous, Once, Parsed, Series, Window, ZonedTime, next_runs, read

WALL_TIMES = (
    datetime(2026, 11, 22, 23, 59),
    datetime(2026, 11, 23, 0, 0),
    datetime(2026, 12, 31, 23, 59, 59),
    datetime(2027, 2, 28, 12, 0),
    datetime(2028, 2, 29, 6, 30),
    datetime(2027, 3, 27, 23, 30),
    datetime(2027, 3, 28, 0, 30),
    datetime(2027, 10, 30, 23, 30),
)
ZONES = ("Europe/Berlin", "America/New_York", "UTC", "Asia/Kolkata", "Australia/Lord_Howe")
NOWS_AND_ZONES = [(moment.replace(tzinfo=ZoneInfo(zone)), zone) for moment, zone in product(WALL_TIMES, ZONES)]

Check = Callable[[datetime, datetime], bool]


def day_after(now: datetime, count: int) -> date:
    return now.date() + timedelta(days=count)


POINTS: dict[str, Check] = {
    "tomorrow 09:00": lambda now, at: at.date() == day_after(now, 1) and at.time() == time(9),
    "the day after tomorrow at 9pm": lambda now, at: at.date() == day_after(now, 2) and at.hour == 21,
    "noon": lambda now, at: at.hour == 12 and timedelta() < at - now <= timedelta(days=1),
    "friday 09:00": lambda now, at: at.weekday() == 4 and at.date() <= day_after(now, 7),
    "next week tuesday 09:00": lambda now, at: at.isocalendar()[1] != now.isocalendar()[1] and at.weekday() == 1,
    "the 15th at 09:00": lambda now, at: at.day == 15 and at.date() <= day_after(now, 31),
    "the 29th at 09:00": lambda now, at: at.day == 29 and at.date() <= day_after(now, 62),
    "the last day of june at 09:00": lambda now, at: (at.month, at.day) == (6, 30),
    "24 december 09:00": lambda now, at: (at.month, at.day) == (12, 24) and at.date() <= day_after(now, 366),
    "first monday of may at 09:00": lambda now, at: (at.month, at.weekday()) == (5, 0) and at.day <= 7,
    "in 3 days at 09:00": lambda now, at: at.date() == day_after(now, 3),
    "in 2 weeks at 09:00": lambda now, at: at.date() == day_after(now, 14),
    "3 days after tomorrow at 09:00": lambda now, at: at.date() == day_after(now, 4),
}


@pytest.mark.parametrize("phrase", POINTS)
def test_a_day_and_time_are_the_ones_named_wherever_and_whenever_it_is_said(phrase: str) -> None:
    for now, zone in NOWS_AND_ZONES:
        reading = read(phrase, now=now, zone=zone)
        assert isinstance(reading, Parsed), (phrase, now, zone, reading)
        assert isinstance(reading.schedule, Once)
        start = reading.schedule.start
        assert start.zone == zone
        assert start.instant > now.astimezone(UTC)
        assert POINTS[phrase](now.replace(tzinfo=None), start.wall), (phrase, now, zone, start.wall)


@pytest.mark.parametrize(
    ("phrase", "hours"), [("in 2 hours", 2), ("in 90 min", 1.5), ("in 36 hours", 36), ("+12h", 12)]
)
def test_hours_are_counted_in_real_time(phrase: str, hours: float) -> None:
    for now, zone in NOWS_AND_ZONES:
        reading = read(phrase, now=now, zone=zone)
        assert isinstance(reading, Parsed)
        assert isinstance(reading.schedule, Once)
        late = reading.schedule.start.instant - (now.astimezone(UTC) + timedelta(hours=hours))
        assert timedelta(minutes=-1) < late <= timedelta(), (phrase, now, zone)


@pytest.mark.parametrize(
    "phrase", ["tomorrow 21:00-23:00", "tomorrow 21:00 for 2 hours", "tomorrow between 9 and 11pm"]
)
def test_a_window_keeps_its_hours(phrase: str) -> None:
    for now, zone in NOWS_AND_ZONES:
        reading = read(phrase, now=now, zone=zone)
        assert isinstance(reading, Parsed)
        assert isinstance(reading.schedule, Window)
        start, end = reading.schedule.start.wall, reading.schedule.end.wall
        assert (start, end) == tuple(datetime.combine(day_after(now, 1), time(hour)) for hour in (21, 23))


@pytest.mark.parametrize(
    ("phrase", "fits"),
    [
        ("every day at 06:00", lambda at: at.time() == time(6)),
        ("weekdays at 06:00", lambda at: at.weekday() < 5),
        ("every month on the last day at 23:00", lambda at: (at + timedelta(days=1)).day == 1),
        ("every month on the 31st at 06:00", lambda at: at.day == 31),
        ("2nd tuesday of every month at 22:00", lambda at: at.weekday() == 1 and 8 <= at.day <= 14),
        ("every other friday at 06:00", lambda at: at.weekday() == 4),
        ("every year on the last sunday of march at 06:00", lambda at: at.month == 3 and at.day > 24),
    ],
)
def test_a_series_runs_on_the_days_named(phrase: str, fits: Callable[[datetime], bool]) -> None:
    for now, zone in NOWS_AND_ZONES:
        reading = read(phrase, now=now, zone=zone)
        assert isinstance(reading, Parsed)
        assert isinstance(reading.schedule, Series)
        runs = next_runs(reading.schedule, now, 10)
        assert runs[0] == reading.schedule.first
        assert all(fits(run.wall) for run in runs), (phrase, now, zone)
        assert [run.instant for run in runs] == sorted({run.instant for run in runs})


def test_one_day_phrased_in_several_ways_is_the_same_time() -> None:
    for now, zone in NOWS_AND_ZONES:
        tomorrow = day_after(now, 1)
        ways = ("tomorrow at 9am", "9:00 tomorrow", f"{tomorrow} 09:00", f"{tomorrow:%A} 9am", f"{tomorrow:%d %B} 9 am")
        moments = []
        for way in ways:
            reading = read(way, now=now, zone=zone)
            assert isinstance(reading, Parsed), way
            assert isinstance(reading.schedule, Once)
            moments.append(reading.schedule.start)
        assert len(set(moments)) == 1, (now, zone)


@pytest.mark.parametrize(
    ("zone", "wall"),
    [
        ("Europe/Berlin", "2027-03-28 02:30"),
        ("America/New_York", "2027-03-14 02:30"),
        ("Australia/Lord_Howe", "2027-10-03 02:15"),
    ],
)
def test_a_time_that_the_clocks_skip_is_asked_about(zone: str, wall: str) -> None:
    reading = read(wall, now=datetime(2026, 11, 22, tzinfo=UTC), zone=zone)
    assert isinstance(reading, Ambiguous)
    early, late = (choice.meaning.schedule for choice in reading.choices)
    assert isinstance(early, Once)
    assert isinstance(late, Once)
    named = datetime.fromisoformat(wall)
    gap = timedelta(minutes=30 if zone == "Australia/Lord_Howe" else 60)
    assert (early.start.wall, late.start.wall) == (named - gap, named + gap)


@pytest.mark.parametrize(
    ("zone", "wall"),
    [
        ("Europe/Berlin", "2027-10-31 02:30"),
        ("America/New_York", "2027-11-07 01:30"),
        ("Australia/Lord_Howe", "2027-04-04 01:45"),
    ],
)
def test_a_time_that_comes_twice_is_asked_about(zone: str, wall: str) -> None:
    reading = read(wall, now=datetime(2026, 11, 22, tzinfo=UTC), zone=zone)
    assert isinstance(reading, Ambiguous)
    first, second = (choice.meaning.schedule for choice in reading.choices)
    assert isinstance(first, Once)
    assert isinstance(second, Once)
    assert first.start == ZonedTime(wall=datetime.fromisoformat(wall), zone=zone)
    assert second.start == first.start.model_copy(update={"fold": 1})
    assert second.start.instant - first.start.instant in (timedelta(minutes=30), timedelta(hours=1))


def test_the_letters_of_the_zone_settle_which_of_two_times_is_meant() -> None:
    now = datetime(2027, 10, 30, tzinfo=UTC)
    for letters, fold in (("CEST", 0), ("CET", 1)):
        reading = read(f"31 october 02:30 {letters}", now=now, zone="Europe/Berlin")
        assert isinstance(reading, Parsed)
        assert isinstance(reading.schedule, Once)
        assert reading.schedule.start.fold == fold
