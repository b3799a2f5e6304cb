"""Times for people: what was agreed in the zone of the schedule, and everything else in each reader's own."""

from collections.abc import Collection
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from blocks.text import Element, date_element, text_run
from bot.schedule import Now, Once, Schedule, Series, Window, ZonedTime, to_phrase

STAMP_STYLE = "{date_short_pretty} at {time}"
"""How a moment is shown in the reader's zone: "today at 9:30 AM"."""
_YEAR_AFTER = timedelta(days=300)
"""From how far ahead on a time names its year."""


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


def absolute_and_readers_time(at: ZonedTime, zones: Collection[str] | None) -> list[Element]:
    """A time as it was agreed, and in the reader's zone where that may be another."""
    return [text_run(absolute_time(at)), *_readers_own(at, zones)]


def schedule_line(schedule: Schedule, zones: Collection[str] | None = None) -> list[Element]:
    """A schedule in one line, with absolute times. ``zones`` are those of the readers; None if they are not known."""
    match schedule:
        case Now():
            return [text_run("As soon as it is approved")]
        case Once(start=start, latest_start=latest):
            tail = [text_run(f", not after {absolute_time(latest)}")] if latest else []
            return [*absolute_and_readers_time(start, zones), *tail]
        case Window(start=start, end=end):
            return [text_run(_span(start, end)), *_readers_own(start, zones, "from ")]
        case Series():
            return [text_run(f"{to_phrase(schedule)} · first run "), *absolute_and_readers_time(schedule.first, zones)]


def _span(start: ZonedTime, end: ZonedTime) -> str:
    """``Sat 28 Nov 2026, 21:00–23:00 CET``, with both days where they differ."""
    if start.local.date() == end.local.date() and _zone_label(start) == _zone_label(end):
        return f"{start.local:%a %d %b %Y, %H:%M}–{end.local:%H:%M} {_zone_label(start)}"
    return f"{absolute_time(start)} to {absolute_time(end)}"


def short_time(instant: datetime, zone: str) -> str:
    """``27 Nov 21:00 CET``."""
    return f"{instant.astimezone(ZoneInfo(zone)):%d %b %H:%M %Z}"


def agreed_time(at: ZonedTime, since: datetime) -> str:
    """``Sat 28 Nov, 21:00 CET``: a time as it was agreed. It has the year if it is far from ``since``."""
    return f"{_day(at, since)}, {at.local:%H:%M} {_zone_label(at)}"


def _day(at: ZonedTime, since: datetime) -> str:
    year = f" {at.local.year}" if abs(at.instant - since) > _YEAR_AFTER else ""
    return f"{at.local:%a} {at.local.day} {at.local:%b}{year}"


def stamp(instant: datetime, zone: str) -> Element:
    """When something happened or ends, in the zone of whoever reads it; in ``zone`` where Slack cannot show that."""
    return date_element(instant, _stamp_fallback(instant, zone), STAMP_STYLE)


def _stamp_fallback(instant: datetime, zone: str) -> str:
    return agreed_time(ZonedTime.from_instant(instant, zone), instant)


def when_elements(schedule: Schedule, since: datetime, zones: Collection[str] | None = None) -> list[Element]:
    """When a request starts, in the zone of its schedule and in the reader's, once. ``zones`` are those of the readers;
    None if they are not known."""
    match schedule:
        case Now():
            return [text_run("As soon as approved")]
        case Once(start=start, latest_start=latest):
            tail = [text_run(f", at the latest {_end(start, latest, since)}")] if latest else []
            return [text_run(agreed_time(start, since)), *_readers_own(start, zones), *tail]
        case Window(start=start, end=end):
            same_day = start.local.date() == end.local.date() and _zone_label(start) == _zone_label(end)
            if same_day:
                text = f"{_day(start, since)}, starts {start.local:%H:%M}–{end.local:%H:%M} {_zone_label(start)}"
            else:
                text = f"Starts {agreed_time(start, since)} to {agreed_time(end, since)}"
            return [text_run(text), *_readers_own(start, zones)]
        case Series():
            first = agreed_time(schedule.first, since)
            return [text_run(f"{to_phrase(schedule)} · first {first}"), *_readers_own(schedule.first, zones)]


def _end(start: ZonedTime, end: ZonedTime, since: datetime) -> str:
    if start.local.date() == end.local.date() and _zone_label(start) == _zone_label(end):
        return f"{end.local:%H:%M}"
    return agreed_time(end, since)


def _readers_own(at: ZonedTime, zones: Collection[str] | None, before: str = "") -> list[Element]:
    """``(3:00 PM, your time)``, with the day if it may be another one; nothing if every reader has the same time."""
    walls = None if zones is None else {at.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for zone in zones}
    if walls is not None and walls <= {at.local.replace(tzinfo=None)}:
        return []
    is_same_day = walls is not None and all(wall.date() == at.local.date() for wall in walls)
    style = "{time}" if is_same_day else "{time} {date_short_pretty}"
    utc = ZonedTime.from_instant(at.instant, "UTC").local
    return [text_run(f" ({before}"), date_element(at.instant, f"{utc:%H:%M} UTC", style), text_run(", your time)")]
