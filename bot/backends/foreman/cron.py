"""Parses cron lines and expands them to instants.

Foreman has two parsers. foreman-tasks before 8.0 uses parse-cron: five plain fields in the server's zone; it ignores a
sixth word. Later versions use Fugit, which also accepts a zone at the end, ``2#2`` (second Tuesday), ``0#-1`` (last
Sunday), ``L`` (last day) and ``1-7&`` (these dates and the weekdays, not either).

From people we accept what both parsers read alike. What we emit may use more, and ``expand`` returns what it means.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of the month", 1, 31), ("month", 1, 12), ("day of the week", 0, 6))

_MAX_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


@dataclass(frozen=True, slots=True)
class CronLine:
    """A parsed cron line. ``days`` is None for every date, ``weekdays`` is None for every weekday.

    A weekday is its number (Sunday is 0) and which one of the month it is (None for each). ``last_day`` adds the last
    date of the month. With ``requires_both`` date and weekday must both match; plain cron requires only one of them.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int] | None
    months: frozenset[int]
    weekdays: frozenset[tuple[int, int | None]] | None
    last_day: bool = False
    requires_both: bool = False
    zone: str = ""

    def runs_on(self, day: date) -> bool:
        """Return whether the line runs on a date."""
        if day.month not in self.months:
            return False
        length = calendar.monthrange(day.year, day.month)[1]
        dated = self.days is not None or self.last_day
        by_date = day.day in (self.days or ()) or (self.last_day and day.day == length)
        number = day.isoweekday() % 7
        forward, backward = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
        by_weekday = any((number, nth) in (self.weekdays or ()) for nth in (None, forward, backward))
        if dated and self.weekdays is not None:
            return (by_date and by_weekday) if self.requires_both else (by_date or by_weekday)
        return by_date if dated else by_weekday or self.weekdays is None


def parse(text: str) -> CronLine:
    """Parse five numeric fields with ``* , - /``, and weekdays from 0 to 6. Raises ValueError with a sentence."""
    words = text.split()
    if len(words) != 5:
        raise ValueError(
            f"'{text}' is not a cron line: it needs five fields (minute hour day month weekday), such as 30 2 * * 1-5."
        )
    parts = [_parse_field(word, *field) for word, field in zip(words, _FIELDS, strict=True)]
    dated, weekly = words[2] != "*", words[4] != "*"
    if dated and weekly and (words[2][0] == "*" or words[4][0] == "*"):
        raise ValueError("Servers differ on a step such as */2 in one day field beside the other: list the days.")
    if not weekly and all(day > _MAX_DAYS_IN_MONTH[month - 1] for month in parts[3] for day in parts[2]):
        raise ValueError(f"'{text}' never runs: no such date exists.")
    return CronLine(
        minutes=parts[0],
        hours=parts[1],
        days=frozenset(parts[2]) if dated else None,
        months=frozenset(parts[3]),
        weekdays=frozenset((n, None) for n in parts[4]) if weekly else None,
    )


def parse_fugit(text: str) -> CronLine:
    """Parse a line as we emit it for Fugit: plain fields, ``L``, ``#``, ``&``, and a zone. Raises ValueError."""
    minute, hour, day, month, weekday, *zone = text.split()
    plain = parse(" ".join((minute, hour, "*" if day == "L" else day.rstrip("&"), month, "*")))
    weekdays = None
    if weekday != "*":
        weekdays = frozenset(_parse_fugit_weekday(part) for part in _expand_weekdays(weekday))
    return CronLine(
        minutes=plain.minutes,
        hours=plain.hours,
        days=plain.days,
        months=plain.months,
        weekdays=weekdays,
        last_day=day == "L",
        requires_both=day.endswith("&"),
        zone=zone[0] if zone else "",
    )


def expand(line: CronLine, zone: str, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants (UTC) from ``start`` to ``end``, both included, at which a line matches the zone's wall clock.

    A time in a spring gap never happens. A time in an autumn overlap happens twice.
    """
    tz = ZoneInfo(zone)
    day, last = start.astimezone(tz).date(), end.astimezone(tz).date()
    while day <= last:
        if line.runs_on(day):
            yield from (moment for moment in _instants_on(line, tz, day) if start <= moment <= end)
        day += timedelta(days=1)


def has_clock_changes(zone: str, start: datetime, end: datetime) -> bool:
    """Return whether a zone's clocks change between two instants."""
    tz = ZoneInfo(zone)
    days = (end - start).days + 1
    offsets = {(start + timedelta(days=n)).astimezone(tz).utcoffset() for n in range(days + 1)}
    return len(offsets) > 1


def skips_midnight(zone: str, start: datetime, end: datetime) -> bool:
    """Return whether a zone's clocks jump over a midnight between two instants."""
    tz = ZoneInfo(zone)
    first = start.astimezone(tz).date()
    midnights = (datetime.combine(first + timedelta(days=n), time(), tz) for n in range((end - start).days + 2))
    return any(
        midnight.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != midnight.replace(tzinfo=None)
        for midnight in midnights
    )


def shortest_gap(line: CronLine, start: datetime) -> timedelta | None:
    """Return the shortest time between two runs in the year from ``start``, or None if there are fewer than two.

    At most 2,000 runs are examined.
    """
    moments: list[datetime] = []
    for moment in expand(line, "UTC", start, start + timedelta(days=366)):
        moments.append(moment)
        if len(moments) == 2000:
            break
    return min((b - a for a, b in pairwise(moments)), default=None)


def _instants_on(line: CronLine, tz: ZoneInfo, day: date) -> list[datetime]:
    instants = set()
    for hour in line.hours:
        for minute in line.minutes:
            wall = datetime(day.year, day.month, day.day, hour, minute, tzinfo=tz)
            for fold in (0, 1):
                moment = wall.replace(fold=fold).astimezone(UTC)
                if moment.astimezone(tz).replace(tzinfo=None) == wall.replace(tzinfo=None):
                    instants.add(moment)
    return sorted(instants)


def _parse_field(word: str, name: str, low: int, high: int) -> tuple[int, ...]:
    numbers: set[int] = set()
    for part in word.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = (str(low), "-", str(high)) if span == "*" else span.partition("-")
        if slash and not dash:
            raise ValueError(
                f"'{part}' in the field {name} is read differently by servers: write {span}-{high}/{step}."
            )
        try:
            start, end, by = (
                int(_check_digits(first)),
                int(_check_digits(last if dash else first)),
                int(_check_digits(step or "1")),
            )
        except ValueError:
            raise ValueError(f"'{part}' in the field {name} is not a number, a range or a step.") from None
        if not (low <= start <= end <= high) or by < 1:
            raise ValueError(f"'{part}' in the field {name} is outside {low} to {high}.")
        numbers.update(range(start, end + 1, by))
    return tuple(sorted(numbers))


def _check_digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return text


def _expand_weekdays(weekday: str) -> list[str]:
    parts = []
    for part in weekday.split(","):
        if "#" in part:
            parts.append(part)
        else:
            parts += [str(n) for n in _parse_field(part, *_FIELDS[4])]
    return parts


def _parse_fugit_weekday(part: str) -> tuple[int, int | None]:
    day, _, nth = part.partition("#")
    return int(day), int(nth) if nth else None
