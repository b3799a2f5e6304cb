"""Words of other languages mean what their English ones do."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.schedule import Ambiguous, Parsed, TimePreferences, read, to_phrase

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 26, 10, 15, tzinfo=ZoneInfo(ZONE))


def rows() -> list[tuple[str, str, str]]:
    found, language = list[tuple[str, str, str]](), ""
    for line in Path(__file__).with_name("translated.txt").read_text("utf-8").splitlines():
        if line.startswith("@ "):
            language = line.removeprefix("@ ")
        elif line and not line.startswith("#"):
            phrase, english = line.split(" => ")
            found.append((language, phrase, english))
    return found


def meanings(phrase: str, language: str) -> list[str]:
    """What a phrase means, or all that it can mean."""
    reading = read(phrase, now=NOW, zone=ZONE, preferences=TimePreferences(language=language))
    match reading:
        case Parsed(schedule=schedule):
            return [to_phrase(schedule)]
        case Ambiguous(choices=choices):
            return ["?", *(to_phrase(choice.meaning.schedule) for choice in choices)]
    raise AssertionError((phrase, reading.reason))


@pytest.mark.parametrize(("language", "phrase", "english"), rows())
def test_a_phrase_means_what_its_english_one_does(language: str, phrase: str, english: str) -> None:
    assert meanings(phrase, language) == meanings(english, "en")
