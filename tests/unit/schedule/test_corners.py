"""Spellings of the same time, limits of the clock, and the words that a rejection names."""

from datetime import UTC, datetime

import pytest

from bot.schedule import Ambiguous, Parsed, Rejected, Schedule, read

NOW = datetime(2026, 11, 22, 21, 7, tzinfo=UTC)


def schedule_of(phrase: str) -> Schedule:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Parsed), (phrase, reading)
    return reading.schedule


@pytest.mark.parametrize(
    ("phrase", "figures"),
    [
        ("at 2030 5 may", "5 may 20:30"),
        ("5 may at 2030", "5 may 20:30"),
        ("tomorrow half past eight pm", "tomorrow 20:30"),
        ("tomorrow quarter past nine pm", "tomorrow 21:15"),
        ("tomorrow a quarter past nine pm", "tomorrow 21:15"),
        ("tomorrow a quarter to ten pm", "tomorrow 21:45"),
        ("tomorrow three quarters past nine pm", "tomorrow 21:45"),
        ("tomorrow twenty minutes past 9pm", "tomorrow 21:20"),
        ("tomorrow 20 minutes past 21:00", "tomorrow 21:20"),
        ("tomorrow 20 past 9pm", "tomorrow 21:20"),
        ("tomorrow 1 minute past 9pm", "tomorrow 21:01"),
        ("tomorrow 59 minutes past 9pm", "tomorrow 21:59"),
        ("tomorrow 20 minutes to 9pm", "tomorrow 20:40"),
        ("tomorrow 10 past noon", "tomorrow 12:10"),
        ("tomorrow ten minutes to noon", "tomorrow 11:50"),
        ("tomorrow 5 past midnight", "tomorrow 00:05"),
        ("tomorrow 12 noon", "tomorrow 12:00"),
        ("tomorrow 12 o'clock noon", "tomorrow 12:00"),
        ("tomorrow mid-day", "tomorrow 12:00"),
        ("tomorrow mid day", "tomorrow 12:00"),
        ("in 1.5 hours", "in 90 minutes"),
        ("in 2.5 hours", "in 150 minutes"),
        ("in 1/2 hour", "in 30 minutes"),
        ("in 5/4 hours", "in 75 minutes"),
        ("in a quarter of an hour", "in 15 minutes"),
        ("in three quarters of an hour", "in 45 minutes"),
        ("in half an hour", "in 30 minutes"),
        ("in an hour and a half", "in 90 minutes"),
        ("2 hours from now", "in 2 hours"),
        ("2027/5/sep 10:00", "2027-09-05 10:00"),
        ("2027/sep/5 10:00", "2027-09-05 10:00"),
        ("2027 sep 5 10:00", "2027-09-05 10:00"),
        ("2027-sep-5 10:00", "2027-09-05 10:00"),
        ("2027/13/sep 10:00", "2027-09-13 10:00"),
        ("every friday from 22:00 until saturday 02:00", "every friday 22:00 to saturday 02:00"),
    ],
)
def test_what_is_written_in_words_is_what_is_written_in_figures(phrase: str, figures: str) -> None:
    assert schedule_of(phrase) == schedule_of(figures)


@pytest.mark.parametrize(
    ("phrase", "start"),
    [
        ("21:06", "2026-11-23 21:06"),
        ("21:07", "2026-11-23 21:07"),
        ("21:08", "2026-11-22 21:08"),
        ("20:00", "2026-11-23 20:00"),
        ("00:00", "2026-11-23 00:00"),
    ],
)
def test_a_time_that_has_passed_today_is_tomorrow(phrase: str, start: str) -> None:
    assert f"{schedule_of(phrase).start.wall:%Y-%m-%d %H:%M}" == start  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("phrase", "word"),
    [
        ("tomorrow #abc# 21:00", "#abc#"),
        ("tomorrow 21:00 €uro", "€uro"),
        ("§5 tomorrow 21:00", "§5"),
        ("tomorrow §", "§"),
        ("2027/5/foo", "2027/5/foo"),
        ("every day at 06:00 starting tomorrow starting friday", "starting"),
        ("every day at 06:00 until march until april", "until"),
        ("every friday 22:00 to saturday", "to saturday"),
        ("every monday from 09:00 from 10:00", "09:00 from 10:00"),
    ],
)
def test_a_rejection_names_the_words_in_question(phrase: str, word: str) -> None:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Rejected)
    assert reading.word == word


@pytest.mark.parametrize(
    ("phrase", "choices"),
    [
        ("tomorrow 5", ["Mon 23 Nov 2026 05:00", "Mon 23 Nov 2026 17:00"]),
        ("tomorrow 12", ["Mon 23 Nov 2026 00:00", "Mon 23 Nov 2026 12:00"]),
        ("5", ["Mon 23 Nov 2026 05:00", "Mon 23 Nov 2026 17:00", "Sat 5 Dec 2026 09:00", "Sat 5 Dec 2026 21:00"]),
        ("14", ["Mon 23 Nov 2026 14:00", "Mon 14 Dec 2026 09:00", "Mon 14 Dec 2026 21:00"]),
        ("31", ["Thu 31 Dec 2026 09:00", "Thu 31 Dec 2026 21:00"]),
        ("tomorrow at half past 8", ["Mon 23 Nov 2026 08:30", "Mon 23 Nov 2026 20:30"]),
        ("5 june to 7 june 2028", ["Mon 5 Jun 2028 00:00 to Thu 8 Jun 2028 00:00", "Mon 5 Jun 2028 21:00"]),
        ("1 march to 3 april 2027", ["Mon 1 Mar 2027 00:00 to Sun 4 Apr 2027 00:00", "Mon 1 Mar 2027 21:00"]),
        ("24 dec 2026 to 2 jan 2027", ["Thu 24 Dec 2026 00:00 to Sun 3 Jan 2027 00:00", "Thu 24 Dec 2026 21:00"]),
        (
            "every day at 06:00 to march",
            ["every day at 06:00 until March 2027", "every day at 06:00 until 2027-03-31"],
        ),
    ],
)
def test_a_question_offers_what_can_be_meant(phrase: str, choices: list[str]) -> None:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Ambiguous)
    assert [choice.label.removesuffix(" UTC") for choice in reading.choices] == choices
