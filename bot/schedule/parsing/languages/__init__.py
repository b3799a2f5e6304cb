"""Phrases in German, French, Spanish, Dutch and Portuguese: their words are exchanged for English tokens.

Names of days, months and units, and words such as tomorrow, come from dateparser's language data. The rest is in one
module for each language. English is understood in every language.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from bot.schedule.calendar_names import MONTHS, WEEKDAYS
from bot.schedule.parsing.languages import de, es, fr, nl, pt

_MODULES: Mapping[str, ModuleType] = {"de": de, "es": es, "fr": fr, "nl": nl, "pt": pt}
_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
_RELATIVE = {
    "0 day ago": "today", "in 1 day": "tomorrow", "in 2 day": "the day after tomorrow", "1 day ago": "yesterday",
    "0 second ago": "now", "0 week ago": "this week", "in 1 week": "next week", "0 month ago": "this month",
    "in 1 month": "next month", "0 year ago": "this year", "in 1 year": "next year",
}  # fmt: skip
# Abbreviations of dateparser that are words of their language, or English ones.
_NOT_NAMES = frozenset(
    {"die", "mit", "don", "son", "fre", "sam", "a", "an", "ve", "me", "je", "lu", "h", "do", "di", "ma"}
)
_SHORT_DAYS = {
    "de": {"do": "thursday", "di": "tuesday", "sam": "saturday"}, "fr": {"sam": "saturday"},
    "nl": {"di": "tuesday", "do": "thursday", "ma": "monday"},
}  # fmt: skip
_HOURS_BEFORE_UNIT = (
    (r"(?<=\d)\s?u(?!\w)", "<h>"),
    (r"(?<=\d)\s+h(?!\w)", "<h>"),
    (r"(?P<n>\d{1,2})u(?P<m>\d\d)", "{n}:{m}"),
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of a language. ``patterns`` come before ``words``; both give English text.

    ``names`` are without accents; ``spellings`` has the words with them.
    """

    names: Mapping[str, str]
    numbers: Mapping[str, int]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    words: re.Pattern[str]
    hour_words: frozenset[str]
    spellings: Mapping[str, str]

    def translate(self, text: str) -> list[tuple[int, int, str]]:
        """Return the places of a lower-case text that have a meaning in this language, in order, with their English."""
        folded = fold(text)
        taken: list[tuple[int, int, str]] = []
        for pattern, template in self.patterns:
            for match in pattern.finditer(folded):
                if not any(start < match.end() and match.start() < end for start, end, _ in taken):
                    taken.append((*match.span(), self._fill(match, template)))
        taken += [
            (*match.span(), self._english(match[0]))
            for start, end in _gaps(sorted(taken), len(folded))
            for match in self.words.finditer(folded, start, end)
        ]
        return sorted(taken)

    def _english(self, word: str) -> str:
        return "<hours>" if word in self.hour_words else self.names[" ".join(word.split())]

    def _fill(self, match: re.Match[str], template: str) -> str:
        """Return the English of a pattern. A word with an s may be a word of its own: mars is no Tuesday."""
        if template == "{day}s" and match[0] in self.names:
            return self.names[match[0]]
        values = {name: value for name, value in match.groupdict().items() if value is not None}
        if (hour := values.get("hour")) is not None:
            number = int(hour) if hour.isdigit() else self.numbers[hour]
            values |= {"hour": str(number), "before": str((number - 2) % 12 + 1)}
        if (day := values.get("day")) is not None:
            values["day"] = self.names[day]
        return template.format(**values)


def fold(text: str) -> str:
    """Return the text without accents, of the same length."""
    return "".join(unicodedata.normalize("NFD", letter)[0] if letter > "\x7f" else letter for letter in text)


def _gaps(taken: list[tuple[int, int, str]], size: int) -> Iterator[tuple[int, int]]:
    place = 0
    for start, end, _ in taken:
        yield place, start
        place = end
    yield place, size


@cache
def lexicon(language: str) -> Lexicon | None:
    """Return the words of a language, or None for English and for languages that are not read."""
    module = _MODULES.get(language)
    if module is None:
        return None
    info = import_module(f"dateparser.data.date_translation_data.{language}").info
    numbers = {fold(name): number for number, name in enumerate(module.NUMBERS.split())}
    weekdays = _names(info, WEEKDAYS)
    months = _names(info, MONTHS)
    names = months | weekdays | _names(info, _UNITS)
    names = {word: english for word, english in names.items() if word not in _NOT_NAMES}
    names |= _SHORT_DAYS.get(language, {})
    for key, english in _RELATIVE.items():
        names |= {fold(word.lower()): english for word in info["relative-type"].get(key, ())}
    names |= {word: str(number) for word, number in numbers.items()}
    names |= {fold(word): english for word, english in module.WORDS.items()}
    parts = {
        "{weekday}": _alternatives(word for word in weekdays if word in names),
        "{month}": _alternatives(word for word in months if word in names),
        "{number}": rf"\d{{1,2}}|{_alternatives(numbers)}",
    }
    hour_words = frozenset(module.HOUR_WORDS.split())
    return Lexicon(
        names=names,
        numbers=numbers,
        patterns=tuple(
            (_compiled(fold(pattern), parts), template) for pattern, template in (*module.PATTERNS, *_HOURS_BEFORE_UNIT)
        ),
        words=re.compile(rf"(?<![\w'])(?:{_alternatives({*names, *hour_words})})(?!\w)"),
        hour_words=hour_words,
        spellings={fold(word): word for word in _spelt_words(info, module)},
    )


def _spelt_words(info: Mapping[str, list[str]], module: ModuleType) -> Iterator[str]:
    """Yield the words of a language as they are written, where that is with an accent."""
    words = [word.lower() for key in (*WEEKDAYS, *MONTHS, *_UNITS) for word in info[key]]
    words += [word.lower() for key in _RELATIVE for word in info["relative-type"].get(key, ())]  # type: ignore[attr-defined]
    yield from (word for word in (*words, *module.WORDS) if not word.isascii())


def _names(info: Mapping[str, list[str]], keys: tuple[str, ...]) -> dict[str, str]:
    return {fold(word.lower()): key for key in keys for word in info[key] if len(word) > 1}


def _alternatives(words: Iterator[str] | Mapping[str, int] | set[str]) -> str:
    """Return a pattern of the words, the longest first; spaces match any number of spaces."""
    ordered = sorted(words, key=lambda word: (-len(word), word))
    return "|".join(re.escape(word).replace("\\ ", r"\s+") for word in ordered)


def _compiled(pattern: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    for name, alternatives in parts.items():
        pattern = pattern.replace(name, f"(?:{alternatives})")
    begins_inside_word = pattern.startswith("(?<=")
    return re.compile(rf"(?:{pattern})(?!\w)" if begins_inside_word else rf"(?<![\w'])(?:{pattern})(?!\w)")
