"""The table of phrases and their meanings, as rows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.schedule import Question, Reading, Refusal, Understood, read, words


@dataclass(frozen=True)
class Row:
    """A phrase, when and where it is said, and what it means in the notation of the table."""

    phrase: str
    now: datetime
    zone: str
    whole_days: bool
    meaning: str

    def read(self, phrase: str | None = None) -> Reading:
        """Read the phrase, or another in its place."""
        text = self.phrase if phrase is None else phrase
        return read(text, now=self.now, zone=self.zone, whole_days=self.whole_days)


def rows() -> list[Row]:
    """Every row of table.txt."""
    found: list[Row] = []
    now, zone, whole = datetime.min.replace(tzinfo=ZoneInfo("UTC")), "", False
    for line in Path(__file__).with_name("table.txt").read_text("utf-8").splitlines():
        if line.startswith("@ "):
            moment, zone, *rest = line.removeprefix("@ ").split()
            now, whole = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)), rest == ["whole"]
        elif line and not line.startswith("#"):
            phrase, meaning = line.split(" => ")
            found.append(Row(phrase, now, zone, whole, meaning))
    return found


def noted(reading: Reading, zone: str) -> str:
    """A reading in the notation of the table."""
    match reading:
        case Understood(schedule=schedule):
            return words(schedule).removesuffix(f" {zone}").replace(f" {zone} ", " ")
        case Question(word=word, choices=choices):
            return f"? {word} :: {' / '.join(choice.label for choice in choices)}"
        case Refusal(word=word):
            return f"! {word}"
