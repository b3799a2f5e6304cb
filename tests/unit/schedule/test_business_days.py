"""Business days: from Monday to Friday, without holidays where they are known."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import Ambiguous, Holidays, Parsed, Series, TimePreferences, next_runs, read, to_phrase

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 26, 10, 15, tzinfo=ZoneInfo(ZONE))
KNOWN = Holidays(
    has_calendar=True,
    days=frozenset({date(2026, 11, 30), date(2026, 12, 25), date(2027, 1, 1), date(2027, 4, 30), date(2027, 12, 31)}),
    last=date(2028, 12, 31),
)


def said(phrase: str, holidays: Holidays = KNOWN, now: datetime = NOW) -> Parsed:
    reading = read(phrase, now=now, zone=ZONE, preferences=TimePreferences(holidays=holidays))
    assert isinstance(reading, Parsed), reading
    return reading


@pytest.mark.parametrize(
    ("phrase", "start"),
    [
        ("next business day 06:00", "2026-11-27"),
        ("in 2 business days at 06:00", "2026-12-01"),
        ("3 working days from now at 06:00", "2026-12-02"),
        ("first business day of january 06:00", "2027-01-04"),
        ("last working day of april 06:00", "2027-04-29"),
        ("last business day of next month 06:00", "2026-12-31"),
        ("first weekday of january 06:00", "2027-01-01"),
    ],
)
def test_a_holiday_is_no_business_day(phrase: str, start: str) -> None:
    assert to_phrase(said(phrase).schedule) == f"{start} 06:00 {ZONE}"


def test_it_is_said_when_holidays_change_the_day() -> None:
    assert "Without holidays this would be 1 January 2027." in said("first business day of january 06:00").assumptions
    assert said("next business day 06:00").assumptions == ()


@pytest.mark.parametrize(
    ("holidays", "doubt"),
    [
        (Holidays(), "Holidays are not known here"),
        (Holidays(has_calendar=True), "The holiday calendar does not answer"),
        (KNOWN.model_copy(update={"last": date(2026, 12, 31)}), "The holiday calendar ends on 31 December 2026"),
    ],
)
@pytest.mark.parametrize("phrase", ["last business day of april 06:00", "last business day of every month 06:00"])
def test_what_is_not_known_about_holidays_is_said(phrase: str, holidays: Holidays, doubt: str) -> None:
    assert [text for text in said(phrase, holidays).assumptions if text.startswith(doubt)]


def test_a_question_says_what_is_not_known_about_holidays() -> None:
    reading = read("last business day of the month 06:00", now=NOW, zone=ZONE)
    assert isinstance(reading, Ambiguous)
    assert reading.ask.endswith("Holidays are not known here, so every day from Monday to Friday counts.")


@pytest.mark.parametrize(
    ("phrase", "days"),
    [
        ("first business day of every month 06:00", ["2026-12-01", "2027-01-04", "2027-02-01", "2027-03-01"]),
        ("last business day of every month 06:00", ["2026-11-27", "2026-12-31", "2027-01-29", "2027-02-26"]),
        ("first working day of every quarter 06:00", ["2027-01-04", "2027-04-01", "2027-07-01", "2027-10-01"]),
        ("first weekday of every month 06:00", ["2026-12-01", "2027-01-01", "2027-02-01", "2027-03-01"]),
    ],
)
def test_the_runs_of_a_series_are_on_business_days(phrase: str, days: list[str]) -> None:
    schedule = said(phrase).schedule
    assert isinstance(schedule, Series)
    assert [f"{run.wall:%Y-%m-%d}" for run in next_runs(schedule, NOW, 4)] == days
    assert said(to_phrase(schedule)).schedule == schedule


def test_a_run_that_a_holiday_moves_behind_now_is_the_first_one() -> None:
    now = datetime(2027, 1, 2, 10, 15, tzinfo=ZoneInfo(ZONE))
    schedule = said("first business day of every month 06:00", now=now).schedule
    assert isinstance(schedule, Series)
    assert f"{schedule.first.wall:%Y-%m-%d}" == "2027-01-04"
    assert said(to_phrase(schedule), now=now).schedule == schedule


def test_a_day_with_a_run_cannot_be_added() -> None:
    reading = read("every friday 22:00 and also on 27 november", now=NOW, zone=ZONE)
    assert reading.kind == "refusal"
    assert reading.reason == "27 November 2026 cannot be added to this series."


def test_added_days_have_the_times_of_the_series() -> None:
    schedule = said("every friday at 06:00 and 22:00 and also on 28 november").schedule
    assert isinstance(schedule, Series)
    runs = [f"{run.wall:%d %H:%M}" for run in next_runs(schedule, NOW, 5)]
    assert runs == ["27 06:00", "27 22:00", "28 06:00", "28 22:00", "04 06:00"]
