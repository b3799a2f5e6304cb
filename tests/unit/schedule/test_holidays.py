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
        ("2026-11-26", "thanksgiving, thanksgiving day"),
        ("2026-11-27", "black friday"),
        ("2026-11-30", "cyber monday"),
        ("2026-12-01", "giving tuesday"),
        ("2026-12-06", "st nicholas day"),
        ("2026-12-24", "christmas eve, xmas eve"),
        ("2026-12-25", "christmas, xmas, christmas day, xmas day"),
        ("2026-12-26", "boxing day, st stephen's day"),
        ("2026-12-31", "new year's eve, new years eve, new year eve, nye"),
        ("2027-01-01", "new year's day, new years day, new year day, new year's, new years, nyd"),
        ("2027-01-06", "epiphany"),
        ("2027-01-18", "mlk day, martin luther king day, martin luther king jr day"),
        ("2027-02-02", "groundhog day"),
        ("2027-02-09", "shrove tuesday, mardi gras"),
        ("2027-02-10", "ash wednesday"),
        ("2027-02-14", "valentine's day, valentines day, valentine's"),
        ("2027-02-15", "presidents day, president's day"),
        ("2027-03-17", "st patrick's day, st patricks day, saint patrick's day"),
        ("2027-03-21", "palm sunday"),
        ("2027-03-25", "maundy thursday"),
        ("2027-03-26", "good friday"),
        ("2027-03-27", "holy saturday, easter saturday"),
        ("2027-03-28", "easter, easter day, easter sunday"),
        ("2027-03-29", "easter monday"),
        ("2027-04-01", "april fools day, april fool's day, april fools, april fool's"),
        ("2027-04-22", "earth day"),
        ("2027-04-25", "anzac day"),
        ("2027-04-27", "king's day"),
        ("2027-05-01", "may day, international workers day, workers day"),
        ("2027-05-05", "cinco de mayo"),
        ("2027-05-06", "ascension, ascension day"),
        ("2027-05-09", "mother's day, mothers day"),
        ("2027-05-16", "pentecost, whit sunday, whitsunday"),
        ("2027-05-17", "whit monday, whitmonday, pentecost monday"),
        ("2027-05-27", "corpus christi"),
        ("2027-05-31", "memorial day"),
        ("2027-06-19", "juneteenth"),
        ("2027-06-20", "father's day, fathers day"),
        ("2027-07-01", "canada day"),
        ("2027-07-04", "independence day"),
        ("2027-07-14", "bastille day"),
        ("2027-09-06", "labor day"),
        ("2027-10-11", "columbus day"),
        ("2027-10-31", "halloween, hallowe'en"),
        ("2027-11-05", "guy fawkes day, guy fawkes night, bonfire night"),
        ("2027-11-11", "veterans day, veteran's day, remembrance day, armistice day"),
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
