"""Say times back in the languages besides English: dates, zones and how far off they are, through babel."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_skeleton, format_timedelta
from babel.units import format_unit

from bot.schedule.echo import clock_change_notes, echo, remarks, runs_shown, zone_label
from bot.schedule.model import Now, Once, Parsed, Schedule, Series, Window, ZonedTime
from bot.schedule.occurrences import next_runs
from bot.schedule.words import to_phrase, zone_name

_DATE, _DAY, _TIME = "yMMMEd", "MMMEd", "HH:mm"
"""A date and a day in CLDR's skeletons, whose order is that of the language; and a time of day."""


class _Words(NamedTuple):
    """The few words of an echo. ``{}`` is the place of a time."""

    now: str
    until: str
    must_start_by: str
    next_run: str
    then: str


_WORDS = {
    "de": _Words(
        "Jetzt: sobald es genehmigt ist.", "{} bis {}", "Spätester Start: {}.", "Nächster Lauf: {}", "Danach: {}"
    ),
    "es": _Words("Ahora: en cuanto se apruebe.", "{} a {}", "Inicio a más tardar: {}.", "Próxima: {}", "Después: {}"),
    "fr": _Words(
        "Maintenant : dès l'approbation.", "{} à {}", "Début au plus tard : {}.", "Prochaine : {}", "Puis : {}"
    ),
    "nl": _Words("Nu: zodra het is goedgekeurd.", "{} tot {}", "Uiterste start: {}.", "Volgende: {}", "Daarna: {}"),
    "pt": _Words("Agora: assim que for aprovado.", "{} até {}", "Início até: {}.", "Próxima: {}", "Depois: {}"),
}


def echo_in(language: str, parsed: Parsed, now: datetime, zone: str | None = None) -> tuple[str, ...]:
    """Return the lines that say what was understood, with times in a language.

    Remarks and the rule of a series stay in English: the rule can be typed again like that.
    """
    if language not in _WORDS:
        return echo(parsed, now, zone)
    schedule = parsed.schedule
    lines = _schedule_lines(schedule, now, zone, runs_shown(parsed), language)
    changes = clock_change_notes(schedule, now) if isinstance(schedule, Series) else []
    return (*lines, *changes, *remarks(parsed, now))


def _schedule_lines(
    schedule: Schedule, now: datetime, zone: str | None, run_count: int, language: str
) -> tuple[str, ...]:
    words = _WORDS[language]
    match schedule:
        case Now():
            return (words.now,)
        case Once(start=start, latest_start=latest):
            last = (words.must_start_by.format(_moment(latest, language)),) if latest else ()
            return (_line(start, now, zone, language), *last)
        case Window(start=start, end=end):
            same_day = start.wall.date() == end.wall.date()
            until = format_datetime(end.wall, _TIME, locale=language) if same_day else _moment(end, language)
            text = words.until.format(_moment(start, language), until)
            minutes = round((end.instant - start.instant).total_seconds() / 60)
            return (f"{text} {zone_label(start)}, {_length(minutes, language)}, {_away(start, now, language)}",)
        case Series():
            phrase = to_phrase(schedule)
            runs = next_runs(schedule, now, run_count)
            lines = [_line(run, now, zone, language) for run in runs]
            named = [(words.then if n else words.next_run).format(line) for n, line in enumerate(lines)]
            return (phrase[0].upper() + phrase[1:] + ".", *named)


def _line(zoned: ZonedTime, now: datetime, zone: str | None, language: str) -> str:
    """Format one time: Fr., 27. Nov. 2026 21:00 CET (Europe/Berlin), in 5 Tagen; 20:00 UTC."""
    text = f"{_moment(zoned, language)} {zone_label(zoned)}, {_away(zoned, now, language)}"
    for name in dict.fromkeys(name for name in ("UTC", zone) if name and name != zoned.zone):
        local = zoned.instant.astimezone(ZoneInfo(name))
        wall = local.replace(tzinfo=None)
        day = "" if wall.date() == zoned.wall.date() else f"{format_skeleton(_DAY, wall, locale=language)} "
        text += f"; {day}{format_datetime(wall, _TIME, locale=language)} {zone_name(name)}"
    return text


def _moment(zoned: ZonedTime, language: str) -> str:
    day = format_skeleton(_DATE, zoned.wall, locale=language)
    return f"{day} {format_datetime(zoned.wall, _TIME, locale=language)}"


def _away(zoned: ZonedTime, now: datetime, language: str) -> str:
    return format_timedelta(zoned.instant - now.astimezone(UTC), threshold=2, add_direction=True, locale=language)


def _length(minutes: int, language: str) -> str:
    count, unit = (minutes // 60, "duration-hour") if minutes % 60 == 0 else (minutes, "duration-minute")
    return format_unit(count, unit, locale=language)
