"""The spans of time that a schedule may touch, for freezes and conflicts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.schedule import Now, Once, Schedule, Series, Window, next_runs, window_of

RUNS = 100
HORIZON = timedelta(days=400)


class Span(NamedTuple):
    """From ``start`` up to but not including ``end``; both zone-aware."""

    start: datetime
    end: datetime

    def meets(self, other: "Span") -> bool:
        """Whether two spans share a moment; a span without length is its one moment."""
        return self.start < _closed(other) and other.start < _closed(self)


def _closed(span: Span) -> datetime:
    return max(span.end, span.start + timedelta.resolution)


def windows(
    schedule: Schedule, now: datetime, lasts: timedelta, *, runs: int = RUNS, horizon: timedelta = HORIZON
) -> tuple[Span, ...]:
    """When a request may be at work: for a single run one span, for a series the next ``runs`` up to ``horizon``.

    A run is taken to last ``lasts``. A maintenance window counts whole, as the run may start late in it.
    """
    match schedule:
        case Now():
            return (Span(now, now + lasts),)
        case Once(start=start):
            return (Span(start.local, _later(start.local, lasts)),)
        case Window(start=start, end=end):
            return (Span(start.local, max(_later(start.local, lasts), end.local, key=_instant)),)
        case Series():
            length = max(lasts, window_of(schedule) or lasts)
            found = takewhile(lambda m: m.instant <= now + horizon, next_runs(schedule, now, runs))
            return tuple(Span(moment.local, _later(moment.local, length)) for moment in found)


def starts(schedule: Schedule, now: datetime, zone: str, *, runs: int = RUNS) -> tuple[datetime, ...]:
    """When a request would start, in local time of ``zone``: what policy looks at for days and hours."""
    spans = windows(schedule, now, timedelta(0), runs=runs)
    return tuple(span.start.astimezone(ZoneInfo(zone)) for span in spans)


def _instant(at: datetime) -> float:
    return at.timestamp()


def _later(local: datetime, by: timedelta) -> datetime:
    """A local time moved by a length of real time, across daylight-saving changes."""
    return (local.astimezone(ZoneInfo("UTC")) + by).astimezone(local.tzinfo)


def without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What is left of some spans outside all others."""
    left = list(spans)
    for other in others:
        left = [part for span in left for part in _cut(span, other)]
    return left


def _cut(span: Span, other: Span) -> list[Span]:
    if not span.meets(other):
        return [span]
    parts = [Span(span.start, other.start), Span(other.end, span.end)]
    return [part for part in parts if part.start < part.end]
