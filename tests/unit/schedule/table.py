"""The tables of phrases and their meanings, as rows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.schedule import Ambiguous, Parsed, Reading, Rejected, TimePreferences, read, to_phrase


@dataclass(frozen=True)
class Row:
    """A phrase, when, where and by whom it is said, and what the table expects of it."""

    phrase: str
    now: datetime
    zone: str
    whole_days: bool
    preferences: TimePreferences
    meaning: str

    def read(self, phrase: str | None = None) -> Reading:
        """Read the phrase, or another in its place."""
        text = self.phrase if phrase is None else phrase
        return read(text, now=self.now, zone=self.zone, preferences=self.preferences, whole_days=self.whole_days)


def rows(name: str = "table.txt") -> list[Row]:
    """Return every row of a table."""
    found: list[Row] = []
    now, zone, flags = datetime.min.replace(tzinfo=ZoneInfo("UTC")), "", set[str]()
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines():
        if line.startswith("@ "):
            moment, zone, *words = line.removeprefix("@ ").split()
            now, flags = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)), set(words)
        elif line and not line.startswith("#"):
            phrase, meaning = line.split(" => ")
            found.append(Row(phrase, now, zone, "whole" in flags, _preferences(flags), meaning))
    return found


def _preferences(flags: set[str]) -> TimePreferences:
    order = {"day-first": True, "month-first": False}
    day_first = next((order[flag] for flag in flags if flag in order), None)
    return TimePreferences(uses_24h_clock="24h" in flags or None, day_first=day_first)


def in_table_notation(reading: Reading, zone: str) -> str:
    """A reading in the notation of the table."""
    match reading:
        case Parsed(schedule=schedule):
            return to_phrase(schedule).removesuffix(f" {zone}").replace(f" {zone} ", " ")
        case Ambiguous(word=word, choices=choices):
            return f"? {word} :: {' / '.join(choice.label for choice in choices)}"
        case Rejected(word=word):
            return f"! {word}"
