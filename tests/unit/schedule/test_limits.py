"""How far, how often and how long a schedule may be."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.schedule import (
    Now,
    Once,
    Parsed,
    RecurrenceRule,
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


def test_the_horizon_is_exact_to_the_minute() -> None:
    minute = 1 / 1440
    assert far_future_warning(in_days(90), NOW) is None
    assert far_future_warning(in_days(90 + minute), NOW) == "That is 90 days from now."
    assert too_far_reason(in_days(731), NOW) is None
    assert too_far_reason(in_days(731 + minute), NOW) == (
        "23 November 2028 is more than two years away; name an earlier time."
    )


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
    daily = series("every day at 06:00 for 23 hours")
    assert overlap_reason(daily) is None
    whole_day = daily.model_copy(update={"window": 24 * 60})
    assert overlap_reason(whole_day.model_copy(update={"zone": "Asia/Tokyo"})) is None
    assert overlap_reason(daily.model_copy(update={"window": 24 * 60 + 1})) is not None


def test_a_window_must_end_before_the_next_run_on_the_day_of_a_clock_change_too() -> None:
    daily = series("every day at 06:00 for 23 hours").model_copy(update={"zone": "Europe/Berlin", "window": 24 * 60})
    assert overlap_reason(daily) == (
        "Each run may start within 1440 minutes, but the next follows after 1380 when the clocks change."
    )


def test_what_is_too_frequent_or_overlaps_is_refused_with_its_minutes() -> None:
    assert too_frequent_reason(series("every 15 minutes")) == ("Runs must be at least 60 minutes apart; these are 15.")
    assert overlap_reason(series("every day at 06:00 for 2 hours").model_copy(update={"window": 1500})) == (
        "Each run may start within 1500 minutes, but the next follows after 1440."
    )
    assert overlap_reason(series("every 15 minutes")) is None


def test_the_first_sixty_runs_are_compared() -> None:
    """Sixty runs at a distance of 20 minutes, then one after 10."""
    minutes = [20 * n for n in range(60)]
    far = tuple(time(*divmod(minute, 60)) for minute in (*minutes, minutes[-1] + 10))
    near = tuple(time(*divmod(minute, 60)) for minute in (*minutes[1:], minutes[-1] + 10))
    first = ZonedTime(wall=datetime(2026, 12, 1), zone="UTC")
    gaps = [
        shortest_gap(Series(rule=RecurrenceRule(freq="daily", times=times), zone="UTC", first=first))
        for times in (far, near)
    ]
    assert gaps == [timedelta(minutes=20), timedelta(minutes=10)]


def test_a_single_run_has_no_gap() -> None:
    rule = RecurrenceRule(freq="yearly", interval=9000, times=(time(6),), months=(12,), monthdays=(1,))
    once = Series(rule=rule, zone="UTC", first=ZonedTime(wall=datetime(2026, 12, 1), zone="UTC"), window=60)
    assert shortest_gap(once) is None
    assert too_frequent_reason(once) is None
    assert overlap_reason(once) is None
