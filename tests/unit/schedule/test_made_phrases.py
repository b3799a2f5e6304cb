"""Phrases made from meanings are read as what was meant; a changed token is never read silently as something else."""

from dataclasses import replace
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import Ambiguous, Parsed, Series, Window, echo, next_runs, read
from tests.oracle.expansions import said_back, with_cronsim, with_dateutil
from tests.oracle.phrases import LANGUAGES, made_phrases
from tests.unit.schedule.phrases.score import NOW, ZONE, cases

_SIGNS = "0123456789+-:"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phrase_that_was_made_from_a_meaning_gives_it_back(language: str) -> None:
    assert [problem for made in made_phrases(language, 150, 7) if (problem := made.problem())] == []


@pytest.mark.parametrize("name", ["operators", "operators2", "de", "fr", "es", "nl", "pt"])
def test_a_changed_digit_or_sign_is_said_in_the_echo(name: str) -> None:
    random, changed = Random(1), 0
    for case in cases(name):
        original = case.read()
        for _ in range(3 if isinstance(original, Parsed) else 0):
            places = [n for n, letter in enumerate(case.phrase) if letter in _SIGNS]
            if not places:
                continue
            place = random.choice(places)
            text = case.phrase[:place] + random.choice(_SIGNS) + case.phrase[place + 1 :]
            other = replace(case, phrase=text).read()
            if not isinstance(other, Parsed) or not isinstance(original, Parsed) or other.schedule == original.schedule:
                continue
            assert echo(other, NOW, ZONE) != echo(original, NOW, ZONE), (case.phrase, text)
            changed += 1
    assert changed > 25


def test_no_answer_lasts_longer_than_12_hours_unless_its_dates_say_so() -> None:
    random = Random(2)
    for _ in range(400):
        first, last = (f"{random.randrange(24):02}:{random.choice(('00', '30'))}" for _ in range(2))
        text = random.choice(("{} to {}", "{} - {}", "tomorrow {} to {}", "tomorrow {}-{}", "friday {} until {}"))
        reading = read(text.format(first, last), now=NOW, zone=ZONE)
        if isinstance(reading, Parsed) and isinstance(reading.schedule, Window):
            length = reading.schedule.end.wall - reading.schedule.start.wall
            assert length.total_seconds() <= 12 * 3600, text.format(first, last)


def test_nothing_begins_in_the_past_unsaid() -> None:
    for case in cases("operators"):
        reading = case.read()
        meanings = [choice.meaning for choice in reading.choices] if isinstance(reading, Ambiguous) else []
        for meaning in [reading, *meanings]:
            if not isinstance(meaning, Parsed) or not isinstance(meaning.schedule, Window):
                continue
            begun = meaning.schedule.start.instant < NOW.replace(second=0)
            assert begun == any("has begun already" in text for text in meaning.assumptions), case.phrase


def test_a_window_into_the_gap_of_a_clock_change_is_never_a_day_long() -> None:
    now = datetime(2027, 3, 26, 12, tzinfo=ZoneInfo(ZONE))
    for text in ("sunday 01:30 to 02:30", "sunday 02:30 to 03:30", "sunday 02:15 to 02:45"):
        reading = read(text, now=now, zone=ZONE)
        assert isinstance(reading, Ambiguous), reading
        for choice in reading.choices:
            assert isinstance(choice.meaning.schedule, Window)
            length = choice.meaning.schedule.end.instant - choice.meaning.schedule.start.instant
            assert length.total_seconds() <= 4 * 3600, choice


@pytest.mark.parametrize("compare", [with_dateutil, with_cronsim, said_back])
def test_random_rules_run_when_the_libraries_of_others_run_them(compare: object) -> None:
    tally = compare(8, 3)  # type: ignore[operator]
    assert tally.compared >= 7
    assert tally.different == []


@pytest.mark.parametrize(
    "letters", ["a", "9", " 9 pm", "tomorrow ", "ü", "مرحبا ", "明日", "\u202e", "-1:", "(*/2", "p1d"]
)
def test_long_input_is_answered_with_a_sentence_at_once(letters: str) -> None:
    for size in (150, 300, 3000):
        text = (letters * size)[:size]
        for _ in range(2):
            reading = read(text, now=NOW, zone=ZONE)
        assert isinstance(reading, Parsed) or reading.kind in ("refusal", "question")


def test_a_date_beyond_the_horizon_names_the_horizon() -> None:
    reading = read("1 march 2035 22:00", now=NOW, zone=ZONE)
    assert reading.kind == "refusal"
    assert "more than two years away" in reading.reason


def test_too_many_answers_are_no_question() -> None:
    reading = read("12/11 at 9 CST", now=NOW, zone=ZONE)
    assert reading.kind == "refusal", reading
    assert "different times" in reading.reason


def test_every_hour_has_runs_in_every_hour() -> None:
    reading = read("every hour", now=NOW, zone=ZONE)
    assert isinstance(reading, Parsed)
    assert isinstance(reading.schedule, Series)
    assert len({run.instant for run in next_runs(reading.schedule, NOW, 100)}) == 100
