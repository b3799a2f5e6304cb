"""Decides who schedules a series: Foreman if a cron line gives exactly the same instants, else Nightshift."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile, zip_longest

from bot.backends.foreman import cron
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import CronDialect
from bot.backends.foreman.translate import InexactCron, to_cron_line
from bot.schedule import RecurrenceRule, Series, occurrences

PROOF_HORIZON = timedelta(days=400)
"""Series and cron line are compared over this period."""

MIN_LEAD_TIME = timedelta(minutes=2)
"""The first run must be at least this far ahead, because Foreman drops seconds and refuses a start in the past."""

_MAX_RUNS = 10_000
"""Maximum number of runs that are compared or counted: 400 days of hourly runs. Denser rules repeat every day."""

_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"})


@dataclass(frozen=True, slots=True)
class ScheduledInForeman:
    """Foreman schedules the series. ``max_runs`` limits the number of runs."""

    cron_line: str
    first_run: datetime
    max_runs: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class ScheduledInNightshift:
    """Nightshift schedules the series and makes each call itself."""

    reason: str


def choose_scheduler(
    series: Series, now: datetime, server: ForemanServer, cron_zone: str
) -> ScheduledInForeman | ScheduledInNightshift:
    """Return who schedules a series from ``now`` on."""
    try:
        return _schedule_in_foreman(series, now, server, cron_zone)
    except InexactCron as why:
        return ScheduledInNightshift(f"Nightshift holds this series and starts each run itself: {why}.")


def _schedule_in_foreman(series: Series, now: datetime, server: ForemanServer, cron_zone: str) -> ScheduledInForeman:
    if series.window is not None:
        raise InexactCron("Foreman cannot keep a run of a series from starting late")
    if not server.supports_start_offsets:
        raise InexactCron("this version of Remote Execution does not read start times with their time zone")
    if server.dialect == "plain" and not is_same_zone(series.zone, cron_zone):
        raise InexactCron(f"the server reads cron lines in {cron_zone}, the series is in {series.zone}")
    dense = series.rule.freq in ("hourly", "minutely")
    if dense and cron.has_clock_changes(series.zone, now, now + PROOF_HORIZON):
        raise InexactCron(f"the clocks in {series.zone} change, and cron would run too often or too seldom then")
    if series.excluded or series.added:
        raise InexactCron("a cron line cannot leave out single dates or add them")
    line = to_cron_line(series, server.dialect)
    if server.dialect == "fugit" and _is_unproven(line, series.zone, now):
        raise InexactCron(f"Fugit is not proven to run {line} at the same moments")
    first = next(iter(occurrences(series, after=now)), None)
    if first is None:
        raise InexactCron("it has no runs left")
    if first.instant < now + MIN_LEAD_TIME:
        raise InexactCron("its first run is less than two minutes away")
    if not _gives_same_runs(
        series.model_copy(update={"until": None, "count": None}), line, server.dialect, first.instant
    ):
        raise InexactCron(f"the cron line {line} would not run at exactly the same moments")
    if series.rule.times and not _is_exact_every_day(series, server.dialect, first.instant):
        raise InexactCron(f"a change of the clocks in {series.zone} skips or repeats its time of day")
    return ScheduledInForeman(line, first.instant, _remaining_runs(series, now), _reason(line, server, cron_zone))


def _is_exact_every_day(series: Series, dialect: CronDialect, start: datetime) -> bool:
    """Return whether a line for every day at the times of a series is exact: its dates may meet a clock change only
    years from now."""
    rule = RecurrenceRule(freq="daily", times=series.rule.times)
    daily = Series(rule=rule, zone=series.zone, first=series.first)
    return _gives_same_runs(daily, to_cron_line(daily, dialect), dialect, start)


def _is_unproven(cron_line: str, zone: str, now: datetime) -> bool:
    """Return whether Fugit is not proven to read a line like Nightshift, or was seen to skip runs (``make oracle``).

    These are several nth weekdays, weekdays among dates, nth weekdays and last days of a month where the clocks
    change, and all weekdays where a change skips midnight.
    """
    end = now + PROOF_HORIZON
    if "&" in cron_line or cron_line.count("#") > 1:
        return True
    if "#" in cron_line or cron_line.split()[2] == "L":
        return cron.has_clock_changes(zone, now, end)
    return cron_line.split()[4] != "*" and cron.skips_midnight(zone, now, end)


def is_same_zone(one: str, other: str) -> bool:
    """Return whether two zone names mean the same zone."""
    return one == other or (one in _UTC_NAMES and other in _UTC_NAMES)


@lru_cache(maxsize=256)
def _gives_same_runs(series: Series, cron_line: str, dialect: CronDialect, start: datetime) -> bool:
    """Return whether series and cron line give the same runs from ``start`` on. Cached, because a form asks
    repeatedly."""
    end = start + PROOF_HORIZON
    line = cron.parse_fugit(cron_line) if dialect == "fugit" else cron.parse(cron_line)
    wanted = (m.instant for m in occurrences(series, after=start - timedelta(seconds=1)))
    ours = islice(takewhile(lambda moment: moment <= end, wanted), _MAX_RUNS)
    theirs = islice(cron.expand(line, series.zone, start, end), _MAX_RUNS)
    return all(a == b for a, b in zip_longest(ours, theirs))


def _remaining_runs(series: Series, now: datetime) -> int | None:
    """Return how many runs remain after ``now``, or None for an endless series. Raises InexactCron if there are too
    many to count."""
    if series.until is None and series.count is None:
        return None
    if series.until is not None and series.until.instant > now + PROOF_HORIZON:
        raise InexactCron("its end is more than 400 days away, and Foreman ends a series only after a number of runs")
    counted = sum(1 for _ in islice(occurrences(series, after=now), _MAX_RUNS + 1))
    if counted > _MAX_RUNS:
        raise InexactCron("its runs until the end are too many to count for Foreman")
    return counted


def _reason(cron_line: str, server: ForemanServer, cron_zone: str) -> str:
    if server.dialect == "fugit":
        return f"Foreman holds this series with the cron line {cron_line}, which was checked to give the same moments."
    return (
        f"Foreman holds this series with the cron line {cron_line}, which was checked to give the same moments; "
        f"the server is configured as reading it in {cron_zone}."
    )
