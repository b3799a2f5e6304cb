"""Patterns expanded in UTC, and schedules translated exactly or refused with what comes near."""

from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.backends.opsramp.coercion import WEEKDAYS
from bot.backends.opsramp.pattern import describe_schedule, expand
from bot.backends.opsramp.translate import PROOF_HORIZON, InexactPattern, to_exact_schedule
from bot.schedule import Now, Once, RecurrenceRule, Series, Weekday, Window, occurrences
from tests.unit.opsramp.support import moment, once, series

START = datetime(2026, 1, 1, 22, 30, tzinfo=UTC)  # a Thursday
EVERY_DAY = {"type": "daily", "frequency": "everyday"}


def every(days: int) -> dict[str, Any]:
    return {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": days}


@pytest.mark.parametrize(
    ("pattern", "dates"),
    [
        (EVERY_DAY, ["01-01", "01-02", "01-03", "01-04"]),
        ({"type": "daily", "frequency": "every weekday"}, ["01-01", "01-02", "01-05", "01-06"]),
        (every(3), ["01-01", "01-04", "01-07", "01-10"]),
        ({"type": "weekly", "weekDays": "Sunday, Thursday"}, ["01-01", "01-04", "01-08", "01-11"]),
        ({"type": "monthly", "dayOfMonth": "1, 15"}, ["01-01", "01-15", "02-01", "02-15"]),
        ({"type": "monthly", "dayOfMonth": "31"}, ["01-31", "03-31", "05-31", "07-31"]),
        ({"type": "monthly", "weekIndex": "Second", "dayOfWeek": "Sunday"}, ["01-11", "02-08", "03-08", "04-12"]),
        ({"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Friday"}, ["01-30", "02-27", "03-27", "04-24"]),
        ({"type": "never"}, ["01-01"]),
        ({"type": "run once"}, ["01-01"]),
    ],
)
def test_each_pattern_runs_on_its_days_at_the_time_of_its_start(pattern: dict[str, Any], dates: list[str]) -> None:
    runs = list(islice(expand(pattern, START, START + PROOF_HORIZON), len(dates)))
    assert [f"{at:%m-%d}" for at in runs] == dates
    assert {at.time() for at in runs} == {time(22, 30)}


MONDAY, TUESDAY, FRIDAY, SUNDAY = (Weekday(day=day) for day in (0, 1, 4, 6))

EXACT: list[tuple[RecurrenceRule, str, str, dict[str, Any]]] = [
    (RecurrenceRule(freq="daily"), "2026-03-02T20:00", "UTC", EVERY_DAY),
    (RecurrenceRule(freq="daily", interval=3), "2026-03-02T20:00", "UTC", every(3)),
    (
        RecurrenceRule(freq="weekly", weekdays=(SUNDAY, TUESDAY)),
        "2026-03-03T20:00",
        "UTC",
        {"type": "weekly", "weekDays": "Tuesday, Sunday"},
    ),
    (
        RecurrenceRule(freq="daily", weekdays=tuple(Weekday(day=d) for d in range(5))),
        "2026-03-02T06:00",
        "UTC",
        {"type": "weekly", "weekDays": "Monday, Tuesday, Wednesday, Thursday, Friday"},
    ),
    (
        RecurrenceRule(freq="weekly", weekdays=tuple(Weekday(day=d) for d in range(7))),
        "2026-03-02T06:00",
        "UTC",
        EVERY_DAY,
    ),
    (RecurrenceRule(freq="weekly"), "2026-03-02T20:00", "UTC", {"type": "weekly", "weekDays": "Monday"}),
    (RecurrenceRule(freq="weekly", interval=2, weekdays=(TUESDAY,)), "2026-03-02T20:00", "UTC", every(14)),
    (
        RecurrenceRule(freq="monthly", monthdays=(15, 1)),
        "2026-03-02T20:00",
        "UTC",
        {"type": "monthly", "dayOfMonth": "1, 15"},
    ),
    (RecurrenceRule(freq="monthly"), "2026-03-07T20:00", "UTC", {"type": "monthly", "dayOfMonth": "7"}),
    (
        RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1, nth=2),)),
        "2026-03-02T20:00",
        "UTC",
        {"type": "monthly", "weekIndex": "Second", "dayOfWeek": "Tuesday"},
    ),
    (
        RecurrenceRule(freq="monthly", weekdays=(Weekday(day=4, nth=-1),)),
        "2026-03-02T20:00",
        "UTC",
        {"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Friday"},
    ),
    (
        RecurrenceRule(freq="monthly", weekdays=(FRIDAY,), positions=(-1,)),
        "2026-03-02T20:00",
        "UTC",
        {"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Friday"},
    ),
    # A zone without clock changes is fine as long as the date is the same in UTC ...
    (
        RecurrenceRule(freq="weekly", weekdays=(MONDAY,)),
        "2026-03-02T20:00",
        "Asia/Kolkata",
        {"type": "weekly", "weekDays": "Monday"},
    ),
    # ... and every day is every day, whatever its date.
    (RecurrenceRule(freq="daily"), "2026-03-02T02:00", "Asia/Kolkata", EVERY_DAY),
    (RecurrenceRule(freq="daily", interval=2), "2026-03-02T02:00", "Asia/Kolkata", every(2)),
]


