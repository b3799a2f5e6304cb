"""Freezes: named spans of time in which work is refused, or needs approvers of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.requests.durations import format_duration
from bot.requests.model import Requirement, Stage
from bot.requests.patterns import Patterns, TargetNames
from bot.requests.spans import TimeSpan, subtract_spans
from bot.requests.subject import Subject
from bot.requests.text import format_span, stage_text
from bot.schedule import Once, Schedule, Series, Window, ZonedTime, occurrences, resolve_wall_time, start_window
from bot.values import FrozenModel

if TYPE_CHECKING:
    from bot.requests.freezes.calendars import Calendar

_UNREMARKED_AGE = timedelta(hours=1)


class Freeze(FrozenModel):
    """A freeze. ``stage`` are its own approvers; None means that it refuses. Exactly one of ``schedule`` and
    ``calendar`` says when it holds; ``lasts`` (seconds) is for schedules that name moments. ``max_age`` (seconds) is
    how old the calendar's last good copy may get before everything counts as frozen."""

    name: str
    stage: Stage | None = None
    schedule: Schedule | None = None
    duration_seconds: int | None = None
    zone: str = "UTC"
    calendar: str = ""
    events: tuple[str, ...] = ()
    max_age: int = 86400
    backend: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    wins_over: tuple[str, ...] = ()

    def covers(self, subject: Subject) -> bool:
        """Whether a request is within the freeze's reach: its back end, operation and at least one target. Targets
        whose names are not known count as within."""
        if self.backend and not any(map(Patterns(self.backend).match, (subject.backend, subject.kind))):
            return False
        if self.operation and not Patterns(self.operation).match(subject.operation):
            return False
        names = TargetNames(subject.names, subject.targets)
        return not self.targets or not names.complete or Patterns(self.targets).first_match(names) is not None


class FreezeHit(FrozenModel):
    """A request touches a freeze: the first span that it touches, ``runs`` of its ``of`` known runs in all.

    ``stage`` are the freeze's own approvers (None: it refuses). ``skips`` says that a series goes on around it: the
    runs inside are left out when they are due.
    """

    freeze: str
    stage: Stage | None = None
    start: datetime
    end: datetime
    title: str = ""
    affected_runs: int = 1
    total_runs: int = 1
    skips_runs: bool = False
    text: str


def find_freeze_hits(
    freezes: Sequence[Freeze],
    subject: Subject,
    run_spans: Sequence[TimeSpan],
    now: datetime,
    calendars: Mapping[str, "Calendar"] | None = None,
    *,
    can_skip_runs: bool = True,
) -> tuple[FreezeHit, ...]:
    """The freezes that a request touches. ``when`` is what ``bot.requests.spans.work_spans`` gives, or the one span
    of a run about to start; ``calendars`` are the last good copies by address, as the freezes name them.
    ``goes_around`` is False where the runs of a series cannot be left out one by one."""
    if not run_spans:
        return ()
    spans = {f.name: _frozen_spans_around(f, run_spans, now, calendars or {}) for f in freezes if f.covers(subject)}
    reaching = [f for f in freezes if f.name in spans]
    found = []
    for freeze in reaching:
        winners = [other for other in reaching if freeze.name in other.wins_over]
        beaten = [s for other in winners for s, _ in spans[other.name]]
        left = [(part, title) for s, title in spans[freeze.name] for part in subtract_spans([s], beaten)]
        is_series = subject.schedule.kind == "series" and can_skip_runs
        hit = _build_hit(freeze, left, run_spans, is_series, _calendar_age(freeze, calendars or {}, now))
        if hit is not None:
            found.append(hit)
    return tuple(found)


def refusing_hits(hits: Sequence[FreezeHit]) -> tuple[FreezeHit, ...]:
    """The hits that refuse a request outright."""
    return tuple(hit for hit in hits if hit.stage is None and not hit.skips_runs)


def start_blocking_hits(hits: Sequence[FreezeHit], requirement: Requirement) -> tuple[FreezeHit, ...]:
    """The hits that stop one run that is about to start: those that refuse, and those whose own approvers were not
    among the ones who approved. Give the hits of that run's own span."""
    return tuple(hit for hit in hits if hit.stage is None or hit.freeze not in requirement.freezes)


def _build_hit(
    freeze: Freeze,
    spans: Sequence[tuple[TimeSpan, str]],
    when: Sequence[TimeSpan],
    is_series: bool,
    age: timedelta | None,
) -> FreezeHit | None:
    ordered = sorted(spans, key=lambda item: item[0])
    touched = [(run, frozen, title) for run in when for frozen, title in _first_overlapping(ordered, run)]
    if not touched:
        return None
    _, frozen, title = touched[0]
    zone = ZoneInfo(freeze.zone)
    shown = TimeSpan(frozen.start.astimezone(zone), frozen.end.astimezone(zone))
    skips = is_series and freeze.stage is None and len(touched) < len(when)
    return FreezeHit(
        freeze=freeze.name,
        stage=freeze.stage,
        start=shown.start,
        end=shown.end,
        title=title,
        affected_runs=len(touched),
        total_runs=len(when),
        skips_runs=skips,
        text=_hit_text(freeze, shown, title, (len(touched), len(when)), skips, age),
    )


