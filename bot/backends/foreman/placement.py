"""Who holds a series: Foreman, where a cron line means exactly the same moments; else Nightshift."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import islice, takewhile, zip_longest

from bot.backends.foreman import cron
from bot.backends.foreman.server import Server
from bot.backends.foreman.settings import Dialect
from bot.backends.foreman.translate import Inexact, to_line
from bot.schedule import Series, occurrences

HORIZON = timedelta(days=400)
"""Both sides are expanded over this and must be equal."""

AHEAD = timedelta(minutes=2)
"""Foreman cuts seconds off a start and refuses one in the past: nothing closer than this is given to it."""

_MOST = 10_000
"""Runs compared or counted at most: 400 days of hourly ones. Denser rules repeat themselves from day to day."""

_UTC = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "Universal", "Etc/Universal"})


@dataclass(frozen=True, slots=True)
class Native:
    """Foreman holds it. ``first`` is the first run; ``runs`` bounds how many there are."""

    line: str
    first: datetime
    runs: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """Nightshift holds it and makes each call itself."""

    reason: str


def place(series: Series, now: datetime, server: Server, cron_zone: str) -> Native | Held:
    """Who holds a series from ``now`` on."""
    try:
        return _native(series, now, server, cron_zone)
    except Inexact as why:
        return Held(f"Nightshift holds this series and starts each run itself: {why}.")


def _native(series: Series, now: datetime, server: Server, cron_zone: str) -> Native:
    if series.window is not None:
        raise Inexact("Foreman cannot keep a run of a series from starting late")
    if not server.honours_offsets:
        raise Inexact("this version of Remote Execution does not read start times with their time zone")
    if server.dialect == "plain" and not same_zone(series.zone, cron_zone):
        raise Inexact(f"the server reads cron lines in {cron_zone}, the series is in {series.zone}")
    dense = series.rule.freq in ("hourly", "minutely")
    if dense and cron.has_changes(series.zone, now, now + HORIZON):
        raise Inexact(f"the clocks in {series.zone} change, and cron would run too often or too seldom then")
    line = to_line(series, server.dialect)
    first = next(iter(occurrences(series, after=now)), None)
    if first is None:
        raise Inexact("it has no runs left")
    if first.instant < now + AHEAD:
        raise Inexact("its first run is less than two minutes away")
    if not _proven(series.model_copy(update={"until": None, "count": None}), line, server.dialect, first.instant):
        raise Inexact(f"the cron line {line} would not run at exactly the same moments")
    return Native(line, first.instant, _runs_left(series, now), _reason(line, server, cron_zone))


def same_zone(one: str, other: str) -> bool:
    """Whether two zone names mean the same zone."""
    return one == other or (one in _UTC and other in _UTC)


@lru_cache(maxsize=256)
def _proven(endless: Series, text: str, dialect: Dialect, start: datetime) -> bool:
    """Whether both sides, expanded from ``start`` on, are equal. Remembered, because a form asks again and again."""
    end = start + HORIZON
    line = cron.read_fugit(text) if dialect == "fugit" else cron.read(text)
    wanted = (m.instant for m in occurrences(endless, after=start - timedelta(seconds=1)))
    ours = islice(takewhile(lambda moment: moment <= end, wanted), _MOST)
    theirs = islice(cron.expand(line, endless.zone, start, end), _MOST)
    return all(a == b for a, b in zip_longest(ours, theirs))


def _runs_left(series: Series, now: datetime) -> int | None:
    """How many runs remain after ``now``; None for no bound. Raises Inexact where they are too many to count."""
    if series.until is None and series.count is None:
        return None
    if series.until is not None and series.until.instant > now + HORIZON:
        raise Inexact("its end is more than 400 days away, and Foreman ends a series only after a number of runs")
    counted = sum(1 for _ in islice(occurrences(series, after=now), _MOST + 1))
    if counted > _MOST:
        raise Inexact("its runs until the end are too many to count for Foreman")
    return counted


def _reason(line: str, server: Server, cron_zone: str) -> str:
    if server.dialect == "fugit":
        return f"Foreman holds this series with the cron line {line}, which was checked to give the same moments."
    return (
        f"Foreman holds this series with the cron line {line}, which was checked to give the same moments; "
        f"the server is configured as reading it in {cron_zone}."
    )
