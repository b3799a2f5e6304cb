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


@pytest.mark.parametrize(
    ("phrase", "holidays", "notes"),
    [
        ("in 2 business days at 06:00", KNOWN, ("Without holidays this would be 30 November 2026.",)),
        ("in 1 business day at 06:00", KNOWN, ()),
        ("last working day of april 06:00", KNOWN, ("Without holidays this would be 30 April 2027.",)),
        ("last business day of next month 06:00", KNOWN.model_copy(update={"last": date(2026, 12, 31)}), ()),
        (
            "last business day of next month 06:00",
            KNOWN.model_copy(update={"last": date(2026, 12, 30)}),
            ("The holiday calendar ends on 30 December 2026; after that every day from Monday to Friday counts.",),
        ),
        ("last weekday of next month 06:00", Holidays(), ()),
        (
            "in 2 business days at 06:00",
            Holidays(),
            ("Holidays are not known here, so every day from Monday to Friday counts.",),
        ),
    ],
)
def test_what_holidays_mean_for_a_day_is_said(phrase: str, holidays: Holidays, notes: tuple[str, ...]) -> None:
    assert said(phrase, holidays).assumptions == notes


def test_it_is_said_until_when_holidays_are_known_to_a_series() -> None:
    assert said("first business day of every month 06:00").assumptions == (
        "Holidays are taken into account until October 2028.",
    )
    assert said("first business day of every quarter 06:00").assumptions == (
        "Holidays are taken into account until October 2028.",
    )


def test_holidays_after_the_end_of_a_series_change_nothing() -> None:
    schedule = said("last business day of every month 06:00 until 31 march 2027").schedule
    assert isinstance(schedule, Series)
    assert (schedule.excluded, schedule.added) == ((date(2026, 11, 30),), (date(2026, 11, 27),))


def test_holidays_and_days_that_were_named_are_both_left_out() -> None:
    schedule = said("first business day of every month 06:00 except 1 february 2027").schedule
    assert isinstance(schedule, Series)
    assert [f"{run.wall:%Y-%m-%d}" for run in next_runs(schedule, NOW, 3)] == ["2026-12-01", "2027-01-04", "2027-03-01"]


def test_two_business_days_of_a_month_are_each_moved() -> None:
    schedule = said("first and last business day of every month 06:00").schedule
    assert isinstance(schedule, Series)
    assert [f"{run.wall:%m-%d}" for run in next_runs(schedule, NOW, 5)] == ["11-27", "12-01", "12-31", "01-04", "01-29"]
