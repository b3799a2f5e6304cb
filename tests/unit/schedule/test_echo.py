"""What is said back about a schedule."""

from datetime import UTC, datetime

import pytest

from bot.schedule import Ambiguous, Parsed, echo, read
from bot.schedule.echo import button_label, relative_time

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


def lines(phrase: str, speaker: str | None = None) -> tuple[str, ...]:
    reading = read(phrase, now=NOW, zone="Europe/Berlin")
    assert isinstance(reading, Parsed), reading
    return echo(reading, NOW, speaker)


def test_a_time_is_echoed_with_its_date_zone_distance_and_utc() -> None:
    assert lines("friday 21:00") == ("Fri 27 Nov 2026 21:00 CET (Europe/Berlin), in 4 days 23 hours; 20:00 UTC",)


def test_utc_carries_its_date_where_that_is_another() -> None:
    assert lines("tomorrow 00:30") == (
        "Mon 23 Nov 2026 00:30 CET (Europe/Berlin), in 2 hours 30 minutes; Sun 22 Nov 23:30 UTC",
    )


def test_the_speakers_own_clock_is_added_where_the_zone_is_another() -> None:
    assert lines("friday 21:00 America/New_York", "Europe/Berlin") == (
        "Fri 27 Nov 2026 21:00 EST (America/New_York), in 5 days 5 hours; "
        "Sat 28 Nov 02:00 UTC; Sat 28 Nov 03:00 in Europe/Berlin",
    )


def test_a_window_says_how_long_it_is() -> None:
    assert lines("friday 22:00 to saturday 02:00") == (
        "Fri 27 Nov 2026 22:00 to Sat 28 Nov 2026 02:00 CET (Europe/Berlin), 4 hours, in 5 days; 21:00 UTC",
    )


def test_a_window_over_a_change_of_the_clocks_is_as_long_as_it_really_is() -> None:
    assert "3 hours" in lines("28 march 00:30 to 04:30")[0]


def test_a_series_shows_its_next_three_runs() -> None:
    said = lines("2nd tuesday of every month at 22:00")
    assert said[0] == "Every month on the 2nd Tuesday at 22:00 Europe/Berlin."
    assert [line.partition(" 22:00")[0] for line in said[1:]] == [
        "Next: Tue 8 Dec 2026",
        "Then: Tue 12 Jan 2027",
        "Then: Tue 9 Feb 2027",
    ]


def test_a_series_says_what_the_clock_changes_do_to_it() -> None:
    said = " ".join(lines("every day at 02:30"))
    assert "On Sun 28 Mar 2027 02:30 does not exist" in said
    assert "On Sun 31 Oct 2027 02:30 comes twice" in said
    assert "does not exist" not in " ".join(lines("every monday at 02:30"))
    assert "does not exist" not in " ".join(lines("every day at 04:30"))


def test_a_latest_start_is_said() -> None:
    assert lines("tomorrow 21:00, latest 23:00")[1] == "It must have started by Mon 23 Nov 2026 23:00."


def test_a_distant_start_is_warned_of_and_assumptions_come_last() -> None:
    said = lines("1 june 10:15")
    assert said[1] == "That is 190 days from now."
    assert said[2] == "10:15 was read on the 24-hour clock."


def test_now_is_said_plainly() -> None:
    assert lines("now") == ("Now: as soon as it is approved.",)


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2026, 11, 22, 21, 0, 30, tzinfo=UTC), "in less than a minute"),
        (datetime(2026, 11, 22, 21, 1, tzinfo=UTC), "in 1 minute"),
        (datetime(2026, 11, 24, 0, 5, tzinfo=UTC), "in 1 day 3 hours"),
        (datetime(2026, 11, 22, 20, 0, tzinfo=UTC), "1 hour ago"),
        (NOW, "now"),
    ],
)
def test_distances_are_said_in_their_two_largest_units(at: datetime, text: str) -> None:
    assert relative_time(at, NOW) == text


def test_labels_tell_answers_apart_by_zone_and_by_the_letters_of_the_hour() -> None:
    zones = read("9pm CST", now=NOW, zone="Europe/Berlin")
    twice = read("31 october 2027 02:30", now=NOW, zone="Europe/Berlin")
    assert isinstance(zones, Ambiguous)
    assert isinstance(twice, Ambiguous)
    assert [choice.label.split()[-1] for choice in zones.choices] == [
        "(America/Chicago)",
        "(Asia/Shanghai)",
        "(America/Havana)",
    ]
    assert [choice.label for choice in twice.choices] == ["Sun 31 Oct 2027 02:30 CEST", "Sun 31 Oct 2027 02:30 CET"]


def test_a_long_label_is_cut_to_what_a_button_holds() -> None:
    reading = read(
        "every month on the 1st, 5th, 9th, 13th, 17th, 21st and 25th at 06:00 until march", now=NOW, zone="UTC"
    )
    assert isinstance(reading, Parsed)
    assert len(button_label(reading.schedule, "UTC")) <= 75
