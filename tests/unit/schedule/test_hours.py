"""Which hour a number means in each part of the day."""

from datetime import UTC, datetime

import pytest

from bot.schedule import Once, Parsed, read

NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
BARE_HOURS = {
    "in the morning": "00 01 02 03 04 05 06 07 08 09 10 11 -- -- -- -- -- -- -- -- -- -- -- --",
    "in the afternoon": "-- 13 14 15 16 17 18 19 -- -- -- -- -- 13 14 15 16 17 18 -- -- -- -- --",
    "in the evening": "-- -- -- -- 16 17 18 19 20 21 22 23 -- -- -- 15 16 17 18 19 20 21 22 23",
    "at night": "-- -- -- -- -- -- 18 19 20 21 22 23 -- -- -- -- -- 17 18 19 20 21 22 23",
    "at lunchtime": "-- 13 14 -- -- -- -- -- -- -- -- 11 12 13 14 -- -- -- -- -- -- -- -- --",
}
"""The hour that each number from 0 to 23 means; -- where it is refused."""
CERTAIN_HOURS = {
    "in the morning": range(12),
    "in the afternoon": range(12, 19),
    "in the evening": range(15, 24),
    "at night": range(17, 24),
    "at lunchtime": range(11, 15),
}
"""The hours on the 24-hour clock that each part of the day has."""


def hour_of(phrase: str) -> str:
    reading = read(phrase, now=NOW, zone="UTC")
    if not isinstance(reading, Parsed):
        return "--"
    assert isinstance(reading.schedule, Once)
    return f"{reading.schedule.start.wall:%H}"


@pytest.mark.parametrize("part", BARE_HOURS)
def test_a_number_is_an_hour_of_its_part_of_the_day(part: str) -> None:
    assert " ".join(hour_of(f"24 december at {hour} {part}") for hour in range(24)) == BARE_HOURS[part]


@pytest.mark.parametrize("part", BARE_HOURS)
def test_minutes_do_not_change_the_hour_except_at_noon(part: str) -> None:
    hours = [hour_of(f"24 december at {hour}:30 {part}") for hour in range(24) if hour != 12]
    assert hours == [hour for number, hour in enumerate(BARE_HOURS[part].split()) if number != 12]
    assert hour_of(f"24 december at 12:30 {part}") == ("12" if part in ("in the afternoon", "at lunchtime") else "--")


@pytest.mark.parametrize("part", CERTAIN_HOURS)
def test_a_time_on_the_24_hour_clock_must_fit_its_part_of_the_day(part: str) -> None:
    hours = [hour for hour in range(24) if hour_of(f"24 december at {hour:02}:00:30 {part}") == f"{hour:02}"]
    written = [hour for hour in CERTAIN_HOURS[part] if hour < 10 or hour > 12]
    assert [hour for hour in hours if hour < 10 or hour > 12] == written


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("noon in the afternoon", "12"),
        ("noon in the evening", "--"),
        ("noon at night", "--"),
        ("noon in the morning", "--"),
        ("noon at lunchtime", "12"),
        ("11am at lunchtime", "11"),
        ("10am at lunchtime", "--"),
        ("11am in the morning", "11"),
        ("11:59:59 in the morning", "11"),
        ("12am in the morning", "00"),
    ],
)
def test_the_hours_around_noon_are_settled_by_their_words(text: str, hour: str) -> None:
    assert hour_of(f"24 december {text}") == hour
