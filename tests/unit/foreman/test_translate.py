"""A series as a cron line, without the proof that both mean the same."""

from datetime import datetime, time

import pytest

from bot.backends.foreman.settings import CronDialect
from bot.backends.foreman.translate import InexactCron, to_cron_line
from bot.schedule import RecurrenceRule, Series, Weekday, ZonedTime

SIX = (time(6),)


def line(rule: RecurrenceRule, dialect: CronDialect = "plain", first: datetime = datetime(2026, 11, 24, 6, 7)) -> str:
    return to_cron_line(Series(rule=rule, zone="UTC", first=ZonedTime(wall=first, zone="UTC")), dialect)


def weekly(*days: int) -> RecurrenceRule:
    return RecurrenceRule(freq="weekly", weekdays=tuple(Weekday(day=day) for day in days), times=SIX)


def monthly(*monthdays: int) -> RecurrenceRule:
    return RecurrenceRule(freq="monthly", monthdays=monthdays, times=SIX)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (RecurrenceRule(freq="minutely"), "* * * * *"),
        (RecurrenceRule(freq="minutely", interval=12), "7,19,31,43,55 * * * *"),
        (RecurrenceRule(freq="minutely", interval=30), "7,37 * * * *"),
        (RecurrenceRule(freq="minutely", interval=20, minutes=(7, 27, 30)), "7,27 * * * *"),
        (RecurrenceRule(freq="minutely", interval=60, hours=(1, 2)), "7 1,2 * * *"),
        (RecurrenceRule(freq="minutely", interval=30, months=(1,)), "7,37 * * 1 *"),
        (RecurrenceRule(freq="hourly"), "7 * * * *"),
        (RecurrenceRule(freq="hourly", interval=2), "7 */2 * * *"),
        (RecurrenceRule(freq="hourly", interval=12), "7 6,18 * * *"),
        (RecurrenceRule(freq="hourly", interval=8), "7 6,14,22 * * *"),
        (RecurrenceRule(freq="hourly", minutes=(0, 30), hours=(8,)), "0,30 8 * * *"),
        (RecurrenceRule(freq="hourly", months=(2,)), "7 * * 2 *"),
        (RecurrenceRule(freq="daily"), "7 6 * * *"),
        (RecurrenceRule(freq="daily", times=(time(1), time(1, 30), time(2), time(2, 30))), "0,30 1,2 * * *"),
        (RecurrenceRule(freq="daily", times=(time(1), time(2), time(3), time(5), time(7))), "0 1-3,5,7 * * *"),
        (RecurrenceRule(freq="daily", months=(1, 2, 12), times=SIX), "0 6 * 1,2,12 *"),
        (weekly(0, 1, 2), "0 6 * * 1-3"),
        (weekly(5, 6), "0 6 * * 0,6"),
        (weekly(0, 1, 2, 3, 4, 5, 6), "0 6 * * *"),
        (weekly(6, 1, 3, 5), "0 6 * * */2"),
        (weekly(), "0 6 * * 2"),
        (monthly(1, 2, 3, 5), "0 6 1-3,5 * *"),
        (monthly(), "0 6 24 * *"),
        (RecurrenceRule(freq="monthly", interval=2, times=SIX), "0 6 24 */2 *"),
        (RecurrenceRule(freq="monthly", interval=6, times=SIX), "0 6 24 5,11 *"),
        (RecurrenceRule(freq="monthly", interval=12, times=SIX), "0 6 24 11 *"),
        (RecurrenceRule(freq="monthly", months=(3,), times=SIX), "0 6 24 3 *"),
        (RecurrenceRule(freq="yearly", times=SIX), "0 6 24 11 *"),
        (RecurrenceRule(freq="yearly", monthdays=(5,), times=SIX), "0 6 5 * *"),
        (RecurrenceRule(freq="yearly", months=(3,), times=SIX), "0 6 24 3 *"),
        (RecurrenceRule(freq="yearly", weekdays=(Weekday(day=0),), times=SIX), "0 6 * * 1"),
    ],
)
def test_plain_lines(rule: RecurrenceRule, expected: str):
    assert line(rule) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (RecurrenceRule(freq="daily", times=SIX), "0 6 * * * UTC"),
        (monthly(-1), "0 6 L * * UTC"),
        (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1, nth=2),), times=SIX), "0 6 * * 2#2 UTC"),
        (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=6, nth=-1),), times=SIX), "0 6 * * 0#-1 UTC"),
        (
            RecurrenceRule(freq="monthly", weekdays=(Weekday(day=0, nth=5), Weekday(day=0, nth=1)), times=SIX),
            "0 6 * * 1#5,1#1 UTC",
        ),
        (
            RecurrenceRule(freq="monthly", monthdays=(13,), weekdays=(Weekday(day=4),), times=SIX),
            "0 6 13& * 5 UTC",
        ),
        (
            RecurrenceRule(freq="yearly", months=(5,), weekdays=(Weekday(day=0, nth=1),), times=SIX),
            "0 6 * 5 1#1 UTC",
        ),
    ],
)
def test_lines_for_fugit(rule: RecurrenceRule, expected: str):
    assert line(rule, "fugit") == expected


