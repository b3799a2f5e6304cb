"""Phrases at the edge between two meanings, and what is said of them."""

from datetime import UTC, datetime, time

import pytest

from bot.schedule import Ambiguous, Parsed, Rejected, read
from bot.schedule.parsing import zones
from bot.schedule.parsing.spelling import suggestions
from tests.unit.schedule.table import Row, in_table_notation, rows

NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize("row", rows("edges.txt"), ids=lambda row: row.phrase)
def test_a_phrase_at_an_edge_means_what_the_table_says(row: Row) -> None:
    assert in_table_notation(row.read(), row.zone) == row.meaning


@pytest.mark.parametrize(
    ("phrase", "assumption"),
    [
        ("every day 22:00 except 24 dec to 27 dec", "There is no run from 24 December 2026 to 27 December 2026."),
        ("every day 22:00 except 24 december", "There is no run on 24 December 2026."),
        ("every day 22:00 except 24 december 2026", None),
        ("every day 22:00 except 24 and 31 dec", "There is no run on 24 December 2026, 31 December 2026."),
        (
            "every day 22:00 except 24 to 26 dec",
            "There is no run on 24 December 2026, 25 December 2026, 26 December 2026.",
        ),
        ("every day 22:00 except 1 dec to 1 feb", "There is no run from 1 December 2026 to 1 February 2027."),
        ("every day 22:00 except easter monday", "There is no run on 29 March 2027."),
        ("every day 22:00 except tomorrow", "There is no run on 24 November 2026."),
        ("every day 22:00 except this friday", "There is no run on 27 November 2026."),
    ],
)
def test_the_dates_without_a_run_are_told_where_they_were_not_said(phrase: str, assumption: str | None) -> None:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Parsed)
    assert reading.assumptions == ((assumption,) if assumption else ())


def test_a_question_names_the_words_that_it_is_about() -> None:
    reading = read("sat 28/11 25 to 3", now=NOW, zone="UTC")
    assert isinstance(reading, Ambiguous)
    assert reading.ask == "Which time is meant by '25 to 3'?"


@pytest.mark.parametrize(
    ("phrase", "answered"),
    [
        ("tomorrow in tokyo", "tomorrow in tokyo at 06:30"),
        ("every day until christmas", "every day at 06:30 until christmas"),
        ("every friday", "every friday at 06:30"),
        ("in 3 days", "in 3 days at 06:30"),
    ],
)
def test_a_missing_hour_is_put_where_it_is_read(phrase: str, answered: str) -> None:
    reading = read(phrase, now=NOW, zone="UTC")
    assert isinstance(reading, Ambiguous)
    assert reading.phrase_at(time(6, 30)) == answered


def test_a_letter_that_is_longer_in_lower_case_moves_no_word() -> None:
    reading = read("tomorrow İİİİ xyzzy 21:00", now=NOW, zone="UTC")
    assert isinstance(reading, Rejected)
    assert reading.word == "İİİİ"


def test_a_city_names_its_zone() -> None:
    found = zones._zones_by_city.__wrapped__()
    assert (found["london"], found["new york"], found["ho chi minh"]) == (
        "Europe/London", "America/New_York", "Asia/Ho_Chi_Minh"
    )  # fmt: skip
    assert not {"easter", "wake", "reunion", "gmt", "argentina/buenos aires"} & found.keys()


def test_at_most_three_words_are_suggested_for_one_that_is_not_known() -> None:
    assert suggestions("eights") == ("eight", "nights", "eighth")