@pytest.mark.parametrize(("rule", "first", "zone", "pattern"), EXACT)
def test_a_series_that_a_pattern_means_exactly(
    rule: RecurrenceRule, first: str, zone: str, pattern: dict[str, Any]
) -> None:
    wanted = series(rule, first, zone)
    found = to_exact_schedule(wanted)
    assert found.pattern == pattern
    end = found.start + PROOF_HORIZON
    ours = [m.instant for m in islice(occurrences(wanted), 500) if m.instant <= end]
    assert list(expand(found.pattern, found.start, end)) == ours


def test_the_start_is_the_first_run_not_the_first_moment_allowed() -> None:
    found = to_exact_schedule(series(RecurrenceRule(freq="weekly", weekdays=(FRIDAY,)), "2026-03-02T20:00"))
    assert found.body["startDate"] == "2026-03-06T20:00:00+0000"


@pytest.mark.parametrize("count", [1, 2])
def test_a_series_of_one_is_a_single_time(count: int) -> None:
    wanted = series(RecurrenceRule(freq="daily"), "2026-03-02T20:00", count=count)
    if count == 1:
        assert to_exact_schedule(wanted).pattern == {"type": "never"}
        return
    with pytest.raises(InexactPattern, match="no end"):
        to_exact_schedule(wanted)


REFUSED: list[tuple[Any, str, str]] = [
    (
        series(RecurrenceRule(freq="daily"), "2026-03-02T20:00", "Europe/Berlin"),
        "the clocks in Europe/Berlin change",
        "daily, every day, from 2026-03-02 19:00 UTC (2026-03-02 20:00 in Europe/Berlin)",
    ),
    (
        series(RecurrenceRule(freq="weekly", weekdays=(MONDAY,)), "2026-03-02T02:00", "Asia/Kolkata"),
        "date is another one",
        "weekly on Sunday, from 2026-03-01 20:30 UTC (2026-03-02 02:00 in Asia/Kolkata)",
    ),
    (
        series(RecurrenceRule(freq="monthly", monthdays=(1,)), "2026-03-01T02:00", "Asia/Kolkata"),
        "date is another one",
        "monthly on day 1, from 2026-03-01 00:00 UTC (2026-03-01 05:30 in Asia/Kolkata)",
    ),
    (
        series(RecurrenceRule(freq="monthly", monthdays=(31,)), "2026-03-02T20:00"),
        "no such pattern",
        "chosen dates (1 to 28)",
    ),
    (
        series(RecurrenceRule(freq="monthly", monthdays=(-1,)), "2026-03-02T20:00"),
        "no such pattern",
        "chosen dates (1 to 28)",
    ),
    (
        series(RecurrenceRule(freq="monthly", interval=2, monthdays=(3,)), "2026-03-02T20:00"),
        "no such pattern",
        "one time",
    ),
    (
        series(RecurrenceRule(freq="monthly", weekdays=(Weekday(day=4, nth=5),)), "2026-03-02T20:00"),
        "no such pattern",
        "fourth",
    ),
    (
        series(RecurrenceRule(freq="weekly", interval=2, weekdays=(MONDAY, FRIDAY)), "2026-03-02T20:00"),
        "no such pattern",
        "",
    ),
    (series(RecurrenceRule(freq="daily", interval=400), "2026-03-02T20:00"), "no such pattern", ""),
    (series(RecurrenceRule(freq="daily", months=(7,)), "2026-03-02T20:00"), "no such pattern", ""),
    (series(RecurrenceRule(freq="yearly"), "2026-03-02T20:00"), "no such pattern", ""),
    (series(RecurrenceRule(freq="hourly", interval=6), "2026-03-02T20:00"), "no such pattern", ""),
    (series(RecurrenceRule(freq="daily", times=(time(6), time(18))), "2026-03-02T06:00"), "no such pattern", ""),
    (
        series(RecurrenceRule(freq="daily"), "2026-03-02T20:00", until=moment("2027-12-01T00:00")),
        "no end",
        "daily, every day",
    ),
    (series(RecurrenceRule(freq="daily"), "2026-03-02T20:00", window=60), "starting late", "daily, every day"),
    (
        Once(start=moment("2026-03-02T20:00"), latest_start=moment("2026-03-02T21:00")),
        "no latest start",
        "one time, not recurring, at 2026-03-02 20:00 UTC",
    ),
    (Window(start=moment("2026-03-02T20:00"), end=moment("2026-03-02T21:00")), "no latest start", "one time"),
    (series(RecurrenceRule(freq="daily"), "2026-03-02T20:00", until=moment("2026-03-01T00:00")), "never runs", ""),
]


