"""The conditions of rules, prepared once: whether each holds for a request, and how a reason names it."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import IntEnum, auto
from math import inf
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bot.requests.directory import is_group
from bot.requests.patterns import Patterns, TargetNames
from bot.requests.policy.hours import in_hours, telling_moments
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
_FACT_LABELS = {
    "run_as": "run-as user",
    "reboot": "reboot preference",
    "tenants": "tenant",
    "clients": "client",
    "client_names": "client",
    "device_groups": "device group",
    "organizations": "organization",
    "locations": "location",
    "host_groups": "host group",
}
"""What people call a fact, where that is not its name."""
_SCHEDULE_TEXTS = {
    "now": "a start at once",
    "once": "a single run",
    "window": "a maintenance window",
    "series": "a series",
}
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Coverage(IntEnum):
    """How much of a request meets a condition. It is partial too if that cannot be known."""

    NONE = auto()
    PARTIAL = auto()
    FULL = auto()


class PreparedSubject:
    """A subject with the values that several rules need, computed once."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.names = TargetNames(subject.names, subject.targets)
        self.facts = {name: _texts(value) for name, value in subject.facts.items()}
        self.unknown_facts = frozenset(name for name, value in subject.facts.items() if _has_unknown(value))
        self.folded_facts = {name: tuple(map(str.casefold, values)) for name, values in self.facts.items()}
        self.requester_ids = subject.groups | {subject.requester}
        self.query = subject.query or str(subject.facts.get("query") or "")

    def knows(self, fact: str, patterns: Collection[str]) -> bool:
        """Return whether every value of a fact that the patterns can match is known."""
        return fact not in self.unknown_facts or set(patterns) <= set(self.subject.known_for.get(fact, ()))


def _texts(value: JsonValue) -> tuple[str, ...]:
    """Return the known values of a fact."""
    if isinstance(value, list):
        return tuple(text for item in value if item is not None for text in _texts(item))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    return ("" if value is None else str(value),)


def _has_unknown(value: JsonValue) -> bool:
    return isinstance(value, list) and None in value


@dataclass(frozen=True, slots=True)
class Condition:
    """One prepared condition.

    ``description`` says what it requires. ``coverage`` tests it. ``matched_text`` names what made it hold, and is
    called only if it does. ``is_scope`` means that it says where rather than what, so that a reason names it only if
    there is nothing else. ``splits_targets`` means that some targets may meet it and others not. ``otherwise`` says
    what would not meet it, if the requester can choose that.
    """

    description: str
    coverage: Callable[[PreparedSubject], Coverage]
    matched_text: Callable[[PreparedSubject], str]
    is_scope: bool = False
    splits_targets: bool = False
    otherwise: str = ""


def prepare_conditions(when: RuleConditions, zone: str) -> tuple[Condition, ...]:
    """Return the conditions of a rule. ``zone`` is used if the rule names none.

    The cheap ones come first. Those that ``PreparedRule.is_relevant`` has already tested come last.
    """
    return tuple(_conditions_of(when, zone))


def _conditions_of(when: RuleConditions, zone: str) -> Iterator[Condition]:
    if when.channel:
        yield _channel(Patterns(tuple(text.removeprefix("#") for text in when.channel)))
    if when.schedule:
        yield _schedule_kind(when.schedule)
    if when.min_targets is not None or when.max_targets is not None:
        yield _target_count(when.min_targets, when.max_targets)
    named_facts = {
        "template": when.template,
        "job_type": when.job_type,
        "task": when.task,
        "reboot": when.reboot,
        "run_as": when.run_as,
    }
    for name, texts in named_facts.items():
        if texts:
            yield _fact(name, Patterns(texts))
    for name, texts in when.facts.items():
        yield _fact(name, Patterns(texts))
    if when.requester:
        yield _requester(when.requester)
    if when.conflicts is not None:
        yield _conflicts(when.conflicts)
    if when.days or when.hours:
        yield _times(when.days, when.hours, when.zone or zone, of_run=when.hours_cover == "run")
    if when.reason:
        yield _reason(Patterns(when.reason))
    if when.query:
        yield _query(Patterns(when.query))
    if when.targets:
        yield _targets(Patterns(when.targets))
    if when.operation:
        yield _operation(Patterns(when.operation))
    if when.backend:
        yield _backend(Patterns(when.backend))


def _full_if(holds: bool) -> Coverage:
    return Coverage.FULL if holds else Coverage.NONE


def _coverage_of(holds: Sequence[bool]) -> Coverage:
    """Return the coverage of a condition from whether it holds for each of several values."""
    if not any(holds):
        return Coverage.NONE
    return Coverage.FULL if all(holds) else Coverage.PARTIAL


