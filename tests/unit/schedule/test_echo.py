"""What is said back about a schedule."""

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.schedule import (
    Ambiguous,
    Now,
    Once,
    Parsed,
    RecurrenceRule,
    Schedule,
    Series,
    Window,
    ZonedTime,
    echo,
    read,
)
from bot.schedule.echo import button_label, clock_change_notes, relative_time, zone_label

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


def at(day: int, hour: int = 0, minute: int = 0, zone: str = "Europe/Berlin") -> ZonedTime:
    return ZonedTime(wall=datetime(2026, 11, day, hour, minute), zone=zone)


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (Once(start=at(24), grain="day"), "Tue 24 Nov 2026 (Europe/Berlin), without a time of day."),
        (
            Window(start=at(24), end=at(27), grain="day"),
            "Tue 24 Nov 2026 to Thu 26 Nov 2026 (Europe/Berlin), without times of day.",
        ),
        (
            Window(start=at(24, 9), end=at(24, 11)),
            "Tue 24 Nov 2026 09:00 to 11:00 CET (Europe/Berlin), 2 hours, in 1 day 11 hours; 08:00 UTC",
        ),
        (
            Window(start=at(24, 0, 30), end=at(24, 2)),
            "Tue 24 Nov 2026 00:30 to 02:00 CET (Europe/Berlin), 90 minutes, in 1 day 2 hours; Mon 23 Nov 23:30 UTC",
        ),
        (Once(start=at(24, 9, zone="UTC")), "Tue 24 Nov 2026 09:00 UTC, in 1 day 12 hours"),
    ],
)
def test_whole_days_and_windows_are_echoed(schedule: Schedule, text: str) -> None:
    assert echo(Parsed(phrase="", schedule=schedule), NOW) == (text,)


def test_a_start_is_not_repeated_in_its_own_zone() -> None:
    schedule = Once(start=at(24, 9, zone="UTC"))
    assert echo(Parsed(phrase="", schedule=schedule), NOW, "UTC") == ("Tue 24 Nov 2026 09:00 UTC, in 1 day 12 hours",)
    assert echo(Parsed(phrase="", schedule=schedule), NOW, "Europe/Berlin") == (
        "Tue 24 Nov 2026 09:00 UTC, in 1 day 12 hours; 10:00 in Europe/Berlin",
    )


@pytest.mark.parametrize(
    ("schedule", "speaker", "label"),
    [
        (Now(), "UTC", "Now"),
        (Once(start=at(24), grain="day"), "Europe/Berlin", "Tue 24 Nov 2026"),
        (Once(start=at(24), grain="day"), "UTC", "Tue 24 Nov 2026 (Europe/Berlin)"),
        (Once(start=at(24, 9)), "UTC", "Tue 24 Nov 2026 09:00 CET (Europe/Berlin)"),
        (Window(start=at(24, 9), end=at(24, 11)), "Europe/Berlin", "Tue 24 Nov 2026 09:00 to 11:00 CET"),
        (
            Window(start=at(24, 9), end=at(25, 2)),
            "UTC",
            "Tue 24 Nov 2026 09:00 to Wed 25 Nov 2026 02:00 CET (Europe/Berlin)",
        ),
    ],
)
def test_labels_say_when_and_where(schedule: Schedule, speaker: str, label: str) -> None:
    assert button_label(schedule, speaker) == label


def test_a_label_of_a_series_leaves_out_the_zone_of_the_speaker_and_is_cut() -> None:
    rule = RecurrenceRule(freq="monthly", monthdays=tuple(range(1, 20)), times=(time(6),))
    schedule = Series(rule=rule, zone="UTC", first=at(24, zone="UTC"), count=3)
    label = button_label(schedule, "UTC")
    assert label == "every month on the 1st, 2nd, 3rd, 4th, 5th, 6th, 7th, 8th, 9th, 10th, 11th…"
    assert len(label) == 75
    short = schedule.model_copy(update={"rule": RecurrenceRule(freq="daily", times=(time(6),))})
    assert button_label(short, "UTC") == "every day at 06:00 for 3 times"
    assert button_label(short, "Europe/Berlin") == "every day at 06:00 UTC for 3 times"


