"""Conditions of a rule, prepared once: does this hold for a request, and what is it called in a reason?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from math import inf
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bot.requests.patterns import Patterns, TargetNames
from bot.requests.policy.rules import RuleConditions
from bot.requests.setting_types import WEEKDAY_NAMES, WeekdayName, parse_hour_range
from bot.requests.subject import Subject
from bot.requests.text import count_noun

_REBOOT_TEXTS = {
    "force": "a forced reboot",
    "forced": "a forced reboot",
    "suppress": "suppressed reboots",
    "prompt": "a reboot on prompt",
    "normal": "a reboot if needed",
    "if necessary": "a reboot if needed",
}
_SCHEDULE_TEXTS = {
    "now": "a start at once",
    "once": "a single run",
    "window": "a maintenance window",
    "series": "a series",
}
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Coverage(IntEnum):
    """How much of a request meets a condition; a part too where that cannot be known."""

    NONE = 0
    PARTIAL = 1
    FULL = 2


class PreparedSubject:
    """A subject with what several rules need of it worked out once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.names = TargetNames(subject.names, subject.targets)
        self.facts = {name: _texts(value) for name, value in subject.facts.items()}
        self.folded_facts = {name: tuple(map(str.casefold, values)) for name, values in self.facts.items()}
        self.requester_ids = subject.groups | {subject.requester}
        self.query = subject.query or str(subject.facts.get("query") or "")


def _texts(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for item in value for text in _texts(item))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return ("" if value is None else str(value),)


@dataclass(frozen=True, slots=True)
class Condition:
    """One prepared condition. ``extent`` tests it; ``tell`` names what made it hold, and is asked only where it does.

    ``demands`` says what it wants; ``scope`` that it tells where rather than what, so that it is not worth naming
    beside others; ``divides`` that some targets may meet it and others not.
    """

    description: str
    coverage: Callable[[PreparedSubject], Coverage]
    matched_text: Callable[[PreparedSubject], str]
    is_scope: bool = False
    splits_targets: bool = False


def prepare_conditions(when: RuleConditions, zone: str) -> tuple[Condition, ...]:
    """The conditions of a rule. ``zone`` is used where the rule names none.

    The cheap ones come first, and those that have been looked at before (see ``Policy.applying``) last.
    """
    return tuple(_conditions_of(when, zone))


def _conditions_of(when: RuleConditions, zone: str) -> Iterator[Condition]:
    if when.channel:
        yield _channel(Patterns(tuple(text.removeprefix("#") for text in when.channel)))
    if when.schedule:
        yield _schedule_kind(when.schedule)
    if when.min_targets is not None or when.max_targets is not None:
        yield _target_count(when.min_targets, when.max_targets)
    for name in ("template", "job_type", "task", "reboot", "run_as"):
        if texts := getattr(when, name):
            yield _fact(name, Patterns(texts))
    for name, texts in when.facts.items():
        yield _fact(name, Patterns(texts))
    if when.requester:
        yield _requester(when.requester)
    if when.conflicts is not None:
        yield _conflicts(when.conflicts)
    if when.days or when.hours:
        yield _starts(when.days, when.hours, when.zone or zone)
    if when.query:
        yield _query(Patterns(when.query))
    if when.targets:
        yield _targets(Patterns(when.targets))
    if when.operation:
        yield _operation(Patterns(when.operation))
    if when.backend:
        yield _backend(Patterns(when.backend))


def _full_if(holds: object) -> Coverage:
    return Coverage.FULL if holds else Coverage.NONE


def _operation(patterns: Patterns) -> Condition:
    return Condition(
        f"the operation {_join_or(patterns.texts)}",
        lambda look: _full_if(patterns.match(look.subject.operation)),
        lambda look: f"the operation {look.subject.operation}",
        is_scope=True,
    )


def _backend(patterns: Patterns) -> Condition:
    return Condition(
        f"the back end {_join_or(patterns.texts)}",
        lambda look: _full_if(patterns.match(look.subject.backend) or patterns.match(look.subject.kind)),
        lambda look: look.subject.backend,
        is_scope=True,
    )


def _channel(patterns: Patterns) -> Condition:
    def tell(look: PreparedSubject) -> str:
        subject = look.subject
        return f"a request from {f'#{subject.channel_name}' if subject.channel_name else subject.channel}"

    return Condition(
        f"a request from the channel {_join_or(patterns.texts)}",
        lambda look: _full_if(patterns.match(look.subject.channel) or patterns.match(look.subject.channel_name)),
        tell,
        is_scope=True,
    )


def _schedule_kind(kinds: tuple[str, ...]) -> Condition:
    return Condition(
        " or ".join(_SCHEDULE_TEXTS[kind] for kind in kinds),
        lambda look: _full_if(look.subject.schedule.kind in kinds),
        lambda look: _SCHEDULE_TEXTS[look.subject.schedule.kind],
    )


