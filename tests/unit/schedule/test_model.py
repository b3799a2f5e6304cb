"""What a schedule says of its start: the earliest, the latest, and how late each run may be."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.schedule import (
    Now,
    Once,
    RecurrenceRule,
    Schedule,
    Series,
    Window,
    ZonedTime,
    is_ambiguous,
    latest_start_of,
    next_runs,
    resolve_wall_time,
    start_of,
    to_phrase,
    wall_time_exists,
    window_end,
)

START = ZonedTime(wall=datetime(2026, 12, 1, 21), zone="Europe/Berlin")
END = ZonedTime(wall=datetime(2026, 12, 1, 23), zone="Europe/Berlin")
SERIES = Series(rule=RecurrenceRule(freq="daily", times=(time(21),)), zone="Europe/Berlin", first=START)


@pytest.mark.parametrize(
    ("schedule", "start", "latest"),
    [
        (Now(), None, None),
        (Once(start=START), START, None),
        (Once(start=START, latest_start=END), START, datetime(2026, 12, 1, 22, tzinfo=UTC)),
        (Window(start=START, end=END), START, datetime(2026, 12, 1, 22, tzinfo=UTC)),
        (SERIES, START, None),
        (SERIES.model_copy(update={"window": 90}), START, None),
    ],
)
def test_the_earliest_and_the_latest_start(
    schedule: Schedule, start: ZonedTime | None, latest: datetime | None
) -> None:
    assert start_of(schedule) == start
    assert latest_start_of(schedule) == latest


def test_a_run_may_be_as_late_as_the_window_of_its_series() -> None:
    assert window_end(SERIES, SERIES.first) is None
    windowed = SERIES.model_copy(update={"window": 90})
    assert window_end(windowed, SERIES.first) == SERIES.first.instant + timedelta(minutes=90)


def test_a_window_that_ends_by_the_clock_is_longer_or_shorter_when_the_clock_changes() -> None:
    night = SERIES.model_copy(update={"window": 480, "ends_by_clock": True})
    autumn = ZonedTime(wall=datetime(2026, 10, 24, 22), zone="Europe/Berlin")
    spring = ZonedTime(wall=datetime(2026, 3, 28, 22), zone="Europe/Berlin")
    assert window_end(night, autumn) == autumn.instant + timedelta(hours=9)
    assert window_end(night, spring) == spring.instant + timedelta(hours=7)
    length = night.model_copy(update={"ends_by_clock": False})
    assert window_end(length, autumn) == autumn.instant + timedelta(hours=8)


def test_a_window_that_was_stored_without_its_kind_is_a_length() -> None:
    stored = SERIES.model_copy(update={"window": 120}).model_dump(exclude={"ends_by_clock"})
    assert to_phrase(Series.model_validate(stored)) == "every day at 21:00 Europe/Berlin for 2 hours"


@pytest.mark.parametrize(
    ("zone", "gap", "end"),
    [
        ("Europe/Berlin", datetime(2027, 3, 28, 2), datetime(2027, 3, 28, 3)),
        ("Australia/Lord_Howe", datetime(2027, 10, 3, 2), datetime(2027, 10, 3, 2, 30)),
        ("America/St_Johns", datetime(2027, 3, 14, 2), datetime(2027, 3, 14, 3)),
        ("Pacific/Apia", datetime(2011, 12, 30), datetime(2011, 12, 31)),
    ],
)
def test_every_minute_of_a_gap_resolves_to_its_end(zone: str, gap: datetime, end: datetime) -> None:
    wall = gap
    while wall < end:
        assert not wall_time_exists(wall, zone)
        assert not is_ambiguous(wall, zone)
        assert resolve_wall_time(wall, zone) == ZonedTime(wall=end, zone=zone)
        wall += timedelta(minutes=7)
    for wall in (gap - timedelta(minutes=1), end):
        assert wall_time_exists(wall, zone)
        assert resolve_wall_time(wall, zone) == ZonedTime(wall=wall, zone=zone)


def test_only_the_repeated_hour_is_ambiguous() -> None:
    minutes = [datetime(2027, 10, 31, 1) + timedelta(minutes=n) for n in range(180)]
    assert [wall.hour for wall in minutes if is_ambiguous(wall, "Europe/Berlin")] == [2] * 60
    assert all(wall_time_exists(wall, "Europe/Berlin") for wall in minutes)
    assert not any(is_ambiguous(wall, "UTC") for wall in minutes)


@pytest.mark.parametrize(("freq", "step"), [("hourly", timedelta(hours=5)), ("minutely", timedelta(minutes=5))])
def test_an_old_series_starts_shortly_before_the_time_asked_for(freq: str, step: timedelta) -> None:
    first = ZonedTime(wall=datetime(2020, 1, 1, 0, 3), zone="UTC")
    rule = RecurrenceRule.model_validate({"freq": freq, "interval": 5})
    series = Series(rule=rule, zone="UTC", first=first)
    for late in (datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, 9, 30, tzinfo=UTC)):
        (run,) = next_runs(series, late, 1)
        assert timedelta() < run.instant - late <= step
        assert (run.instant - first.instant) % step == timedelta()
    bounded = series.model_copy(update={"count": 10})
    assert next_runs(bounded, datetime(2026, 12, 1, tzinfo=UTC), 1) == ()
