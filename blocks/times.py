"""Times as people read them: each reader's own zone, next to the requester's zone and UTC in fixed words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from blocks.text import Element, date_element, text_run
from bot.schedule import Now, Once, Schedule, Series, Window, ZonedTime, to_phrase


def absolute_time(at: ZonedTime) -> str:
    """``Fri 27 Nov 2026 21:00 CET (Europe/Berlin)``."""
    return f"{at.local:%a %d %b %Y %H:%M %Z} ({at.zone})"


def utc_time(instant: datetime) -> str:
    """``20:00 UTC``, with the date where it is another day than it sounds."""
    return f"{instant.astimezone(UTC):%a %d %b %H:%M} UTC"


def local_and_absolute_time(instant: datetime, zone: str) -> list[Element]:
    """An instant: the reader's own time first, then the fixed words."""
    at = ZonedTime.from_instant(instant, zone)
    return [date_element(instant, absolute_time(at)), text_run(f" · {absolute_time(at)} · {utc_time(instant)}")]


def schedule_line(schedule: Schedule, zone: str) -> list[Element]:
    """One line that says when, with absolute times."""
    match schedule:
        case Now():
            return [text_run("As soon as it is approved")]
        case Once(start=start, latest_start=latest):
            tail = [text_run(f", not after {absolute_time(latest)}")] if latest else []
            return [*local_and_absolute_time(start.instant, start.zone), *tail]
        case Window(start=start, end=end):
            return [*local_and_absolute_time(start.instant, start.zone), text_run(f", until {absolute_time(end)}")]
        case Series():
            return [text_run(to_phrase(schedule)), text_run(f" · first run {absolute_time(schedule.first)}")]


def short_time(instant: datetime, zone: str) -> str:
    """``27 Nov 21:00 CET``."""
    return f"{instant.astimezone(ZoneInfo(zone)):%d %b %H:%M %Z}"
