"""What is said about a phrase: what was assumed, what is asked, and why it is refused."""

import pytest

from bot.schedule import Ambiguous, Parsed, Reading
from tests.unit.schedule.table import Row, rows

ROWS = rows("sentences.txt")


def sentences(reading: Reading) -> str:
    match reading:
        case Parsed(assumptions=assumptions):
            return " | ".join(assumptions) or "-"
        case Ambiguous(ask=question, choices=choices):
            return f"{question} || {' / '.join(choice.meaning.phrase for choice in choices)}"
        case _:
            return f"{reading.reason} || {reading.example}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.phrase)
def test_a_phrase_is_answered_with_the_sentences_of_the_table(row: Row) -> None:
    assert sentences(row.read()) == row.meaning


def test_every_row_is_its_own() -> None:
    assert len({(row.phrase, row.now, row.whole_days, row.preferences) for row in ROWS}) == len(ROWS)
