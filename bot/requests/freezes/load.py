"""Builds freezes from their tables in the configuration file, and finds those that contradict each other."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Protocol

from bot.requests.freezes.model import Freeze, frozen_spans, is_whole_day_series
from bot.requests.freezes.rules import FreezeRule
from bot.requests.patterns import may_overlap
from bot.requests.setting_types import make_stage
from bot.requests.spans import HORIZON, TimeSpan
from bot.requests.text import format_span
from bot.schedule import Now, Once, Parsed, Reading, Schedule, Series, Window, ZonedTime, read


class PhraseReader(Protocol):
    """Reads a phrase, given the current time and the time zone of its writer."""

    def __call__(self, phrase: str, *, now: datetime, zone: str) -> Reading: ...


def read_freeze_phrase(phrase: str, *, now: datetime, zone: str) -> Reading:
    """Read a phrase for a freeze: as usual, except that a date without a time means the whole day."""
    return read(phrase, now=now, zone=zone, whole_days=True)


_REFERENCE_TIMES = (datetime.fromisoformat("2024-01-01T00:00Z"), datetime.fromisoformat("2025-07-04T13:00Z"))
"""The moments at which the phrase of a freeze is read. The first is always used, so that a restart during the freeze
changes nothing. If the second gives another result, the phrase depends on the day on which it is read."""

_PHRASE_EXAMPLES = 'write it like "2026-12-20 to 2027-01-03", "every saturday" or "every friday 18:00 for 8 hours"'


def build_freeze(rule: FreezeRule, zone: str, phrase_reader: PhraseReader = read_freeze_phrase) -> Freeze:
    """Build the freeze that a table describes. ``zone`` is the policy's. Raises ValueError with a sentence."""
    zone = rule.zone or zone
    schedule, duration_seconds = _schedule(rule, zone, phrase_reader)
    return Freeze(
        name=rule.name,
        stage=make_stage(rule.approvers, rule.quorum) if rule.effect == "ask" else None,
        schedule=schedule,
        duration_seconds=duration_seconds,
        zone=zone,
        calendar=rule.calendar or rule.allow_calendar,
        allows_events=bool(rule.allow_calendar),
        events=rule.events,
        max_age=rule.max_age,
        backend=rule.backend,
        operation=rule.operation,
        targets=rule.targets,
        wins_over=rule.wins_over,
        passes_emergencies="emergency" in rule.exception,
    )


def _schedule(rule: FreezeRule, zone: str, reader: PhraseReader) -> tuple[Schedule | None, int | None]:
    match rule.start, rule.end:
        case datetime() as start, datetime() as end:
            return Window(start=_moment(start, zone), end=_moment(end, zone)), None
    if not rule.when:
        return None, None
    schedule = _read_schedule(rule.when, _REFERENCE_TIMES[0], zone, reader)
    if not _same_schedule(schedule, _read_schedule(rule.when, _REFERENCE_TIMES[1], zone, reader)):
        raise ValueError(
            f'"{rule.when}" depends on the day it is read; give dates with the year, or a weekday that repeats'
        )
    return _with_duration(schedule, rule)


def _read_schedule(phrase: str, now: datetime, zone: str, reader: PhraseReader) -> Schedule:
    reading = reader(phrase, now=now, zone=zone)
    if isinstance(reading, Parsed):
        return reading.schedule
    if reading.kind == "refusal":
        raise ValueError(f'"{phrase}" is not understood: {reading.reason.rstrip(".")}; {_PHRASE_EXAMPLES}')
    choices = " or ".join(f'"{choice.label}"' for choice in reading.choices)
    raise ValueError(f'"{phrase}" has several meanings: {reading.ask} {choices}'.rstrip())


def _same_schedule(one: Schedule, other: Schedule) -> bool:
    """Return whether two readings of a phrase are equal. A series that skips days must be counted from a day in the
    phrase."""
    if isinstance(one, Series) and isinstance(other, Series):
        anchored = one.rule.interval == 1 or one.starting == other.starting
        return anchored and one.rule == other.rule and one.until == other.until
    return one == other


def _with_duration(schedule: Schedule, rule: FreezeRule) -> tuple[Schedule, int | None]:
    """Return the schedule and the duration of each of its moments in seconds. Days without a time are whole days."""
    match schedule:
        case Now():
            raise ValueError(f'"{rule.when}" is not a time that can be frozen; {_PHRASE_EXAMPLES}')
        case Once(grain="day") if rule.lasts is None:
            return Window(start=_start_of_day(schedule.start), end=_start_of_day(schedule.start, 1)), None
        case Window():
            return schedule, None
        case Series() if rule.lasts is None and (schedule.window is not None or is_whole_day_series(schedule)):
            return schedule, None
        case _ if rule.lasts is not None:
            return schedule, rule.lasts
    raise ValueError(f'"{rule.when}" names a moment, not a span; add how long it lasts, such as lasts = "8h"')


def _start_of_day(moment: ZonedTime, days: int = 0) -> ZonedTime:
    return ZonedTime(wall=datetime.combine(moment.wall.date() + timedelta(days=days), time()), zone=moment.zone)


def _moment(at: datetime, zone: str) -> ZonedTime:
    return ZonedTime.from_instant(at, zone) if at.tzinfo else ZonedTime(wall=at, zone=zone)


def find_contradictions(freezes: Sequence[Freeze], now: datetime) -> list[tuple[str, str]]:
    """Find freezes that cover the same work at the same time but demand different things. Return the name of the later
    one and a sentence for each. Only freezes with dates or phrases are compared, 400 days ahead: calendars change by
    themselves."""
    end = now + HORIZON
    spans = {f.name: frozen_spans(f.schedule, f.duration_seconds, now, end) for f in freezes if f.schedule is not None}
    contradictions = []
    for index, later in enumerate(freezes):
        for earlier in freezes[:index]:
            if not _may_contradict(earlier, later):
                continue
            shared = _first_overlap(spans.get(earlier.name, []), spans.get(later.name, []))
            if shared is not None:
                contradictions.append((later.name, _contradiction_text(earlier, later, shared)))
    return contradictions


def _may_contradict(one: Freeze, other: Freeze) -> bool:
    if one.stage == other.stage or one.name in other.wins_over or other.name in one.wins_over:
        return False
    scopes = ((one.backend, other.backend), (one.operation, other.operation), (one.targets, other.targets))
    return all(may_overlap(mine, theirs) for mine, theirs in scopes)


def _first_overlap(one: Sequence[TimeSpan], other: Sequence[TimeSpan]) -> TimeSpan | None:
    for a in one:
        for b in other:
            if a.overlaps(b):
                return TimeSpan(max(a.start, b.start), min(a.end, b.end))
    return None


def _contradiction_text(one: Freeze, other: Freeze, shared: TimeSpan) -> str:
    return (
        f"it holds at the same time as “{one.name}” ({format_span(*shared)}) but says something else; "
        f'add wins_over = ["{one.name}"] here or wins_over = ["{other.name}"] there, or take the overlap out'
    )
