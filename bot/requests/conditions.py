"""Conditions of a rule, prepared once: does this hold for a request, and what is it called in a reason?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum
from math import inf
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


class Extent(IntEnum):
    """How much of a request meets a condition; a part too where that cannot be known."""

    NOTHING = 0
    PART = 1
    WHOLE = 2


class Look:
    """A subject with what several rules need of it worked out once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.names = Names(subject.names, subject.targets)
        self.facts = {name: _texts(value) for name, value in subject.facts.items()}
        self.lower = {name: tuple(map(str.casefold, values)) for name, values in self.facts.items()}
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
    """One prepared condition. ``extent`` tests it; ``tell`` names what made it hold, and is asked only where it does.

    ``demands`` says what it wants; ``scope`` that it tells where rather than what, so that it is not worth naming
    beside others; ``divides`` that some targets may meet it and others not.
    """

    demands: str
    extent: Callable[[Look], Extent]
    tell: Callable[[Look], str]
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


def _whole(holds: object) -> Extent:
    return Extent.WHOLE if holds else Extent.NOTHING


def _operation(patterns: Patterns) -> Condition:
    return Condition(
        f"the operation {_or(patterns.texts)}",
        lambda look: _whole(patterns.match(look.subject.operation)),
        lambda look: f"the operation {look.subject.operation}",
        scope=True,
    )


def _backend(patterns: Patterns) -> Condition:
    return Condition(
        f"the back end {_or(patterns.texts)}",
        lambda look: _whole(patterns.match(look.subject.backend) or patterns.match(look.subject.kind)),
        lambda look: look.subject.backend,
        scope=True,
    )


def _channel(patterns: Patterns) -> Condition:
    def tell(look: Look) -> str:
        subject = look.subject
        return f"a request from {f'#{subject.channel_name}' if subject.channel_name else subject.channel}"

    return Condition(
        f"a request from the channel {_or(patterns.texts)}",
        lambda look: _whole(patterns.match(look.subject.channel) or patterns.match(look.subject.channel_name)),
        tell,
        scope=True,
    )


def _repeats(kinds: tuple[str, ...]) -> Condition:
    return Condition(
        " or ".join(_REPEATS[kind] for kind in kinds),
        lambda look: _whole(look.subject.schedule.kind in kinds),
        lambda look: _REPEATS[look.subject.schedule.kind],
    )


def _count(least: int | None, most: int | None) -> Condition:
    low, high = least or 0, inf if most is None else most
    bounds = [f"at least {least}" if least is not None else "", f"at most {most}" if most is not None else ""]
    return Condition(
        f"{' and '.join(b for b in bounds if b)} targets",
        lambda look: Extent.WHOLE if low <= look.subject.targets <= high else Extent.NOTHING,
        lambda look: counted(look.subject.targets, look.subject.noun),
    )


def _fact(name: str, patterns: Patterns) -> Condition:
    matches = patterns.matches

    def extent(look: Look) -> Extent:
        values = look.lower.get(name) or ("",)
        if len(values) == 1:
            return Extent.WHOLE if matches(values[0]) else Extent.NOTHING
        found = sum(1 for value in values if matches(value))
        return Extent.WHOLE if found == len(values) else Extent.PART if found else Extent.NOTHING

    def tell(look: Look) -> str:
        return next(_fact_words(name, value) for value in look.facts.get(name) or ("",) if patterns.match(value))

    label = {"run_as": "run-as user", "reboot": "reboot preference"}.get(name, name.replace("_", " "))
    return Condition(f"the {label} {_or(patterns.texts)}", extent, tell)


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

    def tell(look: Look) -> str:
        if look.subject.requester in wanted:
            return "this requester"
        return f"a requester from {next(name for name in who if name in look.who)}"

    return Condition(f"a requester from {_or(who)}", lambda look: _whole(not wanted.isdisjoint(look.who)), tell)


def _conflicts(wanted: bool) -> Condition:
    words = "another request on the same targets" if wanted else "no other request on the same targets"
    return Condition(words, lambda look: _whole(bool(look.subject.conflicts) is wanted), lambda look: words)


def _starts(days: tuple[Day, ...], hours: tuple[str, ...], zone: str) -> Condition:
    spans = [hours_of(text) for text in hours]
    wanted = frozenset(DAYS.index(day) for day in days)
    tz = ZoneInfo(zone)

    def within(local: datetime) -> bool:
        if not spans:
            return local.weekday() in wanted
        return any(_in_span(local, span, wanted) for span in spans)

    def extent(look: Look) -> Extent:
        found = [within(start.astimezone(tz)) for start in look.subject.starts]
        return Extent.NOTHING if not any(found) else Extent.WHOLE if all(found) else Extent.PART

    def tell(look: Look) -> str:
        first = next(local for start in look.subject.starts if within(local := start.astimezone(tz)))
        return f"a start on {_DAY_NAMES[first.weekday()]} at {first:%H:%M} ({zone})"

    said = [_or(tuple(_DAY_NAMES[DAYS.index(day)] for day in days)), _or(hours)]
    return Condition(f"a start on {' at '.join(text for text in said if text)} ({zone})", extent, tell)


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
    return Condition(
        f"the query {_or(patterns.texts)}",
        lambda look: _whole(patterns.match(look.query)),
        lambda look: f"the query {look.query}" if look.query else "an empty query",
    )


def _targets(patterns: Patterns) -> Condition:
    def extent(look: Look) -> Extent:
        if patterns.first(look.names) is not None:
            return Extent.WHOLE if patterns.covers(look.names) else Extent.PART
        return Extent.NOTHING if look.names.complete else Extent.PART

    def tell(look: Look) -> str:
        found = patterns.first(look.names)
        if found is not None:
            return f"the target {found}"
        return f"targets not all known by name, while {_or(patterns.texts)} matters"

    return Condition(f"a target {_or(patterns.texts)}", extent, tell, divides=True)


def _or(texts: tuple[str, ...]) -> str:
    return " or ".join(text or "(empty)" for text in texts)
