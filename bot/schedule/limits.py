"""The limits of a schedule: how far off it may start, how often it may run, how long its windows may be."""

from datetime import datetime, timedelta
from itertools import islice, pairwise, takewhile

from bot.schedule.model import Schedule, Series, start_of
from bot.schedule.occurrences import LOOKAHEAD, occurrences, wall_times

DEFAULT_MIN_INTERVAL = timedelta(hours=1)
"""The default for how far apart the runs of a series must be."""
WARN_IF_LATER_THAN = timedelta(days=90)
MAX_LEAD_TIME = timedelta(days=731)
_SAMPLED_RUNS = 60
_COMPARED_RUNS = 1000
_LARGEST_CLOCK_CHANGE = timedelta(hours=2)


def far_future_warning(schedule: Schedule, now: datetime) -> str | None:
    """Return the warning for a start more than 90 days off, or None."""
    start = start_of(schedule)
    if start is None or start.instant - now <= WARN_IF_LATER_THAN:
        return None
    return f"That is {(start.instant - now).days} days from now."


def too_far_reason(schedule: Schedule, now: datetime) -> str | None:
    """Return why a start more than two years off is refused, or None where it is not."""
    start = start_of(schedule)
    if start is None or start.instant - now <= MAX_LEAD_TIME:
        return None
    return f"{start.wall:%d %B %Y} is more than two years away; name an earlier time."


def shortest_gap(series: Series) -> timedelta | None:
    """Return the shortest time on the clock between two of the first runs, or None where there is one run."""
    walls = islice(wall_times(series.rule, series.first.wall), _SAMPLED_RUNS)
    return min((after - before for before, after in pairwise(walls)), default=None)


def _shortest_real_gap(series: Series) -> timedelta | None:
    """Return the shortest real time between two runs of more than a year, the clock changes included."""
    end = series.first.instant + LOOKAHEAD
    runs = takewhile(lambda run: run.instant <= end, islice(occurrences(series), _COMPARED_RUNS))
    return min((after.instant - before.instant for before, after in pairwise(runs)), default=None)


def too_frequent_reason(series: Series, min_interval: timedelta = DEFAULT_MIN_INTERVAL) -> str | None:
    """Return why a series that runs more often than allowed is refused, or None where it does not."""
    gap = shortest_gap(series)
    if gap is None or gap >= min_interval or series.count == 1:
        return None
    return f"Runs must be at least {_in_minutes(min_interval)} minutes apart; these are {_in_minutes(gap)}."


def overlap_reason(series: Series) -> str | None:
    """Return why a series whose window reaches into the next run is refused, or None where it does not."""
    if series.window is None:
        return None
    window, gap = timedelta(minutes=series.window), shortest_gap(series)
    if gap is None or window <= gap - _LARGEST_CLOCK_CHANGE:
        return None
    if window > gap:
        return f"Each run may start within {series.window} minutes, but the next follows after {_in_minutes(gap)}."
    real_gap = _shortest_real_gap(series)
    if real_gap is None or window <= real_gap:
        return None
    return (
        f"Each run may start within {series.window} minutes, but the next follows after {_in_minutes(real_gap)} "
        "when the clocks change."
    )


def _in_minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
