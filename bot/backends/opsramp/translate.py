"""Translates a schedule to OpsRamp's start date and pattern, if both give exactly the same instants."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

from bot.backends.opsramp import coercion
from bot.backends.opsramp.pattern import describe_schedule, expand, weekday_name
from bot.schedule import Once, RecurrenceRule, Schedule, Series, Weekday, Window, ZonedTime, occurrences
from bot.values import Json

PROOF_HORIZON = timedelta(days=400)
"""Schedule and pattern are compared over this period, which includes every clock change of a year."""

_MAX_INTERVAL_DAYS = 365
_SUB_DAILY = frozenset({"hourly", "minutely"})
_ALTERNATIVE = "opsramp.run_job takes any time: Nightshift then starts the job itself"


class InexactPattern(Exception):
    """OpsRamp cannot hold the schedule exactly. The message says why, and which patterns come near."""

    def __init__(self, why: str, nearest: str = "") -> None:
        near = f" OpsRamp can hold: {nearest}." if nearest else ""
        super().__init__(f"OpsRamp cannot hold this exactly: {why}.{near} Or {_ALTERNATIVE}.")


@dataclass(frozen=True, slots=True)
class ExactSchedule:
    """The canonical ``schedule`` for OpsRamp."""

    start: datetime
    pattern: dict[str, Json]

    @property
    def body(self) -> dict[str, Json]:
        return {"startDate": coercion.format_start_date(self.start), "pattern": self.pattern}


def to_exact_schedule(schedule: Schedule) -> ExactSchedule:
    """Return OpsRamp's schedule for any schedule but ``Now``. Raises InexactPattern."""
    match schedule:
        case Once(start=start, latest_start=None):
            return _once(start)
        case Once(start=start) | Window(start=start):
            raise InexactPattern("it knows no latest start or end", describe_schedule(_once(start).body))
        case Series():
            return _series(schedule)
        case _:
            raise InexactPattern("it gives no time")


def _once(start: ZonedTime) -> ExactSchedule:
    return ExactSchedule(start.instant, {"type": "never"})


def _series(series: Series) -> ExactSchedule:
    first = next(occurrences(series), None)
    if first is None:
        raise InexactPattern("it never runs")
    if series.count == 1 and series.window is None:
        return _once(first)
    nearest = _nearest(series, first)
    if series.window is not None:
        raise InexactPattern("it cannot keep a run from starting late", nearest)
    if series.until is not None or series.count is not None:
        raise InexactPattern("its patterns have no end", nearest)
    if series.excluded or series.added:
        raise InexactPattern("its patterns leave out and add no single dates", nearest)
    pattern = _pattern(series.rule, first)
    if pattern is None:
        raise InexactPattern("it has no such pattern", nearest)
    _check_equivalent(series, ExactSchedule(first.instant, pattern), nearest)
    return ExactSchedule(first.instant, pattern)


def _check_equivalent(series: Series, exact: ExactSchedule, nearest: str) -> None:
    """Compare series and pattern. Raises InexactPattern with the first difference."""
    end = exact.start + PROOF_HORIZON
    ours = list(_instants(series, end))
    if ours == list(expand(exact.pattern, exact.start, end)):
        return
    if len({at.time() for at in ours}) > 1:
        raise InexactPattern(f"it keeps UTC all year, and the clocks in {series.zone} change", nearest)
    raise InexactPattern(f"its days are taken in UTC, where the date is another one than in {series.zone}", nearest)


def _instants(series: Series, end: datetime) -> Iterator[datetime]:
    return takewhile(lambda at: at <= end, (moment.instant for moment in occurrences(series)))


def _pattern(rule: RecurrenceRule, first: ZonedTime) -> dict[str, Json] | None:
    """Return the only pattern that may equal a rule, or None. Its days and dates are those of the rule."""
    if rule.freq in _SUB_DAILY or len(rule.times) > 1 or rule.months or rule.yeardays or rule.weeks:
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


def _daily(rule: RecurrenceRule) -> dict[str, Json] | None:
    if rule.monthdays or rule.positions:
        return None
    if rule.weekdays:
        return _on_weekdays(rule.weekdays) if rule.interval == 1 and not any(d.nth for d in rule.weekdays) else None
    if rule.interval == 1:
        return {"type": "daily", "frequency": "everyday"}
    return _every_n_days(rule.interval)


def _weekly(rule: RecurrenceRule, first: ZonedTime) -> dict[str, Json] | None:
    if rule.monthdays or rule.positions or any(d.nth for d in rule.weekdays):
        return None
    weekdays = rule.weekdays or (Weekday(day=first.wall.weekday()),)
    if rule.interval == 1:
        return _on_weekdays(weekdays)
    return _every_n_days(7 * rule.interval) if len(weekdays) == 1 else None


def _every_n_days(days: int) -> dict[str, Json] | None:
    if days > _MAX_INTERVAL_DAYS:
        return None
    return {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": days}


def _on_weekdays(weekdays: tuple[Weekday, ...]) -> dict[str, Json]:
    chosen = sorted({w.day for w in weekdays})
    if len(chosen) == len(coercion.WEEKDAYS):
        return {"type": "daily", "frequency": "everyday"}
    return {"type": "weekly", "weekDays": ", ".join(weekday_name(day) for day in chosen)}


def _monthly(rule: RecurrenceRule, first: ZonedTime) -> dict[str, Json] | None:
    if rule.weekdays:
        return None if rule.monthdays else _nth_weekday(rule)
    if rule.positions:
        return None
    dates = sorted(set(rule.monthdays or (first.wall.day,)))
    if dates[0] < 1 or dates[-1] > 28:
        return None
    return {"type": "monthly", "dayOfMonth": ", ".join(str(date) for date in dates)}


def _nth_weekday(rule: RecurrenceRule) -> dict[str, Json] | None:
    if len(rule.weekdays) != 1 or len(rule.positions) > 1:
        return None
    weekday = rule.weekdays[0]
    if (weekday.nth is None) != bool(rule.positions):
        return None
    nth = weekday.nth or rule.positions[0]
    if nth not in (1, 2, 3, 4, -1):
        return None
    week = coercion.WEEK_INDEXES[nth - 1 if nth > 0 else -1]
    return {"type": "monthly", "weekIndex": week, "dayOfWeek": weekday_name(weekday.day)}


def _nearest(series: Series, first: ZonedTime) -> str:
    """Return in words which patterns come near: from the UTC days of the series, else all kinds of pattern."""
    pattern = _pattern(series.rule, first)
    if pattern is None:
        return (
            "one time; every day; every few days; chosen days of every week; "
            "chosen dates (1 to 28) of every month; the first to fourth or last weekday of every month"
        )
    start = first.instant
    if pattern["type"] == "weekly":
        runs = islice(occurrences(series.model_copy(update={"until": None, "count": None})), 7)
        pattern = _on_weekdays(tuple(Weekday(day=moment.instant.weekday()) for moment in runs))
    elif pattern["type"] == "monthly":
        start = _same_date(first)
    words = describe_schedule({"startDate": coercion.format_start_date(start), "pattern": pattern})
    local = start.astimezone(ZoneInfo(series.zone))
    return f"{words} ({local:%Y-%m-%d %H:%M} in {series.zone})" if local.utcoffset() else words


def _same_date(moment: ZonedTime) -> datetime:
    """Return the closest instant whose date in UTC equals the moment's own date."""
    midnight = datetime.combine(moment.wall.date(), time(), UTC)
    return min(max(moment.instant, midnight), midnight + timedelta(hours=23, minutes=59))
