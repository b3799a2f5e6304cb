"""The moments of a series across daylight-saving changes, against an independent reader of cron lines."""

import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from bot.schedule import Parsed, RecurrenceRule, Series, Weekday, ZonedTime, next_runs, occurrences, read

DAILY = {"freq": "daily", "times": [time(2, 30)]}
START = datetime(2027, 3, 20, 12, 0, tzinfo=UTC)


def series(rule: Mapping[str, object], zone: str = "Europe/Berlin", count: int | None = None) -> Series:
    return Series(
        rule=RecurrenceRule.model_validate(rule), zone=zone, first=ZonedTime.from_instant(START, zone), count=count
    )


def series_said(phrase: str, now: str) -> Series:
    reading = read(phrase, now=datetime.fromisoformat(now), zone="Europe/Berlin")
    assert isinstance(reading, Parsed), reading
    assert isinstance(reading.schedule, Series)
    return reading.schedule


@pytest.mark.parametrize(
    ("cron", "rule"),
    [
        ("30 2 * * *", {"freq": "daily", "times": [time(2, 30)]}),
        ("0 6 * * 1-5", {"freq": "weekly", "times": [time(6)], "weekdays": [Weekday(day=day) for day in range(5)]}),
        ("15 1,13 * * *", {"freq": "daily", "times": [time(1, 15), time(13, 15)]}),
        ("0 3 1,15 * *", {"freq": "monthly", "times": [time(3)], "monthdays": [1, 15]}),
        ("0 3 L * *", {"freq": "monthly", "times": [time(3)], "monthdays": [-1]}),
        ("0 22 * * 2#2", {"freq": "monthly", "times": [time(22)], "weekdays": [Weekday(day=1, nth=2)]}),
        ("0 3 * * 0L", {"freq": "monthly", "times": [time(3)], "weekdays": [Weekday(day=6, nth=-1)]}),
        ("0 6 24 12 *", {"freq": "yearly", "times": [time(6)], "months": [12], "monthdays": [24]}),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC", "Australia/Lord_Howe"])
def test_the_runs_of_a_series_are_those_of_its_cron_line(cron: str, rule: dict[str, object], zone: str) -> None:
    runs = next_runs(series(rule, zone), START, 400)
    expected = islice(CronSim(cron, START.astimezone(ZoneInfo(zone))), 400 if rule["freq"] != "yearly" else 20)
    for run, other in zip(runs, expected, strict=False):
        assert run.instant == other.astimezone(UTC)


def test_a_time_that_the_clocks_skip_runs_when_they_have_gone_forward() -> None:
    runs = next_runs(series(DAILY), datetime(2027, 3, 27, 0, tzinfo=UTC), 3)
    assert [run.wall.isoformat() for run in runs] == [
        "2027-03-27T02:30:00",
        "2027-03-28T03:00:00",
        "2027-03-29T02:30:00",
    ]


def test_a_time_that_comes_twice_runs_once_at_the_first() -> None:
    runs = next_runs(series(DAILY), datetime(2027, 10, 30, 12, tzinfo=UTC), 2)
    assert [run.instant.isoformat() for run in runs] == ["2027-10-31T00:30:00+00:00", "2027-11-01T01:30:00+00:00"]


def test_two_times_inside_the_gap_are_one_run() -> None:
    rule = {"freq": "daily", "times": [time(2, 15), time(2, 45)]}
    runs = next_runs(series(rule), datetime(2027, 3, 27, 12, tzinfo=UTC), 3)
    assert [run.wall.isoformat()[5:16] for run in runs] == ["03-28T03:00", "03-29T02:15", "03-29T02:45"]


def test_a_gap_at_midnight_starts_with_the_day() -> None:
    """In Beirut the clocks go from 00:00 to 01:00."""
    made = Series(
        rule=RecurrenceRule(freq="daily", times=(time(0, 0),)),
        zone="Asia/Beirut",
        first=ZonedTime.from_instant(START, "Asia/Beirut"),
    )
    runs = [run.wall for run in next_runs(made, datetime(2027, 3, 26, 12, tzinfo=UTC), 3)]
    assert datetime(2027, 3, 28, 1, 0) in runs


def test_counting_starts_with_the_first_run_whenever_it_is_asked() -> None:
    five = series({"freq": "daily", "times": [time(6)]}, count=5)
    every = list(occurrences(five))
    assert len(every) == 5
    assert list(occurrences(five, every[2].instant)) == every[3:]
    assert list(occurrences(five, every[4].instant)) == []


def test_until_is_inclusive() -> None:
    last = ZonedTime(wall=datetime(2027, 3, 23, 6), zone="Europe/Berlin")
    made = series({"freq": "daily", "times": [time(6)]}).model_copy(update={"until": last})
    assert list(occurrences(made))[-1] == last


def test_an_old_series_by_the_hour_keeps_its_step_and_is_found_quickly() -> None:
    made = series({"freq": "hourly", "interval": 7})
    late = START + timedelta(days=3650)
    run = next_runs(made, late, 1)[0]
    steps = (run.wall - made.first.wall) / timedelta(hours=7)
    assert steps == int(steps)
    assert timedelta() < run.instant - late <= timedelta(hours=8)


def test_every_hour_keeps_its_real_hour_when_the_clocks_change() -> None:
    for start, repeated in (("2026-10-24T22:00+00:00", True), ("2026-03-28T22:00+00:00", False)):
        hourly = series_said("every hour", start)
        runs = next_runs(hourly, hourly.first.instant, 12)
        assert {after.instant - before.instant for before, after in pairwise(runs)} == {timedelta(hours=1)}
        walls = [run.wall.hour for run in runs]
        assert (walls.count(2) == 2) is repeated


def test_every_two_hours_are_counted_in_real_time_from_the_first_run() -> None:
    runs = next_runs(
        series_said("every 2 hours", "2026-10-24T21:30+00:00"), datetime(2026, 10, 24, 21, 30, tzinfo=UTC), 4
    )
    assert [(run.wall.hour, run.fold) for run in runs] == [(0, 0), (2, 0), (3, 0), (5, 0)]


def test_an_hourly_series_on_certain_days_skips_the_others() -> None:
    runs = next_runs(
        series_said("every 6 hours on saturday", "2026-11-26T09:00+00:00"), datetime(2026, 11, 26, tzinfo=UTC), 5
    )
    assert {run.wall.weekday() for run in runs} == {5}


def test_dates_that_are_left_out_have_no_run() -> None:
    weekly = series_said("every friday 22:00 except dec 25", "2026-12-14T09:00+00:00")
    assert [run.wall.day for run in next_runs(weekly, datetime(2026, 12, 14, tzinfo=UTC), 3)] == [18, 1, 8]
    assert "excluded" in weekly.model_dump(mode="json")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            Series.model_validate(weekly.model_dump()) == Series.model_validate_json(weekly.model_dump_json()) == weekly
        )
    assert "excluded" not in series_said("every friday 22:00", "2026-12-14T09:00+00:00").model_dump(mode="json")


@pytest.mark.parametrize(
    ("rule", "walls"),
    [
        ({"freq": "hourly", "hours": [1, 4], "monthdays": [1, 15]}, ["04-01 01", "04-01 04", "04-15 01", "04-15 04"]),
        ({"freq": "hourly", "hours": [23], "months": [5]}, ["05-01 23", "05-02 23", "05-03 23", "05-04 23"]),
        ({"freq": "hourly", "hours": [5], "weekdays": [Weekday(day=6)]}, ["03-21 05", "03-28 05", "04-04 05"]),
        ({"freq": "hourly", "interval": 12}, ["03-20 13", "03-21 01", "03-21 13", "03-22 01"]),
    ],
)  # fmt: skip
def test_an_hourly_rule_runs_in_its_hours_days_and_months_only(rule: Mapping[str, object], walls: list[str]) -> None:
    runs = next_runs(series(rule), START - timedelta(minutes=1), len(walls))
    assert [f"{run.wall:%m-%d %H}" for run in runs] == walls


@pytest.mark.parametrize(
    ("rule", "walls"),
    [
        ({"freq": "hourly", "minutes": [15, 45]}, ["13:15", "13:45", "14:15", "14:45"]),
        ({"freq": "minutely", "interval": 10, "minutes": [0, 30]}, ["13:00", "13:30", "14:00", "14:30"]),
        ({"freq": "minutely", "interval": 45}, ["13:00", "13:45", "14:30", "15:15"]),
    ],
)
def test_the_minutes_of_an_hourly_rule(rule: Mapping[str, object], walls: list[str]) -> None:
    assert [f"{run.wall:%H:%M}" for run in next_runs(series(rule), START - timedelta(minutes=1), 4)] == walls


@pytest.mark.parametrize("rule", [{"freq": "hourly"}, {"freq": "minutely", "interval": 60}, DAILY])
def test_runs_are_counted_from_the_first_one_whenever_they_are_asked_for(rule: Mapping[str, object]) -> None:
    made = series(rule, count=5)
    runs = list(occurrences(made))
    assert len(runs) == 5
    for number, run in enumerate(runs):
        assert list(occurrences(made, run.instant)) == runs[number + 1 :]


@pytest.mark.parametrize("freq", ["hourly", "minutely"])
def test_the_next_runs_are_the_same_whenever_they_are_asked_for(freq: str) -> None:
    made = series({"freq": freq, "interval": 100, "minutes": []})
    runs = next_runs(made, START - timedelta(minutes=1), 40)
    for number, run in enumerate(runs):
        assert next_runs(made, run.instant - timedelta(seconds=1), 1) == (run,)
        assert next_runs(made, run.instant, 40 - number - 1) == runs[number + 1 :]


def test_a_run_at_the_very_end_of_a_series_is_its_last() -> None:
    made = series(DAILY)
    runs = next_runs(made, START, 3)
    assert list(occurrences(made.model_copy(update={"until": runs[1]}))) == list(runs[:2])


def test_a_day_that_is_left_out_does_not_count_as_a_run() -> None:
    made = series(DAILY, count=3)
    runs = next_runs(made, START, 3)
    shorter = made.model_copy(update={"excluded": (runs[1].wall.date(),)})
    assert [run.wall.day for run in occurrences(shorter)] == [21, 23, 24]
