"""Conditions of a rule, prepared once: does this hold for a request, and what is it called in a reason?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bot.requests.patterns import Names, Patterns
from bot.requests.rules import DAYS, Day, When, hours_of
from bot.requests.subject import Subject
from bot.requests.words import counted

_REBOOTS = {
    "force": "a forced reboot",
    "forced": "a forced reboot",
    "suppress": "suppressed reboots",
    "prompt": "a reboot on prompt",
    "normal": "a reboot if needed",
    "if necessary": "a reboot if needed",
}
_REPEATS = {"now": "a start at once", "once": "a single run", "window": "a maintenance window", "series": "a series"}
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Holds(NamedTuple):
    """A condition holds: ``text`` names what made it so; ``whole`` is False where only some of the targets or starts
    meet it, or where that cannot be known."""

    text: str
    whole: bool = True


class Look:
    """A subject with what several rules need of it worked out once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.names = Names(subject.names, subject.targets)
        self.facts = {name: _texts(value) for name, value in subject.facts.items()}
        self.who = subject.groups | {subject.requester}
        self.query = subject.query or str(subject.facts.get("query") or "")


def _texts(value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, list):
        return tuple(text for item in value for text in _texts(item))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return ("" if value is None else str(value),)


@dataclass(frozen=True, slots=True)
class Condition:
    """One prepared condition. ``demands`` says what it wants; ``scope`` that it tells where rather than what, so that
    it is not worth naming beside others; ``divides`` that some targets may meet it and others not."""

    demands: str
    test: Callable[[Look], Holds | None]
    scope: bool = False
    divides: bool = False


def conditions(when: When, zone: str) -> tuple[Condition, ...]:
    """The conditions of a rule. ``zone`` is used where the rule names none.

    The cheap ones come first, and those that have been looked at before (see ``Policy.applying``) last.
    """
    return tuple(_all(when, zone))


def _all(when: When, zone: str) -> Iterator[Condition]:
    if when.channel:
        yield _channel(Patterns(tuple(text.removeprefix("#") for text in when.channel)))
    if when.schedule:
        yield _repeats(when.schedule)
    if when.min_targets is not None or when.max_targets is not None:
        yield _count(when.min_targets, when.max_targets)
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


def _operation(patterns: Patterns) -> Condition:
    def test(look: Look) -> Holds | None:
        key = look.subject.operation
        return Holds(f"the operation {key}") if patterns.match(key) else None

    return Condition(f"the operation {_or(patterns.texts)}", test, scope=True)


def _backend(patterns: Patterns) -> Condition:
    def test(look: Look) -> Holds | None:
        subject = look.subject
        return Holds(subject.backend) if patterns.match(subject.backend) or patterns.match(subject.kind) else None

    return Condition(f"the back end {_or(patterns.texts)}", test, scope=True)


def _channel(patterns: Patterns) -> Condition:
    def test(look: Look) -> Holds | None:
        subject = look.subject
        if not patterns.match(subject.channel) and not patterns.match(subject.channel_name):
            return None
        shown = f"#{subject.channel_name}" if subject.channel_name else subject.channel
        return Holds(f"a request from {shown}")

    return Condition(f"a request from the channel {_or(patterns.texts)}", test, scope=True)


def _repeats(kinds: tuple[str, ...]) -> Condition:
    def test(look: Look) -> Holds | None:
        kind = look.subject.schedule.kind
        return Holds(_REPEATS[kind]) if kind in kinds else None

    return Condition(" or ".join(_REPEATS[kind] for kind in kinds), test)


def _count(least: int | None, most: int | None) -> Condition:
    def test(look: Look) -> Holds | None:
        count = look.subject.targets
        if (least is not None and count < least) or (most is not None and count > most):
            return None
        return Holds(counted(count, look.subject.noun))

    bounds = [f"at least {least}" if least is not None else "", f"at most {most}" if most is not None else ""]
    return Condition(f"{' and '.join(b for b in bounds if b)} targets", test)


def _fact(name: str, patterns: Patterns) -> Condition:
    def test(look: Look) -> Holds | None:
        values = look.facts.get(name) or ("",)
        for value in values:
            if patterns.match(value):
                return Holds(_fact_words(name, value), all(map(patterns.match, values)))
        return None

    label = {"run_as": "run-as user", "reboot": "reboot preference"}.get(name, name.replace("_", " "))
    return Condition(f"the {label} {_or(patterns.texts)}", test)


def _fact_words(name: str, value: str) -> str:
    match name:
        case "reboot":
            return _REBOOTS.get(value.casefold(), f"the reboot preference {value}")
        case "run_as":
            return f"running as {value}"
        case _:
            return f"the {name.replace('_', ' ')} {value or 'left empty'}"


def _requester(who: tuple[str, ...]) -> Condition:
    wanted = frozenset(who)

    def test(look: Look) -> Holds | None:
        if wanted.isdisjoint(look.who):
            return None
        if look.subject.requester in wanted:
            return Holds("this requester")
        return Holds(f"a requester from {next(name for name in who if name in look.who)}")

    return Condition(f"a requester from {_or(who)}", test)


def _conflicts(wanted: bool) -> Condition:
    def test(look: Look) -> Holds | None:
        if bool(look.subject.conflicts) is not wanted:
            return None
        return Holds("another request on the same targets" if wanted else "no other request on the same targets")

    return Condition("another request on the same targets" if wanted else "no other request on the same targets", test)


def _starts(days: tuple[Day, ...], hours: tuple[str, ...], zone: str) -> Condition:
    spans = [hours_of(text) for text in hours]
    wanted = frozenset(DAYS.index(day) for day in days)
    tz = ZoneInfo(zone)

    def within(local: datetime) -> bool:
        if not spans:
            return local.weekday() in wanted
        return any(_in_span(local, span, wanted) for span in spans)

    def test(look: Look) -> Holds | None:
        local = [start.astimezone(tz) for start in look.subject.starts]
        found = [start for start in local if within(start)]
        if not found:
            return None
        day = _DAY_NAMES[found[0].weekday()]
        return Holds(f"a start on {day} at {found[0]:%H:%M} ({zone})", len(found) == len(local))

    said = [_or(tuple(_DAY_NAMES[DAYS.index(day)] for day in days)), _or(hours)]
    return Condition(f"a start on {' at '.join(text for text in said if text)} ({zone})", test)


def _in_span(local: datetime, span: tuple[time, time], days: frozenset[int]) -> bool:
    """Whether a time is in a span of hours; one over midnight belongs to the day on which it began."""
    first, last = span
    now = local.time()
    if first < last:
        return first <= now < last and (not days or local.weekday() in days)
    if now >= first:
        return not days or local.weekday() in days
    return now < last and (not days or (local - timedelta(days=1)).weekday() in days)


def _query(patterns: Patterns) -> Condition:
    def test(look: Look) -> Holds | None:
        query = look.query
        return Holds(f"the query {query}" if query else "an empty query") if patterns.match(query) else None

    return Condition(f"the query {_or(patterns.texts)}", test)


def _targets(patterns: Patterns) -> Condition:
    def test(look: Look) -> Holds | None:
        found = patterns.first(look.names)
        if found is not None:
            return Holds(f"the target {found}", patterns.covers(look.names))
        if not look.names.complete:
            return Holds(f"targets not all known by name, while {_or(patterns.texts)} matters", False)
        return None

    return Condition(f"a target {_or(patterns.texts)}", test, divides=True)


def _or(texts: tuple[str, ...]) -> str:
    return " or ".join(text or "(empty)" for text in texts)
