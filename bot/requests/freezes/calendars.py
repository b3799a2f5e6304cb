"""Reads iCalendar text (RFC 5545), for freezes that are kept in a calendar."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from icalendar.parser import Contentline

from bot.errors import ConfigError
from bot.requests.patterns import Patterns
from bot.requests.spans import TimeSpan
from bot.values import FrozenModel

_PARSE_ERRORS = (ValueError, KeyError, IndexError, AttributeError, TypeError, OverflowError)
"""The exceptions that the two libraries raise for invalid calendars."""


class CalendarEvent(FrozenModel):
    """One event, or one occurrence of a recurring one. All-day events last from midnight to midnight."""

    title: str
    start: datetime
    end: datetime


class Calendar:
    """A calendar that was read and is valid."""

    def __init__(self, component: icalendar.Calendar, read_at: datetime) -> None:
        """``read_at`` is when its source last answered."""
        self.read_at = read_at
        self._component = component

    def events(self, start: datetime, end: datetime, zone: str, titles: Sequence[str] = ()) -> list[CalendarEvent]:
        """Return the events that touch a period, in order, without cancelled ones. Times without a zone are in
        ``zone``. If there are ``titles``, one of these patterns must match."""
        margin = timedelta(days=2)
        items = recurring_ical_events.of(self._component).between(start - margin, end + margin)
        events = [_event(item, ZoneInfo(zone)) for item in items if str(item.get("STATUS", "")).upper() != "CANCELLED"]
        patterns = Patterns(titles) if titles else None
        touching = [
            event
            for event in events
            if TimeSpan(event.start, event.end).overlaps(TimeSpan(start, end))
            and (patterns is None or patterns.match(event.title))
        ]
        return sorted(touching, key=lambda event: (event.start, event.end, event.title))


def _event(item: icalendar.Event, zone: ZoneInfo) -> CalendarEvent:
    return CalendarEvent(
        title=str(item.get("SUMMARY", "")), start=_with_zone(item.start, zone), end=_with_zone(item.end, zone)
    )


def _with_zone(at: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time(), zone)
    return at if at.tzinfo else at.replace(tzinfo=zone)


def parse_calendar(text: str, source: str, read_at: datetime) -> Calendar:
    """Parse a calendar and try to expand each of its events. Raises ConfigError naming file, line and remedy."""
    if not text.lstrip("\ufeff").lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise ConfigError([f"{source}:1: this is not a calendar; it must be an iCalendar file (BEGIN:VCALENDAR)."])
    _check_lines(text, source)
    try:
        component = icalendar.Calendar.from_ical(text)
    except _PARSE_ERRORS as error:
        raise ConfigError([f"{source}: the calendar cannot be read ({error}); export it again."]) from error
    if not isinstance(component, icalendar.Calendar):
        raise ConfigError([f"{source}: there is no calendar in it; export it again."])
    calendar = Calendar(component, read_at)
    for line, event in _lines_of_events(text, component):
        _check_event(event, f"{source}:{line}")
    return calendar


def _check_lines(text: str, source: str) -> None:
    """Raise ConfigError for the first line that is not a content line, or if a component is not closed."""
    unfolded: list[tuple[int, str]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        if line[:1] in (" ", "\t") and unfolded:
            first, beginning = unfolded[-1]
            unfolded[-1] = (first, beginning + line[1:])
        elif line.strip():
            unfolded.append((number, line))
    names = []
    for number, line in unfolded:
        try:
            names.append(str(Contentline(line).parts()[0]).upper())  # type: ignore[no-untyped-call]
        except ValueError as error:
            raise ConfigError(
                [f'{source}:{number}: "{line[:60]}" is not a line of a calendar; remove or repair it.']
            ) from error
    if names.count("BEGIN") != names.count("END"):
        last = unfolded[-1][0]
        raise ConfigError([f"{source}:{last}: the calendar ends too early or twice; export it again, whole."])


def _lines_of_events(text: str, component: icalendar.Calendar) -> list[tuple[int, icalendar.Event]]:
    lines = [n for n, line in enumerate(text.splitlines(), 1) if line.strip().upper() == "BEGIN:VEVENT"]
    return list(zip(lines, component.events, strict=False))


def _recurrence_rules(event: icalendar.Event) -> Sequence[icalendar.vRecur]:
    rules = event.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _check_event(event: icalendar.Event, place: str) -> None:
    """Expand one event by itself, so that a problem in it is reported with its line."""
    name = str(event.get("SUMMARY", "")) or "without a title"
    if event.errors:
        problem = "; ".join(f"{key}: {text}" for key, text in event.errors)
        raise ConfigError([f'{place}: the event "{name}" has faults ({problem}); repair it or take it out.'])
    try:
        start = event.start
        if event.end < start:
            raise ValueError("it ends before it begins")
        if any(int(interval) < 1 for rule in _recurrence_rules(event) for interval in rule.get("INTERVAL", ())):
            raise ValueError("its INTERVAL is less than 1, so it would never end")
        alone = icalendar.Calendar()
        alone.add_component(event)
        recurring_ical_events.of(alone).between(start, start)
    except _PARSE_ERRORS as error:
        raise ConfigError(
            [f'{place}: the event "{name}" cannot be expanded ({error}); repair it or take it out.']
        ) from error
