"""The spans of time that a schedule may touch, for freezes and conflicts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.schedule import Now, Once, Schedule, Series, Window, next_runs, start_window

MAX_RUNS = 100
HORIZON = timedelta(days=400)


class TimeSpan(NamedTuple):
    """From ``start`` up to but not including ``end``; both zone-aware."""

    start: datetime
    end: datetime

    def overlaps(self, other: "TimeSpan") -> bool:
        """Whether two spans share a moment; a span without length is its one moment."""
        return self.start < _exclusive_end(other) and other.start < _exclusive_end(self)


def _exclusive_end(span: TimeSpan) -> datetime:
    return max(span.end, span.start + timedelta.resolution)


def work_spans(
    schedule: Schedule, now: datetime, duration: timedelta, *, max_runs: int = MAX_RUNS, horizon: timedelta = HORIZON
) -> tuple[TimeSpan, ...]:
    """When a request may be at work: for a single run one span, for a series the next ``runs`` up to ``horizon``.

    A run is taken to last ``lasts``. A maintenance window counts whole, as the run may start late in it.
    """
    match schedule:
        case Now():
            return (TimeSpan(now, now + duration),)
        case Once(start=start):
            return (TimeSpan(start.local, _add_real_time(start.local, duration)),)
        case Window(start=start, end=end):
            return (TimeSpan(start.local, max(_add_real_time(start.local, duration), end.local, key=_instant)),)
        case Series():
            length = max(duration, start_window(schedule) or duration)
            found = takewhile(lambda m: m.instant <= now + horizon, next_runs(schedule, now, max_runs))
            return tuple(TimeSpan(moment.local, _add_real_time(moment.local, length)) for moment in found)


def start_times(schedule: Schedule, now: datetime, zone: str, *, max_runs: int = MAX_RUNS) -> tuple[datetime, ...]:
    """When a request would start, in local time of ``zone``: what policy looks at for days and hours."""
    spans = work_spans(schedule, now, timedelta(0), max_runs=max_runs)
    return tuple(span.start.astimezone(ZoneInfo(zone)) for span in spans)


def _instant(at: datetime) -> float:
    return at.timestamp()


def _add_real_time(local: datetime, by: timedelta) -> datetime:
    """A local time moved by a length of real time, across daylight-saving changes."""
    return (local.astimezone(ZoneInfo("UTC")) + by).astimezone(local.tzinfo)


def subtract_spans(spans: Sequence[TimeSpan], others: Sequence[TimeSpan]) -> list[TimeSpan]:
    """What is left of some spans outside all others."""
    left = list(spans)
    for other in others:
        left = [part for span in left for part in _subtract_span(span, other)]
    return left


def _subtract_span(span: TimeSpan, other: TimeSpan) -> list[TimeSpan]:
    if not span.overlaps(other):
        return [span]
    parts = [TimeSpan(span.start, other.start), TimeSpan(other.end, span.end)]
    return [part for part in parts if part.start < part.end]
