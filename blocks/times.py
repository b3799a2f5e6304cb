"""Times as people read them: each reader's own zone, next to the requester's zone and UTC in fixed words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from blocks.text import Element, moment, t
from bot.schedule import Moment, Now, Once, Schedule, Series, Window, words


def fixed(at: Moment) -> str:
    """``Fri 27 Nov 2026 21:00 CET (Europe/Berlin)``."""
    return f"{at.local:%a %d %b %Y %H:%M %Z} ({at.zone})"


def utc(instant: datetime) -> str:
    """``20:00 UTC``, with the date where it is another day than it sounds."""
    return f"{instant.astimezone(UTC):%a %d %b %H:%M} UTC"


def span(instant: datetime, zone: str) -> list[Element]:
    """An instant: the reader's own time first, then the fixed words."""
    at = Moment.at(instant, zone)
    return [moment(instant, fixed(at)), t(f" · {fixed(at)} · {utc(instant)}")]


def schedule_line(schedule: Schedule, zone: str) -> list[Element]:
    """One line that says when, with absolute times."""
    match schedule:
        case Now():
            return [t("As soon as it is approved")]
        case Once(start=start, latest_start=latest):
            tail = [t(f", not after {fixed(latest)}")] if latest else []
            return [*span(start.instant, start.zone), *tail]
        case Window(start=start, end=end):
            return [*span(start.instant, start.zone), t(f", until {fixed(end)}")]
        case Series():
            return [t(words(schedule)), t(f" · first run {fixed(schedule.first)}")]


def short(instant: datetime, zone: str) -> str:
    """``27 Nov 21:00 CET``."""
    return f"{instant.astimezone(ZoneInfo(zone)):%d %b %H:%M %Z}"
