"""The periods in which a request may be at work, for freezes and conflicts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.schedule import Now, Once, Schedule, Series, Window, ZonedTime, next_runs, window_end

MAX_RUNS = 100
HORIZON = timedelta(days=400)


class TimeSpan(NamedTuple):
    """From ``start`` to ``end``, which is not part of it; both are zone-aware."""

    start: datetime
    end: datetime

    def overlaps(self, other: "TimeSpan") -> bool:
        """Return whether two spans share a moment. A span without length is a single moment."""
        return self.start < _exclusive_end(other) and other.start < _exclusive_end(self)


def _exclusive_end(span: TimeSpan) -> datetime:
    return max(span.end, span.start + timedelta.resolution)


def work_spans(
    schedule: Schedule, now: datetime, duration: timedelta, *, max_runs: int = MAX_RUNS, horizon: timedelta = HORIZON
) -> tuple[TimeSpan, ...]:
    """Return when a request may be at work: one span for a single run, the next ``max_runs`` within ``horizon`` for a
    series.

    Each run is assumed to last ``duration``. A maintenance window counts as a whole, because the run may start late.
    """
    match schedule:
        case Now():
            return (TimeSpan(now, now + duration),)
        case Once(start=start):
            return (TimeSpan(start.local, _add_real_time(start.local, duration)),)
        case Window(start=start, end=end):
            return (TimeSpan(start.local, max(_add_real_time(start.local, duration), end.local, key=_instant)),)
        case Series():
            runs = takewhile(lambda run: run.instant <= now + horizon, next_runs(schedule, now, max_runs))
            return tuple(_run_span(schedule, run, duration) for run in runs)


def _run_span(series: Series, run: ZonedTime, duration: timedelta) -> TimeSpan:
    ends = [_add_real_time(run.local, duration)]
    if (latest := window_end(series, run)) is not None:
        ends.append(latest.astimezone(run.local.tzinfo))
    return TimeSpan(run.local, max(ends, key=_instant))


def start_times(schedule: Schedule, now: datetime, zone: str, *, max_runs: int = MAX_RUNS) -> tuple[datetime, ...]:
    """Return when a request would start, in local time of ``zone``. Policy checks these for days and hours."""
    spans = work_spans(schedule, now, timedelta(0), max_runs=max_runs)
    return tuple(span.start.astimezone(ZoneInfo(zone)) for span in spans)


def _instant(at: datetime) -> float:
    return at.timestamp()


def _add_real_time(local: datetime, duration: timedelta) -> datetime:
    """Add elapsed time to a local time, across daylight-saving changes."""
    return (local.astimezone(ZoneInfo("UTC")) + duration).astimezone(local.tzinfo)


def subtract_spans(spans: Sequence[TimeSpan], others: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Return the parts of some spans that are outside all others."""
    remaining = list(spans)
    for other in others:
        remaining = [part for span in remaining for part in _subtract_span(span, other)]
    return remaining


def _subtract_span(span: TimeSpan, other: TimeSpan) -> list[TimeSpan]:
    if not span.overlaps(other):
        return [span]
    parts = [TimeSpan(span.start, other.start), TimeSpan(other.end, span.end)]
    return [part for part in parts if part.start < part.end]
