"""The table of phrases and their meanings, as rows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.schedule import Ambiguous, Parsed, Reading, Rejected, read, to_phrase


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


def in_table_notation(reading: Reading, zone: str) -> str:
    """A reading in the notation of the table."""
    match reading:
        case Parsed(schedule=schedule):
            return to_phrase(schedule).removesuffix(f" {zone}").replace(f" {zone} ", " ")
        case Ambiguous(word=word, choices=choices):
            return f"? {word} :: {' / '.join(choice.label for choice in choices)}"
        case Rejected(word=word):
            return f"! {word}"
