"""Freezes: named periods in which work is refused, or needs approvers of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.requests.durations import format_age
from bot.requests.model import Requirement, Stage
from bot.requests.patterns import Patterns, TargetNames
from bot.requests.spans import TimeSpan, subtract_spans
from bot.requests.subject import Subject
from bot.requests.text import format_span, stage_text
from bot.schedule import Once, Schedule, Series, Window, ZonedTime, occurrences, resolve_wall_time, window_end
from bot.values import FrozenModel

if TYPE_CHECKING:
    from bot.requests.freezes.calendars import Calendar

_UNREMARKABLE_AGE = timedelta(hours=1)
"""Maximum age of a calendar's copy that is not worth mentioning."""


class Freeze(FrozenModel):
    """A freeze.

    ``stage`` has its own approvers; None means that it refuses. Exactly one of ``schedule`` and ``calendar`` says when
    it holds. ``duration_seconds`` is for schedules that name moments. ``max_age`` is the maximum age in seconds of the
    calendar's last good copy; after that everything counts as frozen.
    """

    name: str
    stage: Stage | None = None
    schedule: Schedule | None = None
    duration_seconds: int | None = None
    zone: str = "UTC"
    calendar: str = ""
    allows_events: bool = False
    """Whether it holds at all times but those of the calendar's events."""
    events: tuple[str, ...] = ()
    max_age: int = 86400
    backend: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    wins_over: tuple[str, ...] = ()
    passes_emergencies: bool = False

    def covers(self, subject: Subject) -> bool:
        """Return whether the freeze is about a request: its back end, its operation and at least one of its targets.
        Targets whose names are not known count as covered."""
        if self.backend and not any(map(Patterns(self.backend).match, (subject.backend, subject.kind))):
            return False
        if self.operation and not Patterns(self.operation).match(subject.operation):
            return False
        names = TargetNames(subject.names, subject.targets)
        return not self.targets or not names.complete or Patterns(self.targets).first_match(names) is not None


class FreezeEffect(StrEnum):
    """What a freeze does to a request that touches it."""

    REFUSES = "refuses"
    ASKS = "asks"
    SKIPS_RUNS = "skips_runs"


class FreezeCause(StrEnum):
    """Why a freeze holds. While its calendar cannot be read, it holds always."""

    SCHEDULE = "schedule"
    EVENT = "event"
    STALE_CALENDAR = "stale_calendar"
    UNREAD_CALENDAR = "unread_calendar"


class FreezeHit(FrozenModel):
    """A freeze that a request touches: the first span that they share, and how many of the request's known runs fall
    into it.

    ``stage`` has the freeze's own approvers; None means that it refuses. With ``skips_runs`` a series continues around
    the freeze, and the runs inside are skipped when they are due.
    """

    freeze: str
    stage: Stage | None = None
    start: datetime
    end: datetime
    title: str
    affected_runs: int
    total_runs: int
    skips_runs: bool
    passes_emergencies: bool = False
    cause: FreezeCause
    text: str

    @property
    def effect(self) -> FreezeEffect:
        if self.stage is not None:
            return FreezeEffect.ASKS
        return FreezeEffect.SKIPS_RUNS if self.skips_runs else FreezeEffect.REFUSES


def find_freeze_hits(
    freezes: Sequence[Freeze],
    subject: Subject,
    run_spans: Sequence[TimeSpan],
    now: datetime,
    calendars: Mapping[str, "Calendar"] | None = None,
    *,
    can_skip_runs: bool = True,
) -> tuple[FreezeHit, ...]:
    """Return the freezes that a request touches.

    ``run_spans`` comes from ``bot.requests.spans.work_spans``, or is the one span of a run about to start.
    ``calendars`` has the last good copies by address, as the freezes name them. ``can_skip_runs`` is False if the runs
    of a series cannot be skipped one by one.
    """
    if not run_spans:
        return ()
    covering = [freeze for freeze in freezes if freeze.covers(subject)]
    spans = {freeze.name: _frozen_spans_around(freeze, run_spans, now, calendars or {}) for freeze in covering}
    can_skip_runs = can_skip_runs and subject.schedule.kind == "series"
    hits = []
    for freeze in covering:
        winners = [other for other in covering if freeze.name in other.wins_over]
        overruled = [span for other in winners for span, _ in spans[other.name]]
        remaining = [(part, title) for span, title in spans[freeze.name] for part in subtract_spans([span], overruled)]
        hit = _build_hit(freeze, remaining, run_spans, can_skip_runs, _calendar_age(freeze, calendars or {}, now))
        if hit is not None:
            hits.append(hit)
    return tuple(hits)


