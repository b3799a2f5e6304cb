"""Freezes: named spans of time in which work is refused, or needs approvers of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.requests.durations import in_words
from bot.requests.model import Requirement, Stage, Value
from bot.requests.patterns import Names, Patterns
from bot.requests.subject import Subject
from bot.requests.windows import Span, without
from bot.requests.words import demand, span
from bot.schedule import Moment, Once, Schedule, Series, Window, occurrences, window_of
from bot.schedule.occurrences import land

if TYPE_CHECKING:
    from bot.requests.calendars import Calendar

_FRESH = timedelta(hours=1)


class Freeze(Value):
    """A freeze. ``stage`` are its own approvers; None means that it refuses. Exactly one of ``schedule`` and
    ``calendar`` says when it holds; ``lasts`` (seconds) is for schedules that name moments. ``max_age`` (seconds) is
    how old the calendar's last good copy may get before everything counts as frozen."""

    name: str
    stage: Stage | None = None
    schedule: Schedule | None = None
    lasts: int | None = None
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
        names = Names(subject.names, subject.targets)
        return not self.targets or not names.complete or Patterns(self.targets).first(names) is not None


class Hit(Value):
    """A request touches a freeze: the first span that it touches, ``runs`` of its ``of`` known runs in all.

    ``stage`` are the freeze's own approvers (None: it refuses). ``skips`` says that a series goes on around it: the
    runs inside are left out when they are due.
    """

    freeze: str
    stage: Stage | None = None
    start: datetime
    end: datetime
    title: str = ""
    runs: int = 1
    of: int = 1
    skips: bool = False
    words: str


def hits(
    freezes: Sequence[Freeze],
    subject: Subject,
    when: Sequence[Span],
    now: datetime,
    calendars: Mapping[str, "Calendar"] | None = None,
    *,
    goes_around: bool = True,
) -> tuple[Hit, ...]:
    """The freezes that a request touches. ``when`` is what ``bot.requests.windows.windows`` gives, or the one span
    of a run about to start; ``calendars`` are the last good copies by address, as the freezes name them.
    ``goes_around`` is False where the runs of a series cannot be left out one by one."""
    if not when:
        return ()
    spans = {f.name: _spans(f, when, now, calendars or {}) for f in freezes if f.covers(subject)}
    reaching = [f for f in freezes if f.name in spans]
    found = []
    for freeze in reaching:
        winners = [other for other in reaching if freeze.name in other.wins_over]
        beaten = [s for other in winners for s, _ in spans[other.name]]
        left = [(part, title) for s, title in spans[freeze.name] for part in without([s], beaten)]
        is_series = subject.schedule.kind == "series" and goes_around
        hit = _hit(freeze, left, when, is_series, _age(freeze, calendars or {}, now))
        if hit is not None:
            found.append(hit)
    return tuple(found)


