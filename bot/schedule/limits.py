"""How soon, how far and how often: the limits of a schedule, and the proof that two of them are the same."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice, pairwise, takewhile

from bot.schedule.model import Schedule, Series, start_of
from bot.schedule.occurrences import occurrences, wall_times

DEFAULT_MIN_INTERVAL = timedelta(hours=1)
"""The default for how far apart the runs of a series must be."""
WARN_IF_LATER_THAN = timedelta(days=90)
MAX_LEAD_TIME = timedelta(days=731)
_COMPARED_DAYS = 400
_SAMPLED_RUNS = 60


def far_future_warning(schedule: Schedule, now: datetime) -> str | None:
    """The warning for a start more than 90 days off; None where there is nothing to warn of."""
    start = start_of(schedule)
    if start is None or start.instant - now <= WARN_IF_LATER_THAN:
        return None
    return f"That is {(start.instant - now).days} days from now."


def too_far_reason(schedule: Schedule, now: datetime) -> str | None:
    """Why a start more than two years off is refused; None where it is not."""
    start = start_of(schedule)
    if start is None or start.instant - now <= MAX_LEAD_TIME:
        return None
    return f"{start.wall:%d %B %Y} is more than two years away; name an earlier time."


def shortest_gap(series: Series) -> timedelta | None:
    """The least time between two runs of a series on the clock, among its first runs; None where there is one run."""
    first = series.first.wall
    near = takewhile(lambda wall: wall <= first + timedelta(days=_COMPARED_DAYS), wall_times(series.rule, first))
    return min((after - before for before, after in pairwise(islice(near, _SAMPLED_RUNS))), default=None)


def too_frequent_reason(series: Series, min_interval: timedelta = DEFAULT_MIN_INTERVAL) -> str | None:
    """Why a series that runs more often than allowed is refused; None where it does not."""
    gap = shortest_gap(series)
    if gap is None or gap >= min_interval or series.count == 1:
        return None
    return f"Runs must be at least {_in_minutes(min_interval)} minutes apart; these are {_in_minutes(gap)}."


def overlap_reason(series: Series) -> str | None:
    """Why a series whose window reaches into the next run is refused; None where none does."""
    gap = shortest_gap(series) if series.window else None
    if gap is None or series.window is None or timedelta(minutes=series.window) <= gap:
        return None
    return f"Each run may start within {series.window} minutes, but the next follows after {_in_minutes(gap)}."


def _in_minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)


def runs_within(series: Series, after: datetime, days: int = _COMPARED_DAYS) -> Iterator[datetime]:
    """The instants of a series later than ``after`` (zone-aware), over so many days."""
    end = after + timedelta(days=days)
    return takewhile(lambda instant: instant <= end, (moment.instant for moment in occurrences(series, after)))


def same_runs(series: Series, other: Iterable[datetime], *, after: datetime, days: int = _COMPARED_DAYS) -> bool:
    """Whether a series and somebody else's runs (zone-aware instants in order, later than ``after``) are the same over
    so many days. It reads ``other`` no further than that, so that may be endless."""
    end = after + timedelta(days=days)
    theirs = takewhile(lambda instant: instant <= end, other)
    ours = runs_within(series, after, days)
    missing = object()
    return all(next(theirs, missing) == run for run in ours) and next(theirs, missing) is missing