SET = "cron cannot pick days by their position in a set, the year or a week number"
COUNTED = "a cron line cannot pick these weekdays of a month"
COMBINED = "a cron line cannot combine these dates with weekdays"


@pytest.mark.parametrize(
    ("rule", "dialect", "reason"),
    [
        (RecurrenceRule(freq="monthly", positions=(1,)), "fugit", SET),
        (RecurrenceRule(freq="yearly", yeardays=(100,)), "fugit", SET),
        (RecurrenceRule(freq="yearly", weeks=(2,)), "fugit", SET),
        (RecurrenceRule(freq="minutely", interval=7), "plain", "cron starts every 7 minutes again from each full hour"),
        (RecurrenceRule(freq="hourly", interval=5), "plain", "cron starts every 5 hours again from midnight"),
        (RecurrenceRule(freq="hourly", interval=12, hours=(7,)), "plain", "no time of the day fits all its parts"),
        (
            RecurrenceRule(freq="daily", times=(time(6), time(7, 30))),
            "plain",
            "one cron line cannot hold these times of the day",
        ),
        (RecurrenceRule(freq="daily", interval=2, times=SIX), "plain", "cron cannot count every 2 days"),
        (RecurrenceRule(freq="weekly", interval=2, times=SIX), "plain", "cron cannot count every 2 weeks"),
        (RecurrenceRule(freq="monthly", interval=5, times=SIX), "plain", "cron cannot count every 5 months"),
        (
            RecurrenceRule(freq="monthly", interval=2, months=(1,), times=SIX),
            "plain",
            "cron cannot count every 2 months",
        ),
        (RecurrenceRule(freq="yearly", interval=3, times=SIX), "plain", "cron cannot count every 3 years"),
        (
            RecurrenceRule(freq="monthly", monthdays=(13,), weekdays=(Weekday(day=4),), times=SIX),
            "plain",
            "cron runs on either the date or the weekday, not on both together",
        ),
        (
            RecurrenceRule(freq="monthly", monthdays=(12, 14), weekdays=(Weekday(day=4),), times=SIX),
            "fugit",
            COMBINED,
        ),
        (
            RecurrenceRule(freq="monthly", monthdays=(-1,), weekdays=(Weekday(day=4),), times=SIX),
            "fugit",
            COMBINED,
        ),
        (
            RecurrenceRule(freq="monthly", monthdays=tuple(range(1, 32, 2)), weekdays=(Weekday(day=4),), times=SIX),
            "fugit",
            COMBINED,
        ),
        (monthly(-1), "plain", "this server's cron cannot count days from the end of a month"),
        (monthly(-2), "fugit", "this server's cron cannot count days from the end of a month"),
        (monthly(1, -1), "fugit", "this server's cron cannot count days from the end of a month"),
        (
            RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1, nth=2),), times=SIX),
            "plain",
            "this server's cron cannot pick the second or last weekday of a month",
        ),
        (RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1, nth=-2),), times=SIX), "fugit", COUNTED),
        (
            RecurrenceRule(freq="monthly", weekdays=(Weekday(day=1, nth=2), Weekday(day=2)), times=SIX),
            "fugit",
            COUNTED,
        ),
        (
            RecurrenceRule(freq="yearly", weekdays=(Weekday(day=1, nth=2),), times=SIX),
            "fugit",
            "cron counts weekdays in a month, not in a year",
        ),
    ],
)
def test_what_no_line_says(rule: RecurrenceRule, dialect: CronDialect, reason: str):
    with pytest.raises(InexactCron) as inexact:
        line(rule, dialect)
    assert str(inexact.value) == reason