def refusing_hits(hits: Sequence[FreezeHit]) -> tuple[FreezeHit, ...]:
    """Return the hits that refuse a request outright."""
    return tuple(hit for hit in hits if hit.effect is FreezeEffect.REFUSES)


def holding_hits(hits: Sequence[FreezeHit], requirement: Requirement) -> tuple[FreezeHit, ...]:
    """Return the hits that count for a request: not those that let an emergency pass, if it is one."""
    return tuple(hit for hit in hits if not (requirement.review and hit.passes_emergencies))


def start_blocking_hits(hits: Sequence[FreezeHit], requirement: Requirement) -> tuple[FreezeHit, ...]:
    """Return the hits that stop a run that is about to start, given the hits of that run's own span. A freeze stops it
    if it refuses, or if its own approvers were not asked."""
    holding = holding_hits(hits, requirement)
    return tuple(hit for hit in holding if hit.stage is None or hit.freeze not in requirement.freezes)


def _build_hit(
    freeze: Freeze,
    frozen_spans: Sequence[tuple[TimeSpan, str]],
    run_spans: Sequence[TimeSpan],
    can_skip_runs: bool,
    age: timedelta | None,
) -> FreezeHit | None:
    overlaps = [overlap for run in run_spans if (overlap := _first_overlapping(frozen_spans, run)) is not None]
    if not overlaps:
        return None
    frozen, title = overlaps[0]
    zone = ZoneInfo(freeze.zone)
    shown = TimeSpan(frozen.start.astimezone(zone), frozen.end.astimezone(zone))
    skips = can_skip_runs and freeze.stage is None and len(overlaps) < len(run_spans)
    return FreezeHit(
        freeze=freeze.name,
        stage=freeze.stage,
        start=shown.start,
        end=shown.end,
        title=title,
        affected_runs=len(overlaps),
        total_runs=len(run_spans),
        skips_runs=skips,
        passes_emergencies=freeze.passes_emergencies,
        cause=_cause(freeze, age),
        text=_hit_text(freeze, shown, title, (len(overlaps), len(run_spans)), skips, age),
    )


def _first_overlapping(frozen_spans: Sequence[tuple[TimeSpan, str]], run: TimeSpan) -> tuple[TimeSpan, str] | None:
    return next((item for item in frozen_spans if item[0].overlaps(run)), None)


def _cause(freeze: Freeze, age: timedelta | None) -> FreezeCause:
    if not freeze.calendar:
        return FreezeCause.SCHEDULE
    if age is None:
        return FreezeCause.UNREAD_CALENDAR
    return FreezeCause.STALE_CALENDAR if _is_stale(freeze, age) else FreezeCause.EVENT


def _hit_text(
    freeze: Freeze, shown_span: TimeSpan, title: str, runs: tuple[int, int], skips: bool, age: timedelta | None
) -> str:
    name = f"the freeze “{freeze.name}”" + (f" ({title})" if title and title != freeze.name else "")
    if _is_stale(freeze, age):
        state = "was never read" if age is None else f"was last read {format_age(age.total_seconds())} ago"
        text = f"The calendar of {name} {state}; until it answers, everything counts as frozen."
    elif freeze.allows_events:
        text = _not_allowed_text(freeze, runs)
    elif runs[1] > 1:
        text = f"{runs[0]} of the next {runs[1]} runs fall into {name}, the first from {format_span(*shown_span)}."
    else:
        text = f"It falls into {name}, from {format_span(*shown_span)}."
    if skips:
        text += " They will be left out."
    if freeze.stage is not None:
        text += f" That needs {stage_text(freeze.stage)}."
    if age is not None and age > _UNREMARKABLE_AGE and not _is_stale(freeze, age):
        text += f" Its calendar was last read {format_age(age.total_seconds())} ago."
    return text


