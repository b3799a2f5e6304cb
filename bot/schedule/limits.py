"""How soon, how far and how often: the limits of a schedule, and the proof that two of them are the same."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise, takewhile

from bot.schedule.model import Schedule, Series, start_of
from bot.schedule.occurrences import occurrences, walls

SHORTEST_INTERVAL = timedelta(hours=1)
"""The default for how far apart the runs of a series must be."""
WARN_BEYOND = timedelta(days=90)
REFUSE_BEYOND = timedelta(days=731)
_COMPARED = 400
_SAMPLE = 60


def far_off(schedule: Schedule, now: datetime) -> str | None:
    """The warning for a start more than 90 days off; None where there is nothing to warn of."""
    start = start_of(schedule)
    if start is None or start.instant - now <= WARN_BEYOND:
        return None
    return f"That is {(start.instant - now).days} days from now."


def too_far(schedule: Schedule, now: datetime) -> str | None:
    """Why a start more than two years off is refused; None where it is not."""
    start = start_of(schedule)
    if start is None or start.instant - now <= REFUSE_BEYOND:
        return None
    return f"{start.wall:%d %B %Y} is more than two years away; name an earlier time."


def shortest_gap(series: Series) -> timedelta | None:
    """The least time between two runs of a series on the clock, among its first runs; None where there is one run."""
    first = series.first.wall
    near = takewhile(lambda wall: wall <= first + timedelta(days=_COMPARED), walls(series.rule, first))
    return min((after - before for before, after in pairwise(islice(near, _SAMPLE))), default=None)


def too_often(series: Series, least: timedelta = SHORTEST_INTERVAL) -> str | None:
    """Why a series that runs more often than allowed is refused; None where it does not."""
    gap = shortest_gap(series)
    if gap is None or gap >= least or series.count == 1:
        return None
    return f"Runs must be at least {_minutes(least)} minutes apart; these are {_minutes(gap)}."


def overlapping(series: Series) -> str | None:
    """Why a series whose window reaches into the next run is refused; None where none does."""
    gap = shortest_gap(series) if series.window else None
    if gap is None or series.window is None or timedelta(minutes=series.window) <= gap:
        return None
    return f"Each run may start within {series.window} minutes, but the next follows after {_minutes(gap)}."


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)


def runs_within(series: Series, after: datetime, days: int = _COMPARED) -> Iterator[datetime]:
    """The instants of a series later than ``after`` (zone-aware), over so many days."""
    end = after + timedelta(days=days)
    return takewhile(lambda instant: instant <= end, (moment.instant for moment in occurrences(series, after)))


def same_runs(series: Series, other: Iterable[datetime], *, after: datetime, days: int = _COMPARED) -> bool:
    """Whether a series and somebody else's runs (zone-aware instants in order, later than ``after``) are the same over
    so many days. It reads ``other`` no further than that, so that may be endless."""
    end = after + timedelta(days=days)
    theirs = takewhile(lambda instant: instant <= end, other)
    ours = runs_within(series, after, days)
    missing = object()
    return all(next(theirs, missing) == run for run in ours) and next(theirs, missing) is missing