def _target_count(minimum: int | None, maximum: int | None) -> Condition:
    low, high = minimum or 0, inf if maximum is None else maximum
    bounds = [f"at least {minimum}" if minimum is not None else "", f"at most {maximum}" if maximum is not None else ""]
    return Condition(
        f"{' and '.join(b for b in bounds if b)} targets",
        lambda look: Coverage.FULL if low <= look.subject.targets <= high else Coverage.NONE,
        lambda look: count_noun(look.subject.targets, look.subject.noun),
    )


def _fact(name: str, patterns: Patterns) -> Condition:
    matches = patterns.match_folded

    def extent(look: PreparedSubject) -> Coverage:
        values = look.folded_facts.get(name) or ("",)
        if len(values) == 1:
            return Coverage.FULL if matches(values[0]) else Coverage.NONE
        found = sum(1 for value in values if matches(value))
        return Coverage.FULL if found == len(values) else Coverage.PARTIAL if found else Coverage.NONE

    def tell(look: PreparedSubject) -> str:
        return next(_fact_text(name, value) for value in look.facts.get(name) or ("",) if patterns.match(value))

    label = {"run_as": "run-as user", "reboot": "reboot preference"}.get(name, name.replace("_", " "))
    return Condition(f"the {label} {_join_or(patterns.texts)}", extent, tell)


def _fact_text(name: str, value: str) -> str:
    match name:
        case "reboot":
            return _REBOOT_TEXTS.get(value.casefold(), f"the reboot preference {value}")
        case "run_as":
            return f"running as {value}"
        case _:
            return f"the {name.replace('_', ' ')} {value or 'left empty'}"


def _requester(principals: tuple[str, ...]) -> Condition:
    wanted = frozenset(principals)

    def tell(look: PreparedSubject) -> str:
        if look.subject.requester in wanted:
            return "this requester"
        return f"a requester from {next(name for name in principals if name in look.requester_ids)}"

    return Condition(
        f"a requester from {_join_or(principals)}",
        lambda look: _full_if(not wanted.isdisjoint(look.requester_ids)),
        tell,
    )


def _conflicts(wanted: bool) -> Condition:
    words = "another request on the same targets" if wanted else "no other request on the same targets"
    return Condition(words, lambda look: _full_if(bool(look.subject.conflicts) is wanted), lambda look: words)


def _starts(days: tuple[WeekdayName, ...], hours: tuple[str, ...], zone: str) -> Condition:
    spans = [parse_hour_range(text) for text in hours]
    wanted = frozenset(WEEKDAY_NAMES.index(day) for day in days)
    tz = ZoneInfo(zone)

    def within(local: datetime) -> bool:
        if not spans:
            return local.weekday() in wanted
        return any(_in_hours(local, span, wanted) for span in spans)

    def extent(look: PreparedSubject) -> Coverage:
        found = [within(start.astimezone(tz)) for start in look.subject.starts]
        return Coverage.NONE if not any(found) else Coverage.FULL if all(found) else Coverage.PARTIAL

    def tell(look: PreparedSubject) -> str:
        first = next(local for start in look.subject.starts if within(local := start.astimezone(tz)))
        return f"a start on {_DAY_NAMES[first.weekday()]} at {first:%H:%M} ({zone})"

    said = [_join_or(tuple(_DAY_NAMES[WEEKDAY_NAMES.index(day)] for day in days)), _join_or(hours)]
    return Condition(f"a start on {' at '.join(text for text in said if text)} ({zone})", extent, tell)


def _in_hours(local: datetime, span: tuple[time, time], days: frozenset[int]) -> bool:
    """Whether a time is in a span of hours; one over midnight belongs to the day on which it began."""
    first, last = span
    now = local.time()
    if first < last:
        return first <= now < last and (not days or local.weekday() in days)
    if now >= first:
        return not days or local.weekday() in days
    return now < last and (not days or (local - timedelta(days=1)).weekday() in days)


def _query(patterns: Patterns) -> Condition:
    return Condition(
        f"the query {_join_or(patterns.texts)}",
        lambda look: _full_if(patterns.match(look.query)),
        lambda look: f"the query {look.query}" if look.query else "an empty query",
    )


def _targets(patterns: Patterns) -> Condition:
    def extent(look: PreparedSubject) -> Coverage:
        if patterns.first_match(look.names) is not None:
            return Coverage.FULL if patterns.covers(look.names) else Coverage.PARTIAL
        return Coverage.NONE if look.names.complete else Coverage.PARTIAL

    def tell(look: PreparedSubject) -> str:
        found = patterns.first_match(look.names)
        if found is not None:
            return f"the target {found}"
        return f"targets not all known by name, while {_join_or(patterns.texts)} matters"

    return Condition(f"a target {_join_or(patterns.texts)}", extent, tell, splits_targets=True)


def _join_or(texts: tuple[str, ...]) -> str:
    return " or ".join(text or "(empty)" for text in texts)