def _not_allowed_text(freeze: Freeze, runs: tuple[int, int]) -> str:
    where = f"the times that the calendar of “{freeze.name}” allows"
    return f"{runs[0]} of the next {runs[1]} runs are not in {where}." if runs[1] > 1 else f"It is not in {where}."


def _calendar_age(freeze: Freeze, calendars: Mapping[str, "Calendar"], now: datetime) -> timedelta | None:
    """Return the age of the last good copy of the freeze's calendar; None if there is none. Zero for a schedule."""
    if not freeze.calendar:
        return timedelta(0)
    copy = calendars.get(freeze.calendar)
    return None if copy is None else max(now - copy.read_at, timedelta(0))


def _is_stale(freeze: Freeze, age: timedelta | None) -> bool:
    return age is None or age > timedelta(seconds=freeze.max_age)


def _frozen_spans_around(
    freeze: Freeze, run_spans: Sequence[TimeSpan], now: datetime, calendars: Mapping[str, "Calendar"]
) -> list[tuple[TimeSpan, str]]:
    """Return when the freeze holds from the first run to the last, with the titles of events. It holds all the time if
    its calendar is missing or too old."""
    start, end = min(span.start for span in run_spans), max(span.end for span in run_spans)
    if freeze.schedule is not None:
        return [(span, "") for span in frozen_spans(freeze.schedule, freeze.duration_seconds, start, end)]
    if _is_stale(freeze, _calendar_age(freeze, calendars, now)):
        return [(TimeSpan(start, end), "")]
    events = calendars[freeze.calendar].events(start, end, freeze.zone, freeze.events)
    if freeze.allows_events:
        allowed = [TimeSpan(event.start, event.end) for event in events]
        return [(span, "") for span in subtract_spans([TimeSpan(start, end)], allowed)]
    return [(TimeSpan(e.start, e.end), e.title) for e in events]


def frozen_spans(schedule: Schedule, duration_seconds: int | None, start: datetime, end: datetime) -> list[TimeSpan]:
    """Return when a freeze with a schedule holds, as far as that touches the time from ``start`` to ``end``."""
    match schedule:
        case Window():
            spans = [TimeSpan(schedule.start.instant, schedule.end.instant)]
        case Once():
            spans = [
                TimeSpan(schedule.start.instant, schedule.start.instant + timedelta(seconds=duration_seconds or 0))
            ]
        case Series():
            spans = []
            for moment in occurrences(schedule, start - _max_span_length(schedule, duration_seconds)):
                frozen = _frozen_span(schedule, moment, duration_seconds)
                if frozen.start > end:
                    break
                spans.append(frozen)
        case _:
            spans = []
    return [span for span in spans if span.overlaps(TimeSpan(start, end))]


def is_whole_day_series(series: Series) -> bool:
    """Return whether a series names days without a time, so that each of them is frozen completely."""
    return series.window is None and not series.rule.times and series.rule.freq not in ("hourly", "minutely")


def _max_span_length(series: Series, duration_seconds: int | None) -> timedelta:
    """Return at least the length of the longest span of the series. What ends by the clock, and a day, may be longer
    when the clock changes."""
    return (
        timedelta(seconds=duration_seconds)
        if duration_seconds
        else max(timedelta(minutes=series.window or 0) + timedelta(hours=2), timedelta(hours=25))
    )


def _frozen_span(series: Series, moment: ZonedTime, duration_seconds: int | None) -> TimeSpan:
    if duration_seconds is None and is_whole_day_series(series):
        day = datetime.combine(moment.wall.date(), time())
        return TimeSpan(
            resolve_wall_time(day, moment.zone).instant, resolve_wall_time(day + timedelta(days=1), moment.zone).instant
        )
    if duration_seconds:
        return TimeSpan(moment.instant, moment.instant + timedelta(seconds=duration_seconds))
    return TimeSpan(moment.instant, window_end(series, moment) or moment.instant)