def _operation(patterns: Patterns) -> Condition:
    return Condition(
        f"the operation {_join_or(patterns.texts)}",
        lambda prepared: _full_if(patterns.match(prepared.subject.operation)),
        lambda prepared: f"the operation {prepared.subject.operation}",
        is_scope=True,
    )


def _backend(patterns: Patterns) -> Condition:
    return Condition(
        f"the back end {_join_or(patterns.texts)}",
        lambda prepared: _full_if(patterns.match(prepared.subject.backend) or patterns.match(prepared.subject.kind)),
        lambda prepared: prepared.subject.backend,
        is_scope=True,
    )


def _channel(patterns: Patterns) -> Condition:
    def coverage(prepared: PreparedSubject) -> Coverage:
        subject = prepared.subject
        if patterns.match(subject.channel) or patterns.match(subject.channel_name):
            return Coverage.FULL
        return Coverage.PARTIAL if "channel" in subject.unknown else Coverage.NONE

    def matched_text(prepared: PreparedSubject) -> str:
        subject = prepared.subject
        channel = f"#{subject.channel_name}" if subject.channel_name else subject.channel
        return f"a request from {channel or 'an unknown channel'}"

    return Condition(
        f"a request from the channel {_join_or(patterns.texts)}",
        coverage,
        matched_text,
        is_scope=True,
        otherwise="a request from another channel",
    )


def _schedule_kind(kinds: tuple[str, ...]) -> Condition:
    return Condition(
        " or ".join(_SCHEDULE_TEXTS[kind] for kind in kinds),
        lambda prepared: _full_if(prepared.subject.schedule.kind in kinds),
        lambda prepared: _SCHEDULE_TEXTS[prepared.subject.schedule.kind],
        otherwise=" or ".join(text for kind, text in _SCHEDULE_TEXTS.items() if kind not in kinds),
    )


def _target_count(minimum: int | None, maximum: int | None) -> Condition:
    low, high = minimum or 0, inf if maximum is None else maximum
    limits = [f"at least {minimum}" if minimum is not None else "", f"at most {maximum}" if maximum is not None else ""]
    return Condition(
        f"{' and '.join(limit for limit in limits if limit)} targets",
        lambda prepared: _full_if(low <= prepared.subject.targets <= high),
        lambda prepared: count_noun(prepared.subject.targets, prepared.subject.noun),
        otherwise=_other_counts(minimum, maximum),
    )


def _other_counts(minimum: int | None, maximum: int | None) -> str:
    """Return which numbers of targets are not within two limits."""
    fewer = f"at most {count_noun(minimum - 1, 'targets')}" if minimum is not None and minimum > 1 else ""
    more = f"at least {count_noun(maximum + 1, 'targets')}" if maximum is not None else ""
    return " or ".join(text for text in (fewer, more) if text)


def _fact(name: str, patterns: Patterns) -> Condition:
    matches = patterns.match_folded

    def coverage(prepared: PreparedSubject) -> Coverage:
        values = prepared.folded_facts.get(name, ())
        if not prepared.knows(name, patterns.texts):
            return Coverage.PARTIAL
        if len(values) == 1:
            return _full_if(matches(values[0]))
        return _coverage_of([matches(value) for value in values or ("",)])

    def matched_text(prepared: PreparedSubject) -> str:
        known = (value for value in prepared.facts.get(name) or ("",) if patterns.match(value))
        unknown = f"an unknown {label}, while {_join_or(patterns.texts)} matters"
        return next((_fact_text(name, value) for value in known), unknown)

    label = _FACT_LABELS.get(name, name.replace("_", " "))
    other = f"{'an' if label[0] in 'aeiou' else 'a'} {label} other than {_join_or(patterns.texts)}"
    return Condition(f"the {label} {_join_or(patterns.texts)}", coverage, matched_text, otherwise=other)


def _fact_text(name: str, value: str) -> str:
    match name:
        case "reboot":
            return _REBOOT_TEXTS.get(value.casefold(), f"the reboot preference {value}")
        case "run_as":
            return f"running as {value}"
        case _:
            return f"the {_FACT_LABELS.get(name, name.replace('_', ' '))} {value or 'left empty'}"


def _requester(principals: tuple[str, ...]) -> Condition:
    wanted = frozenset(principals)

    def coverage(prepared: PreparedSubject) -> Coverage:
        if not wanted.isdisjoint(prepared.requester_ids):
            return Coverage.FULL
        # Nobody can tell who is meant by a group that is gone.
        is_known = wanted.isdisjoint(prepared.subject.missing_groups) and not unknown_requester(principals, prepared)
        return Coverage.NONE if is_known else Coverage.PARTIAL

    def matched_text(prepared: PreparedSubject) -> str:
        if missing_requester_groups(principals, prepared.subject) or unknown_requester(principals, prepared):
            return f"a requester who may be from {_join_or(principals)}"
        if prepared.subject.requester in wanted:
            return "this requester"
        return f"a requester from {next(name for name in principals if name in prepared.requester_ids)}"

    return Condition(
        f"a requester from {_join_or(principals)}",
        coverage,
        matched_text,
    )