def test_a_label_of_75_characters_is_kept() -> None:
    first = at(24, zone="UTC")
    seconds = RecurrenceRule(freq="monthly", monthdays=tuple(range(5, 13)), times=(time(6, 0, 30),))
    twice = RecurrenceRule(freq="monthly", monthdays=tuple(range(5, 12)), times=(time(6), time(7)))
    kept, cut = (button_label(Series(rule=rule, zone="UTC", first=first), "UTC") for rule in (seconds, twice))
    assert kept == "every month on the 5th, 6th, 7th, 8th, 9th, 10th, 11th and 12th at 06:00:30"
    assert cut == "every month on the 5th, 6th, 7th, 8th, 9th, 10th and 11th at 06:00 and 07:…"
    assert (len(kept), len(cut)) == (75, 75)


@pytest.mark.parametrize(
    ("zone", "short", "full"),
    [
        ("Europe/Berlin", "CET", "CET (Europe/Berlin)"),
        ("UTC", "UTC", "UTC"),
        ("Etc/GMT+2", "UTC-2", "UTC-2"),
        ("Etc/GMT-10", "UTC+10", "UTC+10"),
        ("Etc/GMT+11", "UTC-11", "UTC-11"),
        ("Asia/Dhaka", "UTC+6", "UTC+6 (Asia/Dhaka)"),
        ("Etc/UTC", "UTC", "UTC"),
        ("Asia/Kolkata", "IST", "IST (Asia/Kolkata)"),
        ("Africa/Abidjan", "GMT", "GMT (Africa/Abidjan)"),
    ],
)
def test_zones_are_labelled_by_their_letters_or_their_offset(zone: str, short: str, full: str) -> None:
    assert zone_label(at(24, zone=zone), short=True) == short
    assert zone_label(at(24, zone=zone)) == full


@pytest.mark.parametrize(
    ("delta", "text"),
    [
        (timedelta(seconds=-59), "now"),
        (timedelta(seconds=-60), "1 minute ago"),
        (timedelta(seconds=1), "in less than a minute"),
        (timedelta(seconds=59), "in less than a minute"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=9, seconds=1), "in 10 minutes"),
        (timedelta(minutes=10), "in 10 minutes"),
        (timedelta(minutes=59, seconds=59), "in 1 hour"),
        (timedelta(hours=1), "in 1 hour"),
        (timedelta(hours=2, minutes=1), "in 2 hours 1 minute"),
        (timedelta(hours=23, minutes=59), "in 23 hours 59 minutes"),
        (timedelta(days=1), "in 1 day"),
        (timedelta(days=2, minutes=5), "in 2 days 5 minutes"),
        (timedelta(days=2, hours=3, minutes=5), "in 2 days 3 hours"),
        (timedelta(days=-3, hours=1), "2 days 23 hours ago"),
    ],
)
def test_distances_have_at_most_two_units(delta: timedelta, text: str) -> None:
    assert relative_time(NOW + delta, NOW) == text


def daily(*times: time) -> Series:
    rule = RecurrenceRule(freq="daily", times=times)
    return Series(rule=rule, zone="Europe/Berlin", first=ZonedTime(wall=datetime(2026, 1, 1), zone="Europe/Berlin"))


@pytest.mark.parametrize(("days", "noted"), [(0, True), (399, True), (400, False)])
def test_clock_changes_are_noted_400_days_ahead(days: int, noted: bool) -> None:
    """The clocks go forward on 28 March 2027."""
    now = datetime(2027, 3, 27, 23, 30, tzinfo=UTC) - timedelta(days=days)
    notes = [note for note in clock_change_notes(daily(time(2, 30)), now) if "28 Mar 2027" in note]
    assert bool(notes) == noted


def test_each_time_of_a_day_is_noted_but_hourly_series_are_not() -> None:
    now = datetime(2027, 3, 1, tzinfo=UTC)
    series = daily(time(1, 30), time(2, 0), time(2, 59, 30), time(3, 0))
    notes = [note.partition(":30 does")[0][:22] for note in clock_change_notes(series, now) if "28 Mar" in note]
    assert notes == ["On Sun 28 Mar 2027 02:", "On Sun 28 Mar 2027 02:"]
    hourly = Series(rule=RecurrenceRule(freq="hourly"), zone="Europe/Berlin", first=series.first)
    assert clock_change_notes(hourly, now) == ()
    assert clock_change_notes(series.model_copy(update={"until": at(24)}), now) == ()


def test_the_echo_of_a_series_shows_three_runs() -> None:
    said = echo(Parsed(phrase="", schedule=daily(time(21))), NOW)
    assert [line.split(":")[0] for line in said] == ["Every day at 21", "Next", "Then", "Then"]
    assert "starts the first time." in " ".join(lines("every day at 02:30"))
