"""What phrases mean: the ratchet that keeps the grammar right."""

import re

import pytest

from bot.schedule import Ambiguous, Parsed, Rejected, read, to_phrase
from tests.unit.schedule.table import Row, in_table_notation, rows

_FILLERS = re.compile(r"please|later(?= today)|first thing|on the dot", re.IGNORECASE)
"""What says nothing about a time."""
ROWS = [*rows(), *rows("typed.txt")]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.phrase)
def test_a_phrase_means_what_the_table_says(row: Row) -> None:
    assert in_table_notation(row.read(), row.zone) == row.meaning


def test_the_table_is_large_and_every_row_its_own() -> None:
    assert len(ROWS) >= 600
    assert len({(row.phrase, row.now, row.whole_days, row.preferences) for row in ROWS}) == len(ROWS)


def test_what_is_understood_is_said_in_words_that_mean_the_same() -> None:
    for row in ROWS:
        reading = row.read()
        if isinstance(reading, Parsed) and not row.whole_days:
            again = read(to_phrase(reading.schedule), now=row.now, zone="Pacific/Auckland")
            assert isinstance(again, Parsed), row.phrase
            assert again.schedule == reading.schedule, row.phrase


def test_every_answer_to_a_question_is_a_phrase_that_is_understood_so() -> None:
    for row in ROWS:
        reading = row.read()
        for choice in reading.choices if isinstance(reading, Ambiguous) else ():
            again = row.read(choice.meaning.phrase)
            assert isinstance(again, Parsed), (row.phrase, choice.meaning.phrase)
            assert again.schedule == choice.meaning.schedule, (row.phrase, choice.meaning.phrase)
            assert len(choice.label) <= 75


def test_the_answers_to_a_question_differ() -> None:
    for row in ROWS:
        reading = row.read()
        if isinstance(reading, Ambiguous):
            meanings = {to_phrase(choice.meaning.schedule) for choice in reading.choices}
            assert len(meanings) == len(reading.choices) >= 1, row.phrase


def test_a_refusal_gives_an_example_that_works() -> None:
    for row in ROWS:
        reading = row.read()
        if isinstance(reading, Rejected):
            assert reading.reason, row.phrase
            assert isinstance(row.read(reading.example), Parsed), (row.phrase, reading.example)


def test_dropping_a_word_never_turns_a_question_or_refusal_into_an_answer() -> None:
    """Only the words that are named as in doubt or not understood can be what keeps a phrase from being answered."""
    dropped = 0
    for row in ROWS:
        reading = row.read()
        if isinstance(reading, Parsed):
            continue
        start = row.phrase.find(reading.word)
        for word in re.finditer(r"\S+", row.phrase):
            if word.start() < start + len(reading.word) and word.end() > start:
                continue
            rest = row.phrase[: word.start()] + row.phrase[word.end() :]
            assert not isinstance(row.read(rest), Parsed), (row.phrase, rest)
            dropped += 1
    assert dropped > 150


def test_spans_cover_every_word_that_was_read() -> None:
    for row in ROWS:
        reading = row.read()
        if isinstance(reading, Parsed):
            covered = {word for span in reading.spans for word in re.findall(r"[^\W\d]+|\d+", span.text)}
            words = re.findall(r"[^\W\d]+|\d+", _FILLERS.sub("", reading.phrase))
            assert set(words) == covered, row.phrase