def stopping(found: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits that refuse a request outright."""
    return tuple(hit for hit in found if hit.stage is None and not hit.skips)


def blocking(found: Sequence[Hit], requirement: Requirement) -> tuple[Hit, ...]:
    """The hits that stop one run that is about to start: those that refuse, and those whose own approvers were not
    among the ones who approved. Give the hits of that run's own span."""
    return tuple(hit for hit in found if hit.stage is None or hit.freeze not in requirement.freezes)


def _hit(
    freeze: Freeze, spans: Sequence[tuple[Span, str]], when: Sequence[Span], is_series: bool, age: timedelta | None
) -> Hit | None:
    ordered = sorted(spans, key=lambda item: item[0])
    touched = [(run, frozen, title) for run in when for frozen, title in _first(ordered, run)]
    if not touched:
        return None
    _, frozen, title = touched[0]
    zone = ZoneInfo(freeze.zone)
    shown = Span(frozen.start.astimezone(zone), frozen.end.astimezone(zone))
    skips = is_series and freeze.stage is None and len(touched) < len(when)
    return Hit(
        freeze=freeze.name,
        stage=freeze.stage,
        start=shown.start,
        end=shown.end,
        title=title,
        runs=len(touched),
        of=len(when),
        skips=skips,
        words=_words(freeze, shown, title, (len(touched), len(when)), skips, age),
    )


def _first(ordered: Sequence[tuple[Span, str]], run: Span) -> list[tuple[Span, str]]:
    return next(([item] for item in ordered if item[0].meets(run)), [])


def _words(freeze: Freeze, shown: Span, title: str, runs: tuple[int, int], skips: bool, age: timedelta | None) -> str:
    name = f"the freeze “{freeze.name}”" + (f" ({title})" if title and title != freeze.name else "")
    if _is_stale(freeze, age):
        said = "was never read" if age is None else f"was last read {in_words(age.total_seconds())} ago"
        text = f"The calendar of {name} {said}; until it answers, everything counts as frozen."
    elif runs[1] > 1:
        text = f"{runs[0]} of the next {runs[1]} runs fall into {name}, the first from {span(*shown)}."
    else:
        text = f"It falls into {name}, from {span(*shown)}."
    if skips:
        text += " They will be left out."
    if freeze.stage is not None:
        text += f" That needs {demand(freeze.stage)}."
    if age is not None and age > _FRESH and not _is_stale(freeze, age):
        text += f" Its calendar was last read {in_words(age.total_seconds())} ago."
    return text


def _age(freeze: Freeze, calendars: Mapping[str, "Calendar"], now: datetime) -> timedelta | None:
    """How old the last good copy of the freeze's calendar is; None where there is none. Zero for a schedule."""
    if not freeze.calendar:
        return timedelta(0)
    copy = calendars.get(freeze.calendar)
    return None if copy is None else max(now - copy.read_at, timedelta(0))


def _is_stale(freeze: Freeze, age: timedelta | None) -> bool:
    return age is None or age > timedelta(seconds=freeze.max_age)


def _spans(
    freeze: Freeze, when: Sequence[Span], now: datetime, calendars: Mapping[str, "Calendar"]
) -> list[tuple[Span, str]]:
    """When the freeze holds, around the spans asked about; always, if its calendar is gone or too old."""
    start, end = min(s.start for s in when), max(s.end for s in when)
    if freeze.schedule is not None:
        return [(s, "") for s in frozen_spans(freeze.schedule, freeze.lasts, start, end)]
    if _is_stale(freeze, _age(freeze, calendars, now)):
        return [(Span(start, end + timedelta.resolution), "")]
    events = calendars[freeze.calendar].events(start, end, freeze.zone, freeze.events)
    return [(Span(e.start, e.end), e.title) for e in events]


def frozen_spans(schedule: Schedule, lasts: int | None, start: datetime, end: datetime) -> list[Span]:
    """When a freeze with a schedule holds, of what touches the time from ``start`` to ``end``."""
    around = Span(start, end)
    match schedule:
        case Window():
            found = [Span(schedule.start.instant, schedule.end.instant)]
        case Once():
            found = [Span(schedule.start.instant, schedule.start.instant + timedelta(seconds=lasts or 0))]
        case Series():
            found = []
            for moment in occurrences(schedule, start - _longest(schedule, lasts)):
                frozen = _frozen(schedule, moment, lasts)
                if frozen.start > end:
                    break
                found.append(frozen)
        case _:
            found = []
    return [s for s in found if s.meets(around)]


def names_days(series: Series) -> bool:
    """Whether a series names days without a time, so that each of them is frozen whole."""
    return series.window is None and not series.rule.times and series.rule.freq not in ("hourly", "minutely")


def _longest(series: Series, lasts: int | None) -> timedelta:
    """No shorter than any span of the series; a day may have 25 hours."""
    return timedelta(seconds=lasts) if lasts else max(window_of(series) or timedelta(0), timedelta(hours=25))


def _frozen(series: Series, moment: Moment, lasts: int | None) -> Span:
    if lasts is None and names_days(series):
        day = datetime.combine(moment.wall.date(), time())
        return Span(land(day, moment.zone).instant, land(day + timedelta(days=1), moment.zone).instant)
    length = timedelta(seconds=lasts) if lasts else window_of(series) or timedelta(0)
    return Span(moment.instant, moment.instant + length)