def _first_overlapping(ordered: Sequence[tuple[TimeSpan, str]], run: TimeSpan) -> list[tuple[TimeSpan, str]]:
    return next(([item] for item in ordered if item[0].overlaps(run)), [])


def _hit_text(
    freeze: Freeze, shown_span: TimeSpan, title: str, runs: tuple[int, int], skips: bool, age: timedelta | None
) -> str:
    name = f"the freeze “{freeze.name}”" + (f" ({title})" if title and title != freeze.name else "")
    if _is_stale(freeze, age):
        said = "was never read" if age is None else f"was last read {format_duration(age.total_seconds())} ago"
        text = f"The calendar of {name} {said}; until it answers, everything counts as frozen."
    elif runs[1] > 1:
        text = f"{runs[0]} of the next {runs[1]} runs fall into {name}, the first from {format_span(*shown_span)}."
    else:
        text = f"It falls into {name}, from {format_span(*shown_span)}."
    if skips:
        text += " They will be left out."
    if freeze.stage is not None:
        text += f" That needs {stage_text(freeze.stage)}."
    if age is not None and age > _UNREMARKED_AGE and not _is_stale(freeze, age):
        text += f" Its calendar was last read {format_duration(age.total_seconds())} ago."
    return text


def _calendar_age(freeze: Freeze, calendars: Mapping[str, "Calendar"], now: datetime) -> timedelta | None:
    """How old the last good copy of the freeze's calendar is; None where there is none. Zero for a schedule."""
    if not freeze.calendar:
        return timedelta(0)
    copy = calendars.get(freeze.calendar)
    return None if copy is None else max(now - copy.read_at, timedelta(0))


def _is_stale(freeze: Freeze, age: timedelta | None) -> bool:
    return age is None or age > timedelta(seconds=freeze.max_age)


def _frozen_spans_around(
    freeze: Freeze, when: Sequence[TimeSpan], now: datetime, calendars: Mapping[str, "Calendar"]
) -> list[tuple[TimeSpan, str]]:
    """When the freeze holds, around the spans asked about; always, if its calendar is gone or too old."""
    start, end = min(s.start for s in when), max(s.end for s in when)
    if freeze.schedule is not None:
        return [(s, "") for s in frozen_spans(freeze.schedule, freeze.duration_seconds, start, end)]
    if _is_stale(freeze, _calendar_age(freeze, calendars, now)):
        return [(TimeSpan(start, end + timedelta.resolution), "")]
    events = calendars[freeze.calendar].events(start, end, freeze.zone, freeze.events)
    return [(TimeSpan(e.start, e.end), e.title) for e in events]


def frozen_spans(schedule: Schedule, duration_seconds: int | None, start: datetime, end: datetime) -> list[TimeSpan]:
    """When a freeze with a schedule holds, of what touches the time from ``start`` to ``end``."""
    around = TimeSpan(start, end)
    match schedule:
        case Window():
            found = [TimeSpan(schedule.start.instant, schedule.end.instant)]
        case Once():
            found = [
                TimeSpan(schedule.start.instant, schedule.start.instant + timedelta(seconds=duration_seconds or 0))
            ]
        case Series():
            found = []
            for moment in occurrences(schedule, start - _max_span_length(schedule, duration_seconds)):
                frozen = _frozen_span(schedule, moment, duration_seconds)
                if frozen.start > end:
                    break
                found.append(frozen)
        case _:
            found = []
    return [s for s in found if s.overlaps(around)]


def is_whole_day_series(series: Series) -> bool:
    """Whether a series names days without a time, so that each of them is frozen whole."""
    return series.window is None and not series.rule.times and series.rule.freq not in ("hourly", "minutely")


def _max_span_length(series: Series, duration_seconds: int | None) -> timedelta:
    """No shorter than any span of the series; a day may have 25 hours."""
    return (
        timedelta(seconds=duration_seconds)
        if duration_seconds
        else max(start_window(series) or timedelta(0), timedelta(hours=25))
    )


def _frozen_span(series: Series, moment: ZonedTime, duration_seconds: int | None) -> TimeSpan:
    if duration_seconds is None and is_whole_day_series(series):
        day = datetime.combine(moment.wall.date(), time())
        return TimeSpan(
            resolve_wall_time(day, moment.zone).instant, resolve_wall_time(day + timedelta(days=1), moment.zone).instant
        )
    length = timedelta(seconds=duration_seconds) if duration_seconds else start_window(series) or timedelta(0)
    return TimeSpan(moment.instant, moment.instant + length)
