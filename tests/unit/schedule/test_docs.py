"""The page about time says what is true: its phrases are understood, or asked about, as it says."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.schedule import Ambiguous, Parsed, Series, Window, read

PAGE = (Path(__file__).parents[3] / "docs" / "time.md").read_text("utf-8")
NOW = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def rows(heading: str) -> list[tuple[str, list[str]]]:
    """The first cell of each row of the table under a heading, and the phrases of the row."""
    table = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")][2:]
    return [(first.strip(), re.findall(r"`([^`]+)`", first + rest[0])) for first, *rest in cells]


def fill_in(kind: str, phrase: str) -> str:
    """A phrase of the page with what ".." stands for."""
    return phrase.replace("..", "every monday at 06:00" if kind == "with bounds" else "tomorrow 9pm")


@pytest.mark.parametrize(("kind", "phrases"), rows("What can be said"), ids=lambda value: str(value)[:30])
def test_what_can_be_said_is_understood(kind: str, phrases: list[str]) -> None:
    assert phrases
    for phrase in phrases:
        reading = read(fill_in(kind, phrase), now=NOW, zone="Europe/Berlin")
        assert isinstance(reading, Parsed), phrase
        if kind in ("A series", "with bounds", "with a window"):
            assert isinstance(reading.schedule, Series), phrase
        if kind == "A window":
            assert isinstance(reading.schedule, Window), phrase


def test_what_is_asked_is_asked() -> None:
    asked = [first for first, _ in rows("What is asked instead of guessed")]
    phrases = [phrase for first in asked for phrase in re.findall(r"`([^`]+)`", first)]
    for phrase in phrases:
        said = f"28 march 2027 {phrase}" if phrase == "02:30" else f"9pm {phrase}" if phrase.isupper() else phrase
        assert isinstance(read(said, now=NOW, zone="Europe/Berlin"), Ambiguous), said
