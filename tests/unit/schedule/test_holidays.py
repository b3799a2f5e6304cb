"""Days that have a name of their own."""

from datetime import UTC, datetime

import pytest

from bot.schedule import Parsed, Rejected, Series, read

NOW = datetime(2026, 11, 22, 21, 7, tzinfo=UTC)


def start_of(phrase: str) -> str:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Parsed), (phrase, reading)
    return f"{reading.schedule.start.wall:%Y-%m-%d %H:%M}"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("date", "names"),
    [
        ("2026-12-24", "christmas eve, xmas eve"),
        ("2026-12-25", "christmas, xmas, christmas day, xmas day"),
        ("2026-12-26", "boxing day"),
        ("2026-12-31", "new year's eve, new years eve, new year eve, nye"),
        ("2027-01-01", "new year's day, new years day, new year's, new years, nyd"),
        ("2027-01-18", "mlk day, martin luther king day"),
        ("2027-02-14", "valentine's day, valentines day"),
        ("2027-03-17", "st patrick's day"),
        ("2027-05-09", "mother's day, mothers day"),
        ("2027-05-31", "memorial day"),
        ("2027-06-20", "father's day, fathers day"),
        ("2027-07-04", "independence day"),
        ("2027-09-06", "labor day"),
        ("2027-10-11", "columbus day"),
        ("2027-10-31", "halloween, hallowe'en"),
        ("2027-11-11", "veterans day"),
        ("2026-11-26", "thanksgiving, thanksgiving day"),
    ],
)
def test_a_holiday_is_its_date(date: str, names: str) -> None:
    for name in names.split(", "):
        assert start_of(f"{name} 10:00") == start_of(f"10:00 on {name}") == f"{date} 10:00", name


@pytest.mark.parametrize(
    ("phrase", "minutes"),
    [("in 1h30", 90), ("in 2h05", 125), ("in 0h45", 45), ("in an hour and a half", 90), ("in 2 and a half hours", 150)],
)
def test_a_duration_is_added_to_now(phrase: str, minutes: int) -> None:
    assert start_of(phrase) == start_of(f"in {minutes} minutes")


def test_a_night_ends_at_six() -> None:
    reading = read("every night at 05:00", now=NOW, zone="UTC")
    assert isinstance(reading, Parsed)
    assert isinstance(reading.schedule, Series)
    assert [time.hour for time in reading.schedule.rule.times] == [5]
    assert isinstance(read("every night at 06:00", now=NOW, zone="UTC"), Rejected)