@pytest.mark.parametrize(("schedule", "why", "near"), REFUSED)
def test_what_no_pattern_means_exactly_is_refused_with_what_comes_near(schedule: Any, why: str, near: str) -> None:
    with pytest.raises(InexactPattern) as caught:
        to_exact_schedule(schedule)
    assert why in str(caught.value)
    assert near in str(caught.value)
    assert "opsramp.run_job takes any time" in str(caught.value)


def test_a_single_time_is_never_from_then_in_utc() -> None:
    found = to_exact_schedule(once("2026-07-01T20:00", "America/New_York"))
    assert found.body == {"startDate": "2026-07-02T00:00:00+0000", "pattern": {"type": "never"}}


def test_now_is_no_schedule_to_hold() -> None:
    with pytest.raises(InexactPattern, match="gives no time"):
        to_exact_schedule(Now())


weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(Weekday(day=d) for d in sorted(days)))
rules = st.one_of(
    st.builds(RecurrenceRule, freq=st.just("daily"), interval=st.integers(1, 40)),
    st.builds(RecurrenceRule, freq=st.just("weekly"), interval=st.integers(1, 3), weekdays=weekdays),
    st.builds(
        RecurrenceRule,
        freq=st.just("monthly"),
        monthdays=st.sets(st.integers(1, 31), min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        RecurrenceRule,
        freq=st.just("monthly"),
        weekdays=st.builds(Weekday, day=st.integers(0, 6), nth=st.sampled_from([1, 2, 3, 4, 5, -1])).map(
            lambda w: (w,)
        ),
    ),
)


@settings(max_examples=60, deadline=None)
@given(
    rule=rules,
    day=st.integers(0, 364),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "Europe/London", "America/New_York", "Pacific/Kiritimati"]),
)
def test_whatever_is_called_exact_is_exact(rule: RecurrenceRule, day: int, hour: int, zone: str) -> None:
    first = datetime(2026, 1, 1, hour) + timedelta(days=day)
    wanted = Series(rule=rule, zone=zone, first=moment(first.isoformat(), zone))
    try:
        found = to_exact_schedule(wanted)
    except InexactPattern:
        return
    end = found.start + PROOF_HORIZON
    ours = [m.instant for m in islice(occurrences(wanted), 450) if m.instant <= end]
    assert list(expand(found.pattern, found.start, end)) == ours


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (EVERY_DAY, "daily, every day, from"),
        (every(2), "daily, every 2 days, from"),
        ({"type": "daily", "frequency": "every weekday"}, "daily on every weekday, from"),
        ({"type": "weekly", "weekDays": ", ".join(WEEKDAYS[:2])}, "weekly on Sunday, Monday, from"),
        ({"type": "monthly", "dayOfMonth": "1, 2"}, "monthly on day 1, 2, from"),
        ({"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Friday"}, "monthly on the last Friday, from"),
        ({"type": "never"}, "one time, not recurring, at"),
        ({"type": "run once"}, "run once after the initial occurrence, from"),
        ({"type": "hourly"}, "hourly, from"),
    ],
)
def test_a_schedule_in_words(pattern: dict[str, Any], words: str) -> None:
    told = describe_schedule({"startDate": "2026-01-01T22:30:00+0000", "pattern": pattern})
    assert told == f"{words} 2026-01-01 22:30 UTC"


def test_parts_of_a_schedule_in_words() -> None:
    assert describe_schedule(None) == "no schedule"
    assert describe_schedule({"pattern": EVERY_DAY}) == "daily, every day"
    assert describe_schedule({"startDate": "soon"}) == "no pattern, from soon"
