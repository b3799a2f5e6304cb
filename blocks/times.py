"""Times for people: what was agreed in the zone of the schedule, and everything else in each reader's own."""

from datetime import datetime
from zoneinfo import ZoneInfo

from blocks.text import Element, date_element, text_run
from bot.schedule import Now, Once, Schedule, Series, Window, ZonedTime, to_phrase


def absolute_time(at: ZonedTime) -> str:
    """``Fri 27 Nov 2026, 21:00 CET``."""
    return f"{at.local:%a %d %b %Y, %H:%M} {_zone_label(at)}"


def _zone_label(at: ZonedTime) -> str:
    """The abbreviation of a zone; its name where tzdata has only numbers, such as +03."""
    label = f"{at.local:%Z}"
    return label if label.isalpha() else at.zone


def readers_time(instant: datetime) -> Element:
    """An instant in the zone of whoever reads it, and in UTC where Slack cannot show that."""
    return date_element(instant, absolute_time(ZonedTime.from_instant(instant, "UTC")))


def absolute_and_readers_time(at: ZonedTime) -> list[Element]:
    """A time as it was agreed, and in the reader's zone."""
    return [text_run(f"{absolute_time(at)} (your time: "), readers_time(at.instant), text_run(")")]


def schedule_line(schedule: Schedule) -> list[Element]:
    """A schedule in one line, with absolute times."""
    match schedule:
        case Now():
            return [text_run("As soon as it is approved")]
        case Once(start=start, latest_start=latest):
            tail = [text_run(f", not after {absolute_time(latest)}")] if latest else []
            return [*absolute_and_readers_time(start), *tail]
        case Window(start=start, end=end):
            return [text_run(f"{_span(start, end)} (your time: from "), readers_time(start.instant), text_run(")")]
        case Series():
            return [text_run(f"{to_phrase(schedule)} · first run "), *absolute_and_readers_time(schedule.first)]


def _span(start: ZonedTime, end: ZonedTime) -> str:
    """``Sat 28 Nov 2026, 21:00–23:00 CET``, with both days where they differ."""
    if start.local.date() == end.local.date() and _zone_label(start) == _zone_label(end):
        return f"{start.local:%a %d %b %Y, %H:%M}–{end.local:%H:%M} {_zone_label(start)}"
    return f"{absolute_time(start)} to {absolute_time(end)}"


def short_time(instant: datetime, zone: str) -> str:
    """``27 Nov 21:00 CET``."""
    return f"{instant.astimezone(ZoneInfo(zone)):%d %b %H:%M %Z}"
