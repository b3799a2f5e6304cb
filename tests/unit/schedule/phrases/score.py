"""Score the reader on phrases whose meanings were written down before: right, asked, missing, refused or wrong.

python -m tests.unit.schedule.phrases.score [operators|operators2|de|fr|es|nl|pt] [--show]
"""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from dateutil import rrule

from bot.schedule import (
    Ambiguous,
    Now,
    Once,
    Parsed,
    Reading,
    Schedule,
    Series,
    TimePreferences,
    Window,
    ZonedTime,
    next_runs,
    read,
)

ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 26, 10, 15, tzinfo=ZoneInfo(ZONE))
LANGUAGES = ("de", "fr", "es", "nl", "pt")
_COMPARED_RUNS = 12


@dataclass(frozen=True)
class Case:
    """A phrase, the meanings of which all must be offered, and whether a question is expected."""

    phrase: str
    language: str
    meanings: tuple[str, ...]
    is_question: bool

    def read(self) -> Reading:
        """Read the phrase as its speaker would have it read."""
        preferences = TimePreferences()
        if self.language != "en":
            preferences = TimePreferences(uses_24h_clock=True, day_first=True, language=self.language)
        return read(self.phrase, now=NOW, zone=ZONE, preferences=preferences)


def cases(name: str) -> list[Case]:
    """Return the cases of one of the operators' sets, or of a language."""
    column = LANGUAGES.index(name) + 1 if name in LANGUAGES else 0
    table = "languages.txt" if column else f"{name}.txt"
    found = []
    for line in Path(__file__).with_name(table).read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        if column:
            cells = line.split(" | ")
            meaning, phrase = cells[0], cells[column]
        else:
            phrase, meaning = line.split(" => ")
        meanings = tuple(part.strip() for part in meaning.removeprefix("?").removeprefix("!").split(" | "))
        found.append(Case(phrase, name if column else "en", tuple(filter(None, meanings)), meaning.startswith("?")))
    return found


def verdict(case: Case) -> str:
    """Return right, asked, refused, missing (the right button is not offered), or wrong."""
    reading = case.read()
    match reading:
        case Parsed(schedule=schedule):
            if not case.meanings:
                return "wrong"
            good = len(case.meanings) == 1 and is_meant(schedule, case.meanings[0])
            return "right" if good else "wrong"
        case Ambiguous(choices=choices):
            offered = [
                any(is_meant(choice.meaning.schedule, meaning) for choice in choices) for meaning in case.meanings
            ]
            return "asked" if all(offered) and case.meanings else "missing"
        case _:
            return "refused" if case.meanings else "right"


def is_meant(schedule: Schedule, meaning: str) -> bool:
    """Tell whether a schedule is what the notation says."""
    match schedule:
        case Now():
            return meaning == "now"
        case Once(start=start, latest_start=None):
            return "/" not in meaning and meaning[:1].isdigit() and start.instant == _time(meaning).astimezone(UTC)
        case Window(start=start, end=end) | Once(start=start, latest_start=ZonedTime() as end):
            first, _, last = meaning.partition("/")
            if not last or not first[:1].isdigit():
                return False
            return (start.instant, end.instant) == (_time(first).astimezone(UTC), _time(last, first).astimezone(UTC))
        case Series():
            return meaning[:1].isupper() and _series_is_meant(schedule, meaning)


def _time(text: str, day_of: str = "") -> datetime:
    return datetime.fromisoformat(text if len(text) > 5 else f"{day_of[:10]} {text}").replace(tzinfo=ZoneInfo(ZONE))


def _series_is_meant(series: Series, meaning: str) -> bool:
    runs = [run.local.replace(tzinfo=None) for run in next_runs(series, NOW, _COMPARED_RUNS)]
    rule, *marks = meaning.split()
    by_mark = {mark[0]: mark[1:] for mark in marks if mark[0] != "-"}
    if series.window != (int(by_mark["~"]) if "~" in by_mark else None):
        return False
    if (series.until is None) != ("<" not in by_mark) or (series.count is None) != ("#" not in by_mark):
        return False
    if rule.startswith(("HOURLY", "MINUTELY")):
        return _steps_are_meant(series, rule, by_mark)
    excluded = {date.fromisoformat(mark[1:]) for mark in marks if mark[0] == "-"}
    return runs == list(islice(_expected_runs(rule, by_mark, excluded), _COMPARED_RUNS))


def _steps_are_meant(series: Series, rule: str, by_mark: dict[str, str]) -> bool:
    fields = dict(part.split("=") for part in rule.split(";")[1:])
    minutes = tuple(int(minute) for minute in fields.get("BYMINUTE", "").split(",") if minute)
    start = by_mark.get(">", series.first.wall.date().isoformat())
    return (
        series.rule.freq.upper() == rule.split(";", maxsplit=1)[0]
        and series.rule.interval == int(fields.get("INTERVAL", 1))
        and (series.rule.minutes or (series.first.wall.minute,)) == (minutes or (series.first.wall.minute,))
        and series.first.wall.date().isoformat() == start
        and (series.count or 0) == int(by_mark.get("#", 0))
    )


def _expected_runs(rule: str, by_mark: dict[str, str], excluded: set[date]) -> Iterator[datetime]:
    start = date.fromisoformat(by_mark[">"]) if ">" in by_mark else NOW.date()
    until = datetime.fromisoformat(by_mark["<"]) + timedelta(days=1) if "<" in by_mark else datetime(2100, 1, 1)
    times = [time.fromisoformat(text) for text in by_mark["@"].split(",")]
    count = int(by_mark.get("#", 10**6))
    for day in rrule.rrulestr(f"FREQ={rule}", dtstart=datetime.combine(start, time())):
        for value in times:
            moment = datetime.combine(day.date(), value)
            if moment > NOW.replace(tzinfo=None) and moment <= until and count and moment.date() not in excluded:
                count -= 1
                yield moment
        if not count or day > until:
            return


def main(names: list[str], show: bool) -> None:
    """Print the score of each set."""
    for name in names:
        verdicts = [(case, verdict(case)) for case in cases(name)]
        counts = Counter(result for _, result in verdicts)
        share = "  ".join(
            f"{word} {100 * counts[word] / len(verdicts):.1f}"
            for word in ("right", "asked", "missing", "refused", "wrong")
        )
        print(f"{name:10} n={len(verdicts)}  {share}  (%)")
        for case, result in verdicts if show else ():
            if result not in ("right", "asked"):
                print(f"  {result:8} {case.phrase!r}: meant {case.meanings}, got {_shown(case.read())}")


def _shown(reading: Reading) -> str:
    match reading:
        case Parsed(schedule=schedule):
            from bot.schedule import to_phrase

            return to_phrase(schedule)
        case Ambiguous(ask=ask, choices=choices):
            return f"? {ask} {[choice.label for choice in choices]}"
        case _:
            return f"! {reading.word!r} {reading.reason}"


if __name__ == "__main__":
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    main(wanted or ["operators", "operators2", *LANGUAGES], "--show" in sys.argv)
