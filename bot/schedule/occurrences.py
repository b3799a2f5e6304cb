"""List the runs of a series in its own zone, across daylight-saving changes."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from heapq import merge
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from dateutil import rrule

from bot.schedule.model import Frequency, RecurrenceRule, Series, ZonedTime

_FREQUENCIES: dict[Frequency, Literal[0, 1, 2, 3, 4, 5]] = {
    "yearly": rrule.YEARLY,
    "monthly": rrule.MONTHLY,
    "weekly": rrule.WEEKLY,
    "daily": rrule.DAILY,
    "hourly": rrule.HOURLY,
    "minutely": rrule.MINUTELY,
}

_NONE = timedelta(0)
LOOKAHEAD = timedelta(days=400)
"""How far ahead the runs of a series are examined: more than a year, so that every clock change is included."""


def wall_time_exists(wall: datetime, zone: str) -> bool:
    """Tell whether a wall-clock time happens in a zone; one in a spring-forward gap does not."""
    return offset_change(wall, zone) <= _NONE


def is_ambiguous(wall: datetime, zone: str) -> bool:
    """Tell whether a wall-clock time happens twice in a zone, in the hour that autumn repeats."""
    return offset_change(wall, zone) < _NONE


def offset_change(wall: datetime, zone: str) -> timedelta:
    """Return how far the clocks go forward around a time; negative where they go back, zero on other days."""
    local = wall.replace(tzinfo=ZoneInfo(zone), fold=0)
    before, after = local.utcoffset(), local.replace(fold=1).utcoffset()
    return after - before if before is not None and after is not None else _NONE


def _instants(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the instants of a time by the clocks before and after a nearby change (PEP 495); equal on other days.

    For a time in a gap they are in reverse order, the first one after the change and the second one before it.
    """
    before, after = (wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1))
    return before, after


def resolve_wall_time(wall: datetime, zone: str) -> ZonedTime:
    """Return the time of a run: after a gap its first minute, in an overlap the first of the two."""
    if wall_time_exists(wall, zone):
        return ZonedTime(wall=wall, zone=zone)
    return ZonedTime.from_instant(_end_of_gap(wall, zone), zone)


def _end_of_gap(wall: datetime, zone: str) -> datetime:
    """Return the instant at which the clocks jump over a wall-clock time."""
    tz = ZoneInfo(zone)
    high, low = _instants(wall, zone)
    before = low.astimezone(tz).utcoffset()
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(second=0, microsecond=0)


def occurrences(series: Series, after: datetime | None = None) -> Iterator[ZonedTime]:
    """Yield the runs of a series in order, only those later than ``after`` (zone-aware) if given.

    Counts and bounds always start from the first run of the series, so that the result does not depend on ``after``.
    """
    last: datetime | None = None
    run_count = 0
    for run in _runs(series, after):
        if run.instant < series.first.instant or (last is not None and run.instant <= last):
            continue
        if series.until is not None and run.instant > series.until.instant:
            return
        if run.wall.date() in series.excluded:
            continue
        run_count += 1
        last = run.instant
        if after is None or last > after:
            yield run
        if series.count is not None and run_count >= series.count:
            return


def _runs(series: Series, after: datetime | None) -> Iterator[ZonedTime]:
    """Yield the times of a rule, those before the first run and some before ``after`` included."""
    if series.rule.freq in ("hourly", "minutely"):
        yield from _hourly_runs(series, after)
        return
    walls = wall_times(series.rule, series.first.wall)
    if series.added:
        walls = merge(walls, (datetime.combine(day, at) for day in series.added for at in sorted(series.rule.times)))
    for wall in walls:
        yield resolve_wall_time(wall, series.zone)


def _hourly_runs(series: Series, after: datetime | None) -> Iterator[ZonedTime]:
    """Yield the runs of "every 2 hours", counted in real time: a change of the clocks neither skips nor repeats one."""
    rule, tz = series.rule, ZoneInfo(series.zone)
    step = timedelta(hours=rule.interval) if rule.freq == "hourly" else timedelta(minutes=rule.interval)
    start, skipped = series.first.instant, 0
    if after is not None and series.count is None:
        skipped = max((after - timedelta(hours=2) - start) // step, 0)
    steps_to_end = (datetime.max.replace(tzinfo=UTC) - timedelta(days=2) - start) // step
    for count in range(skipped, steps_to_end):
        local = (start + count * step).astimezone(tz)
        if not _is_selected(rule, local):
            continue
        if rule.freq == "minutely" or not rule.minutes:
            yield _zoned(local, series.zone)
            continue
        for minute in sorted(rule.minutes):
            yield _zoned((start + count * step + timedelta(minutes=minute - local.minute)).astimezone(tz), series.zone)


def _is_selected(rule: RecurrenceRule, local: datetime) -> bool:
    """Tell whether the days, months and hours of an hourly rule include a time."""
    weekdays = {day.day for day in rule.weekdays}
    return (
        (not weekdays or local.weekday() in weekdays)
        and (not rule.months or local.month in rule.months)
        and (not rule.monthdays or local.day in rule.monthdays)
        and (not rule.hours or local.hour in rule.hours)
        and (rule.freq == "hourly" or not rule.minutes or local.minute in rule.minutes)
    )


def _zoned(local: datetime, zone: str) -> ZonedTime:
    return ZonedTime(wall=local.replace(tzinfo=None, fold=0), zone=zone, fold=1 if local.fold else 0)


def next_runs(series: Series, after: datetime, count: int) -> tuple[ZonedTime, ...]:
    """Return the next ``count`` runs later than ``after``."""
    return tuple(islice(occurrences(series, after), count))


def wall_times(rule: RecurrenceRule, first: datetime) -> Iterator[datetime]:
    """Yield the wall-clock times of a rule in order, from the day of ``first`` on; endless where the rule is."""
    if rule.freq in ("hourly", "minutely"):
        yield from _expand_rule(rule, first)
        return
    times = sorted(rule.times) or [first.time()]
    for day in _expand_rule(rule, datetime.combine(first.date(), time())):
        for value in times:
            yield datetime.combine(day.date(), value)


def _expand_rule(rule: RecurrenceRule, first: datetime) -> Iterator[datetime]:
    days = [rrule.weekday(w.day, w.nth) if w.nth else rrule.weekday(w.day) for w in rule.weekdays]
    yield from rrule.rrule(
        _FREQUENCIES[rule.freq],
        dtstart=first,
        interval=rule.interval,
        byweekday=days or None,
        bymonthday=rule.monthdays or None,
        bymonth=rule.months or None,
        bysetpos=rule.positions or None,
        byyearday=rule.yeardays or None,
        byweekno=rule.weeks or None,
        byhour=rule.hours or None,
        byminute=rule.minutes or None,
    )


def window_end(series: Series, run: ZonedTime) -> datetime | None:
    """Return until when a run of a series may start, or None where there is no limit."""
    if not series.window:
        return None
    length = timedelta(minutes=series.window)
    if series.ends_by_clock:
        return resolve_wall_time(run.wall + length, run.zone).instant
    return run.instant + length