def unknown_requester(principals: tuple[str, ...], prepared: PreparedSubject) -> bool:
    """Return whether nobody can tell if a requester is meant, because their groups are not known."""
    is_named = not prepared.requester_ids.isdisjoint(principals)
    return "groups" in prepared.subject.unknown and not is_named and any(map(is_group, principals))


def missing_requester_groups(principals: tuple[str, ...], subject: Subject) -> tuple[str, ...]:
    """Return the missing user groups on which it depends whether a condition on the requester holds; none if it holds
    anyway."""
    if not (subject.groups | {subject.requester}).isdisjoint(principals):
        return ()
    return tuple(name for name in principals if name in subject.missing_groups)


def _conflicts(wanted: bool) -> Condition:
    text = "another request on the same targets" if wanted else "no other request on the same targets"
    return Condition(
        text,
        lambda prepared: (
            Coverage.PARTIAL
            if "conflicts" in prepared.subject.unknown
            else _full_if(bool(prepared.subject.conflicts) is wanted)
        ),
        lambda prepared: text,
        otherwise="a time without other requests on the same targets" if wanted else "",
    )


def _times(days: tuple[WeekdayName, ...], hours: tuple[str, ...], zone: str, *, of_run: bool) -> Condition:
    """The days and hours of starts, or with ``of_run`` of everything between a start and its assumed end."""
    spans = [parse_hour_range(text) for text in hours]
    wanted = frozenset(WEEKDAY_NAMES.index(day) for day in days)
    tz = ZoneInfo(zone)
    edges = {time(), *(edge for span in spans for edge in span)}

    def is_within(local: datetime) -> bool:
        if not spans:
            return local.weekday() in wanted
        return any(in_hours(local, span, wanted) for span in spans)

    def moments(prepared: PreparedSubject, start: datetime) -> list[datetime]:
        seconds = prepared.subject.run_seconds if of_run else 0
        return telling_moments(start.astimezone(tz), timedelta(seconds=seconds), edges)

    def coverage(prepared: PreparedSubject) -> Coverage:
        if "starts" in prepared.subject.unknown:
            return Coverage.PARTIAL
        return _coverage_of([is_within(m) for start in prepared.subject.starts for m in moments(prepared, start)])

    def matched_text(prepared: PreparedSubject) -> str:
        within = (m for start in prepared.subject.starts for m in moments(prepared, start) if is_within(m))
        first = next(within, None)
        if first is None:
            return f"a {noun} at an unknown time"
        return f"a {noun} on {_DAY_NAMES[first.weekday()]} at {first:%H:%M} ({zone})"

    noun = "run" if of_run else "start"
    on_days = f" on {_join_or(tuple(_DAY_NAMES[WEEKDAY_NAMES.index(day)] for day in days))}" if days else ""
    at_hours = f" at {_join_or(hours)}" if hours else ""
    otherwise = f"a {noun} that is not{on_days}{at_hours} ({zone})"
    return Condition(f"a {noun}{on_days}{at_hours} ({zone})", coverage, matched_text, otherwise=otherwise)


def _query(patterns: Patterns) -> Condition:
    return Condition(
        f"the query {_join_or(patterns.texts)}",
        lambda prepared: _full_if(patterns.match(prepared.query)),
        lambda prepared: f"the query {prepared.query}" if prepared.query else "an empty query",
    )


def _reason(patterns: Patterns) -> Condition:
    return Condition(
        f"a reason with {_join_or(patterns.texts)}",
        lambda prepared: _full_if(patterns.match(prepared.subject.reason)),
        lambda prepared: "the reason that is given",
    )


def _targets(patterns: Patterns) -> Condition:
    def coverage(prepared: PreparedSubject) -> Coverage:
        if patterns.first_match(prepared.names) is not None:
            return Coverage.FULL if patterns.covers(prepared.names) else Coverage.PARTIAL
        return Coverage.NONE if prepared.names.complete else Coverage.PARTIAL

    def matched_text(prepared: PreparedSubject) -> str:
        name = patterns.first_match(prepared.names)
        if name is not None:
            return f"the target {name}"
        return f"targets not all known by name, while {_join_or(patterns.texts)} matters"

    return Condition(
        f"a target {_join_or(patterns.texts)}",
        coverage,
        matched_text,
        splits_targets=True,
        otherwise=f"targets other than {_join_or(patterns.texts)}",
    )


def _join_or(texts: tuple[str, ...]) -> str:
    return " or ".join(text or "(empty)" for text in texts)
