"""How far, how often and how long a schedule may be."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.schedule import (
    Now,
    Once,
    Parsed,
    Series,
    ZonedTime,
    far_future_warning,
    read,
    too_far_reason,
    too_frequent_reason,
)
from bot.schedule.limits import DEFAULT_MIN_INTERVAL, overlap_reason, shortest_gap

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def series(phrase: str) -> Series:
    reading = read(phrase, now=NOW, zone="Europe/Berlin")
    assert isinstance(reading, Parsed), reading
    assert isinstance(reading.schedule, Series)
    return reading.schedule


def in_days(days: float) -> Once:
    return Once(start=ZonedTime.from_instant(NOW + timedelta(days=days), "UTC"))


@pytest.mark.parametrize(("days", "warned", "refused"), [(1, False, False), (89, False, False), (91, True, False),
                                                         (700, True, False), (740, True, True)])  # fmt: skip
def test_the_horizon_warns_beyond_90_days_and_refuses_beyond_two_years(days: int, warned: bool, refused: bool) -> None:
    assert (far_future_warning(in_days(days), NOW) is not None) == warned
    assert (too_far_reason(in_days(days), NOW) is not None) == refused


def test_now_is_never_far_off() -> None:
    assert far_future_warning(Now(), NOW) is None
    assert too_far_reason(Now(), NOW) is None


@pytest.mark.parametrize(
    ("phrase", "minutes"),
    [
        ("every 15 minutes", 15),
        ("every hour", 60),
        ("every 90 minutes", 90),
        ("every day at 06:00 and 06:20", 20),
        ("every day at 23:50 and 00:10", 20),
        ("every monday and tuesday at 06:00", 1440),
        ("every month on the 1st and the last day at 06:00", 1440),
    ],
)
def test_the_shortest_gap_is_found_over_midnight_and_month_ends(phrase: str, minutes: int) -> None:
    gap = timedelta(minutes=minutes)
    assert shortest_gap(series(phrase)) == gap
    assert (too_frequent_reason(series(phrase)) is not None) == (gap < DEFAULT_MIN_INTERVAL)
    assert too_frequent_reason(series(phrase), gap) is None
    assert too_frequent_reason(series(phrase), gap + timedelta(minutes=1)) is not None


def test_the_clocks_going_forward_do_not_make_a_series_too_frequent() -> None:
    assert too_frequent_reason(series("every day at 01:30 and 02:30")) is None


def test_one_run_is_never_too_often() -> None:
    assert too_frequent_reason(series("every 5 minutes for 1 times")) is None


def test_a_window_must_end_before_the_next_run() -> None:
    daily = series("every day at 06:00 for 24 hours")
    assert overlap_reason(daily) is None
    assert overlap_reason(daily.model_copy(update={"window": 24 * 60 + 1})) is not None
