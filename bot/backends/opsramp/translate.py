"""From a schedule to OpsRamp's start date and pattern: exactly, proven by expanding both sides, or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo

from bot.backends.opsramp import spelling
from bot.backends.opsramp.pattern import describe, expand
from bot.schedule import Moment, Once, Rule, Schedule, Series, Weekday, Window, occurrences

HORIZON = timedelta(days=400)
"""Both sides are expanded over this and must be equal; it holds every change of the clocks of a year."""

_LONGEST = 365
_COUNTED = frozenset({"hourly", "minutely"})
_HELD = "opsramp.run_job takes any time: Nightshift then starts the job itself"


class Inexact(Exception):
    """OpsRamp cannot hold the schedule exactly; the text says why, and what comes near."""

    def __init__(self, why: str, nearest: str = "") -> None:
        near = f" OpsRamp can hold: {nearest}." if nearest else ""
        super().__init__(f"OpsRamp cannot hold this exactly: {why}.{near} Or {_HELD}.")


@dataclass(frozen=True, slots=True)
class Exact:
    """What OpsRamp is to hold: its ``schedule``, canonical."""

    start: datetime
    pattern: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        return {"startDate": spelling.start_date(self.start), "pattern": self.pattern}


def translate(schedule: Schedule) -> Exact:
    """The schedule that OpsRamp holds. ``Now`` has none: do not ask. Raises Inexact."""
    match schedule:
        case Once(start=start, latest_start=None):
            return _once(start)
        case Once(start=start) | Window(start=start):
            raise Inexact("it knows no latest start or end", describe(_once(start).body))
        case Series():
            return _series(schedule)
        case _:
            raise Inexact("it gives no time")


def _once(start: Moment) -> Exact:
    return Exact(start.instant, {"type": "never"})


def _series(series: Series) -> Exact:
    first = next(occurrences(series), None)
    if first is None:
        raise Inexact("it never runs")
    if series.count == 1 and series.window is None:
        return _once(first)
    nearest = _nearest(series, first)
    if series.window is not None:
        raise Inexact("it cannot keep a run from starting late", nearest)
    if series.until is not None or series.count is not None:
        raise Inexact("its patterns have no end", nearest)
    pattern = _pattern(series.rule, first)
    if pattern is None:
        raise Inexact("it has no such pattern", nearest)
    _prove(series, Exact(first.instant, pattern), nearest)
    return Exact(first.instant, pattern)


def _prove(series: Series, exact: Exact, nearest: str) -> None:
    """Expand both sides. Raises Inexact with the first difference explained."""
    end = exact.start + HORIZON
    ours = list(_instants(series, end))
    if ours == list(expand(exact.pattern, exact.start, end)):
        return
    if len({at.time() for at in ours}) > 1:
        raise Inexact(f"it keeps UTC all year, and the clocks in {series.zone} change", nearest)
    raise Inexact(f"its days are taken in UTC, where the date is another one than in {series.zone}", nearest)


def _instants(series: Series, end: datetime) -> Iterator[datetime]:
    return takewhile(lambda at: at <= end, (moment.instant for moment in occurrences(series)))


def _pattern(rule: Rule, first: Moment) -> dict[str, Any] | None:
    """The one pattern that may mean the same as a rule; days and dates are those of the rule, never shifted."""
    if rule.freq in _COUNTED or len(rule.times) > 1 or rule.months or rule.yeardays or rule.weeks:
        return None
    if rule.hours or rule.minutes:
        return None
    match rule.freq:
        case "daily":
            return _daily(rule)
        case "weekly":
            return _weekly(rule, first)
        case "monthly" if rule.interval == 1:
            return _monthly(rule, first)
        case _:
            return None


def _daily(rule: Rule) -> dict[str, Any] | None:
    if rule.monthdays or rule.positions:
        return None
    if rule.weekdays:
        return _on(rule.weekdays) if rule.interval == 1 and not any(d.nth for d in rule.weekdays) else None
    if rule.interval == 1:
        return {"type": "daily", "frequency": "everyday"}
    return _every(rule.interval)


def _weekly(rule: Rule, first: Moment) -> dict[str, Any] | None:
    if rule.monthdays or rule.positions or any(d.nth for d in rule.weekdays):
        return None
    weekdays = rule.weekdays or (Weekday(day=first.wall.weekday()),)
    if rule.interval == 1:
        return _on(weekdays)
    return _every(7 * rule.interval) if len(weekdays) == 1 else None


def _every(days: int) -> dict[str, Any] | None:
    if days > _LONGEST:
        return None
    return {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": days}


def _on(weekdays: tuple[Weekday, ...]) -> dict[str, Any]:
    chosen = sorted({w.day for w in weekdays})
    if len(chosen) == len(spelling.DAYS):
        return {"type": "daily", "frequency": "everyday"}
    return {"type": "weekly", "weekDays": ", ".join(_day(day) for day in chosen)}


def _day(weekday: int) -> str:
    """The name of a day that is numbered from Monday, 0."""
    return spelling.DAYS[(weekday + 1) % 7]


def _monthly(rule: Rule, first: Moment) -> dict[str, Any] | None:
    if rule.weekdays:
        return None if rule.monthdays else _nth(rule)
    if rule.positions:
        return None
    dates = sorted(set(rule.monthdays or (first.wall.day,)))
    if dates[0] < 1 or dates[-1] > 28:
        return None
    return {"type": "monthly", "dayOfMonth": ", ".join(str(date) for date in dates)}


def _nth(rule: Rule) -> dict[str, Any] | None:
    if len(rule.weekdays) != 1 or len(rule.positions) > 1:
        return None
    weekday = rule.weekdays[0]
    if (weekday.nth is None) != bool(rule.positions):
        return None
    nth = weekday.nth or rule.positions[0]
    if nth not in (1, 2, 3, 4, -1):
        return None
    week = spelling.WEEKS[nth - 1 if nth > 0 else -1]
    return {"type": "monthly", "weekIndex": week, "dayOfWeek": _day(weekday.day)}


def _nearest(series: Series, first: Moment) -> str:
    """Patterns that come near, in words: the series' own runs as UTC days, else what there is to choose from."""
    pattern = _pattern(series.rule, first)
    if pattern is None:
        return (
            "one time; every day; every so many days; chosen days of every week; "
            "chosen dates (1 to 28) of every month; the first to fourth or last weekday of every month"
        )
    start = first.instant
    if pattern["type"] == "weekly":
        runs = islice(occurrences(series.model_copy(update={"until": None, "count": None})), 7)
        pattern = _on(tuple(Weekday(day=moment.instant.weekday()) for moment in runs))
    elif pattern["type"] == "monthly":
        start = _same_date(first)
    words = describe({"startDate": spelling.start_date(start), "pattern": pattern})
    local = start.astimezone(ZoneInfo(series.zone))
    return f"{words} ({local:%Y-%m-%d %H:%M} in {series.zone})" if local.utcoffset() else words


def _same_date(moment: Moment) -> datetime:
    """The instant closest to a moment whose date in UTC is the moment's own date."""
    midnight = datetime.combine(moment.wall.date(), time(), UTC)
    return min(max(moment.instant, midnight), midnight + timedelta(hours=23, minutes=59))
