"""OpsRamp's patterns: their days, their words, and which schedules they hold exactly."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from bot.backends.opsramp import coercion, pattern, translate
from bot.schedule import Now, Once, RecurrenceRule, Weekday, Window
from bot.values import JsonObject
from tests.unit.opsramp.support import moment, once, series

START = "2026-03-04T22:30:00+0000"  # a Wednesday
FIRST = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("given", "days", "text"),
    [
        ({"type": "daily", "frequency": "everyday"}, [4, 5, 6, 7, 8, 9, 10, 11, 12], "daily, every day"),
        ({"type": "daily", "frequency": "every weekday"}, [4, 5, 6, 9, 10, 11, 12], "daily on every weekday"),
        ({"type": "daily", "frequency": "recurrence", "repeatFrequency": 3}, [4, 7, 10], "daily, every 3 days"),
        ({"type": "weekly", "weekDays": "Sunday, Wednesday"}, [4, 8, 11], "weekly on Sunday, Wednesday"),
        ({"type": "monthly", "dayOfMonth": "5, 9"}, [5, 9], "monthly on day 5, 9"),
        ({"type": "monthly", "weekIndex": "First", "dayOfWeek": "Saturday"}, [7], "monthly on the first Saturday"),
        ({"type": "monthly", "weekIndex": "Second", "dayOfWeek": "Sunday"}, [8], "monthly on the second Sunday"),
        ({"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Sunday"}, [], "monthly on the last Sunday"),
        ({"type": "never"}, [4], "one time, not recurring"),
        ({"type": "run once"}, [4], "run once after the initial occurrence"),
        ({"type": "odd"}, [4], "odd"),
    ],
)
def test_the_days_of_a_pattern_and_its_words(given: JsonObject, days: list[int], text: str):
    runs = [*pattern.expand(given, FIRST, datetime(2026, 3, 12, 22, 30, tzinfo=UTC))]
    assert [run.day for run in runs] == days
    assert all(run.time() == time(22, 30) for run in runs)
    assert pattern.describe_pattern(given) == text


def test_a_schedule_in_words():
    describe = pattern.describe_schedule
    assert describe({}) == "no schedule"
    assert describe({"startDate": START}) == "no pattern, from 2026-03-04 22:30 UTC"
    assert describe({"pattern": {"type": "never"}}) == "one time, not recurring"
    assert describe({"startDate": START, "pattern": {"type": "never"}}) == (
        "one time, not recurring, at 2026-03-04 22:30 UTC"
    )
    assert describe({"startDate": "odd", "pattern": {"type": "run once"}}) == (
        "run once after the initial occurrence, from odd"
    )
    assert pattern.matches_day({"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Saturday"}, FIRST,
                               datetime(2026, 2, 28, tzinfo=UTC))  # fmt: skip
    assert [pattern.weekday_name(day) for day in (0, 5, 6)] == ["Monday", "Saturday", "Sunday"]


AT = "2026-03-04T21:00:00"
DAILY: JsonObject = {"type": "daily", "frequency": "everyday"}


def every(days: int) -> JsonObject:
    return {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": days}


def week(*days: int) -> tuple[Weekday, ...]:
    return tuple(Weekday(day=day) for day in days)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (RecurrenceRule(freq="daily"), DAILY),
        (RecurrenceRule(freq="daily", interval=3), every(3)),
        (RecurrenceRule(freq="daily", interval=365), every(365)),
        (RecurrenceRule(freq="daily", weekdays=week(2, 3)), {"type": "weekly", "weekDays": "Wednesday, Thursday"}),
        (RecurrenceRule(freq="weekly"), {"type": "weekly", "weekDays": "Wednesday"}),
        (RecurrenceRule(freq="weekly", weekdays=week(6, 2)), {"type": "weekly", "weekDays": "Wednesday, Sunday"}),
        (RecurrenceRule(freq="weekly", weekdays=week(0, 1, 2, 3, 4, 5, 6)), DAILY),
        (RecurrenceRule(freq="weekly", interval=2, weekdays=week(2)), every(14)),
        (RecurrenceRule(freq="weekly", interval=52), every(364)),
        (RecurrenceRule(freq="monthly"), {"type": "monthly", "dayOfMonth": "4"}),
        (RecurrenceRule(freq="monthly", monthdays=(28, 1, 28)), {"type": "monthly", "dayOfMonth": "1, 28"}),
        (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=2, nth=1),)),
         {"type": "monthly", "weekIndex": "First", "dayOfWeek": "Wednesday"}),
        (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=2, nth=4),)),
         {"type": "monthly", "weekIndex": "Fourth", "dayOfWeek": "Wednesday"}),
        (RecurrenceRule(freq="monthly", weekdays=week(6), positions=(-1,)),
         {"type": "monthly", "weekIndex": "Last", "dayOfWeek": "Sunday"}),
    ],
)  # fmt: skip
def test_what_opsramp_holds_exactly(rule: RecurrenceRule, expected: JsonObject):
    rule = rule.model_copy(update={"times": (time(21),)})
    exact = translate.to_exact_schedule(series(rule, AT))
    assert exact.pattern == expected
    assert exact.body == {"startDate": coercion.format_start_date(exact.start), "pattern": exact.pattern}


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (RecurrenceRule(freq="hourly"), "it has no such pattern"),
        (RecurrenceRule(freq="daily", times=(time(1), time(2))), "it has no such pattern"),
        (RecurrenceRule(freq="daily", interval=366), "it has no such pattern"),
        (RecurrenceRule(freq="daily", months=(3,)), "it has no such pattern"),
        (RecurrenceRule(freq="daily", monthdays=(4,)), "it has no such pattern"),
        (RecurrenceRule(freq="daily", interval=2, weekdays=week(2)), "it has no such pattern"),
        (RecurrenceRule(freq="weekly", interval=2, weekdays=week(2, 3)), "it has no such pattern"),
        (RecurrenceRule(freq="weekly", interval=53), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", interval=2), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", monthdays=(29,)), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", monthdays=(-1,)), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", monthdays=(4,), weekdays=week(2)), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", weekdays=week(2)), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=2, nth=5),)), "it has no such pattern"),
        (RecurrenceRule(freq="monthly", weekdays=week(2, 3), positions=(1,)), "it has no such pattern"),
        (RecurrenceRule(freq="yearly"), "it has no such pattern"),
    ],
)
def test_what_opsramp_has_no_pattern_for(rule: RecurrenceRule, why: str):
    with pytest.raises(translate.InexactPattern) as inexact:
        translate.to_exact_schedule(series(rule, AT))
    choices = (
        "one time; every day; every few days; chosen days of every week; chosen dates (1 to 28) of every month; "
        "the first to fourth or last weekday of every month"
    )
    assert str(inexact.value) == (
        f"OpsRamp cannot hold this exactly: {why}. OpsRamp can hold: {choices}. Or opsramp.run_job takes any time: "
        "Nightshift then starts the job itself."
    )


def inexact(schedule: Any) -> str:
    with pytest.raises(translate.InexactPattern) as error:
        translate.to_exact_schedule(schedule)
    return str(error.value).partition(" Or ")[0]


def test_what_else_opsramp_cannot_hold():
    lead = "OpsRamp cannot hold this exactly:"
    daily = RecurrenceRule(freq="daily", times=(time(21),))
    near = "OpsRamp can hold: daily, every day, from 2026-03-04 21:00 UTC."
    assert inexact(Now()) == f"{lead} it gives no time."
    assert inexact(series(daily, AT, window=5)) == f"{lead} it cannot keep a run from starting late. {near}"
    assert inexact(series(daily, AT, count=3)) == f"{lead} its patterns have no end. {near}"
    assert inexact(series(daily, AT, until=moment("2026-04-01T00:00"))) == f"{lead} its patterns have no end. {near}"
    assert inexact(series(daily, AT, until=moment("2026-03-01T00:00"))) == f"{lead} it never runs."
    window = Window(start=moment(AT), end=moment("2026-03-04T22:00"))
    once_near = "OpsRamp can hold: one time, not recurring, at 2026-03-04 21:00 UTC."
    assert inexact(window) == f"{lead} it knows no latest start or end. {once_near}"
    assert inexact(Once(start=moment(AT), latest_start=moment("2026-03-04T22:00"))) == (
        f"{lead} it knows no latest start or end. {once_near}"
    )
    assert translate.to_exact_schedule(once(AT)).pattern == {"type": "never"}
    assert translate.to_exact_schedule(series(daily, AT, count=1)).pattern == {"type": "never"}
    weekly = RecurrenceRule(freq="weekly", weekdays=week(2), times=(time(0, 30),))
    assert inexact(series(weekly, "2026-03-04T00:30", "Asia/Kolkata")) == (
        f"{lead} its days are taken in UTC, where the date is another one than in Asia/Kolkata. OpsRamp can hold: "
        "weekly on Tuesday, from 2026-03-03 19:00 UTC (2026-03-04 00:30 in Asia/Kolkata)."
    )
    assert inexact(series(daily, AT, "Europe/Berlin")) == (
        f"{lead} it keeps UTC all year, and the clocks in Europe/Berlin change. OpsRamp can hold: daily, every day, "
        "from 2026-03-04 20:00 UTC (2026-03-04 21:00 in Europe/Berlin)."
    )
    monthly = RecurrenceRule(freq="monthly", monthdays=(4,), times=(time(0, 30),))
    assert inexact(series(monthly, "2026-03-04T00:30", "Asia/Kolkata")).endswith(
        "monthly on day 4, from 2026-03-04 00:00 UTC (2026-03-04 05:30 in Asia/Kolkata)."
    )
    late = RecurrenceRule(freq="monthly", monthdays=(4,), times=(time(23, 30),))
    assert inexact(series(late, "2026-03-04T23:30", "America/Denver")).endswith(
        "monthly on day 4, from 2026-03-04 23:59 UTC (2026-03-04 16:59 in America/Denver)."
    )
