"""Plays the tests of a policy and says what differs from what they expect."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from bot.requests.freezes.model import FreezeHit, find_freeze_hits
from bot.requests.model import Requirement
from bot.requests.policy.conditions import PreparedSubject
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline
from bot.requests.policy.policy_tests import AskedRequest, LocatedTest, PolicyTest, stage_key
from bot.requests.policy.refusals import refusals
from bot.requests.spans import start_times, work_spans
from bot.requests.subject import Subject
from bot.requests.text import join_words, stage_text, stages_text
from bot.schedule import Ambiguous, Parsed, read

if TYPE_CHECKING:
    from bot.requests.freezes.calendars import Calendar

Calendars = Mapping[str, "Calendar"]


class Difference(NamedTuple):
    """One thing in which a result is not what a test expects."""

    place: str
    test: str
    expected: str
    found: str

    @property
    def text(self) -> str:
        return f"{self.place}: the test “{self.test}”: expected {self.expected}, but {self.found}"


class Outcome(NamedTuple):
    """What comes of a request, in the words of a test."""

    effect: str
    by: tuple[str, ...]
    approvers: tuple[str, ...]


def outcome_of(policy: Policy, ask: AskedRequest, calendars: Calendars | None = None) -> Outcome:
    """Return what comes of a request. Raises ValueError for a phrase that names no time."""
    subject, hits = _asked(policy, ask, calendars)
    requirement = evaluate(policy, subject, hits)
    by = tuple(sorted(deciding_names(policy, subject, hits, requirement)))
    return Outcome(_effect(requirement), by, tuple(map(stage_text, requirement.stages)))


def _effect(requirement: Requirement) -> str:
    return "emergency" if requirement.review else requirement.effect


def play_tests(policy: Policy, calendars: Calendars | None = None) -> tuple[Difference, ...]:
    """Return what differs. Without ``calendars``, freezes that are kept in calendars are left out."""
    return tuple(difference for located in policy.tests for difference in _play(policy, located, calendars))


def _play(policy: Policy, located: LocatedTest, calendars: Calendars | None) -> list[Difference]:
    place, test = located
    try:
        subject, hits = _asked(policy, test.ask, calendars)
    except ValueError as error:
        return [Difference(place, test.name, f'a time in when = "{test.ask.when}"', str(error))]
    requirement = evaluate(policy, subject, hits)
    return [Difference(place, test.name, *pair) for pair in _differences(policy, test, subject, hits, requirement)]


def _asked(policy: Policy, ask: AskedRequest, calendars: Calendars | None) -> tuple[Subject, tuple[FreezeHit, ...]]:
    """Return the request of a test as policy sees it, and the freezes that it touches. Raises ValueError for a phrase
    that names no time."""
    zone = policy.defaults.zone
    at = ask.asked_at()
    now = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
    reading = read(ask.when, now=now, zone=zone)
    if not isinstance(reading, Parsed):
        raise ValueError(
            f"it has several meanings: {reading.ask}" if isinstance(reading, Ambiguous) else "it is not understood"
        )
    names = ask.targets if isinstance(ask.targets, tuple) else tuple(f"target-{n + 1}" for n in range(ask.targets))
    given = {name: getattr(ask, name) for name in ("template", "job_type", "task", "reboot", "run_as")}
    subject = Subject(
        backend=ask.system,
        operation=ask.operation,
        facts={**{name: value for name, value in given.items() if value}, **ask.facts},
        requester=ask.requester,
        groups=frozenset(ask.groups),
        missing_groups=frozenset(ask.missing_groups),
        channel=ask.channel,
        channel_name=ask.channel.removeprefix("#"),
        targets=len(names) if ask.targets_known else len(names) + 1,
        names=names,
        query=ask.query,
        schedule=reading.schedule,
        starts=start_times(reading.schedule, now, zone),
        run_seconds=policy.defaults.assume,
        approved_today=ask.approved_today,
        conflicts=("another request works on the same targets",) if ask.conflicts else (),
        reason=ask.reason,
        change=ask.change,
        emergency=ask.emergency,
    )
    freezes = [freeze for freeze in policy.freezes if calendars is not None or not freeze.calendar]
    spans = work_spans(reading.schedule, now, timedelta(seconds=policy.defaults.assume))
    return subject, find_freeze_hits(freezes, subject, spans, now, calendars or {})


def _differences(
    policy: Policy, test: PolicyTest, subject: Subject, hits: Sequence[FreezeHit], requirement: Requirement
) -> list[tuple[str, str]]:
    """Return what is expected and what is found, in words, of everything that differs."""
    effect = _effect(requirement)
    if effect != test.expect:
        return [(test.expect, f"{effect}: {headline(requirement)}")]
    differences = []
    deciding = deciding_names(policy, subject, hits, requirement)
    if test.by is not None and set(test.by) != deciding:
        differences.append((f"by {_listed(sorted(test.by))}", f"by {_listed(sorted(deciding))}"))
    if test.approvers is not None:
        found = [
            (stage.quorum, frozenset(name.lower() for name in (*stage.groups, *stage.users)))
            for stage in requirement.stages
        ]
        if [stage_key(text) for text in test.approvers] != found:
            stages = stages_text(requirement.stages) if requirement.stages else "nobody"
            differences.append((f"approvers {', then '.join(test.approvers) or 'nobody'}", stages))
    return differences


def _listed(names: Sequence[str]) -> str:
    return join_words([f"“{name}”" for name in names]) or "no rule"


def deciding_names(
    policy: Policy, subject: Subject, hits: Sequence[FreezeHit], requirement: Requirement
) -> frozenset[str]:
    """Return the names of the rules and freezes that bring a result about: for a refusal those that refuse, otherwise
    those that ask or approve."""
    matches = policy.matching_rules(PreparedSubject(subject))
    if requirement.review:
        return frozenset(m.rule.name for m in matches if m.rule.effect == "emergency") | {*requirement.freezes}
    match requirement.effect:
        case "refuse":
            general = refusals(policy, subject, [])
            rules = [m for m in matches if refusals(policy, subject, [m]) != general]
            freezes = [hit for hit in hits if hit.stage is None and not hit.skips_runs]
        case "approve":
            rules, freezes = [m for m in matches if m.rule.effect == "approve"], []
        case _:
            used = subject.approved_today
            rules = [m for m in matches if m.rule.effect == "ask" or m.rule.is_used_up(used)]
            freezes = [hit for hit in hits if hit.stage is not None]
    return frozenset(m.rule.name for m in rules) | frozenset(hit.freeze for hit in freezes)
