"""Times for people: in each reader's own zone, and fixed in the requester's zone and UTC."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from blocks.text import Element, date_element, text_run
from bot.schedule import Now, Once, Schedule, Series, Window, ZonedTime, to_phrase


def absolute_time(at: ZonedTime) -> str:
    """``Fri 27 Nov 2026 21:00 CET (Europe/Berlin)``."""
    return f"{at.local:%a %d %b %Y %H:%M %Z} ({at.zone})"


def utc_time(instant: datetime) -> str:
    """``Fri 27 Nov 20:00 UTC``."""
    return f"{instant.astimezone(UTC):%a %d %b %H:%M} UTC"


def local_and_absolute_time(instant: datetime, zone: str) -> list[Element]:
    """An instant in the reader's zone, then in ``zone``, then in UTC."""
    at = ZonedTime.from_instant(instant, zone)
    return [date_element(instant, absolute_time(at)), text_run(f" · {absolute_time(at)} · {utc_time(instant)}")]


def schedule_line(schedule: Schedule, zone: str) -> list[Element]:
    """A schedule in one line, with absolute times."""
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
