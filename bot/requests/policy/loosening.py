"""Rules that make an approval easier than ``[policy]`` does. They must say so with ``loosens = true``."""

from collections.abc import Callable, Iterator
from math import inf
from typing import NamedTuple

from bot.requests.drift import DEFAULT_DYNAMIC_PERCENT
from bot.requests.durations import format_duration
from bot.requests.overlap import OVERLAPS_BY_STRICTNESS
from bot.requests.policy.conditions import prepare_conditions
from bot.requests.policy.engine import Policy
from bot.requests.policy.rules import (
    COUNT_BY_STRICTNESS,
    DEFAULT_EXPIRY,
    DEFAULT_WARN_BEFORE,
    HOLDS_BY_STRICTNESS,
    LATE_BY_STRICTNESS,
    ApprovalTerms,
    PolicyRule,
    PolicySettings,
)
from bot.requests.setting_types import SettingPath
from bot.requests.text import join_words


class _Term(NamedTuple):
    """A term with its built-in default. ``strictness`` is smaller for what is stricter."""

    key: str
    default: object
    strictness: Callable[..., float]
    text: Callable[..., str] = str


_TERMS = (
    _Term("expires", DEFAULT_EXPIRY, float, format_duration),
    _Term("requester_counts", False, bool, lambda counts: "true" if counts else "false"),
    _Term("late", "ask", LATE_BY_STRICTNESS.index),
    _Term("count", "clock", COUNT_BY_STRICTNESS.index),
    _Term("drift", DEFAULT_DYNAMIC_PERCENT, float),
    _Term("renew_after_days", inf, float),
    _Term("renew_after_runs", inf, float),
    _Term("approval_holds", "start", HOLDS_BY_STRICTNESS.index),
    _Term("overlap", "start", OVERLAPS_BY_STRICTNESS.index),
    _Term("warn_before", DEFAULT_WARN_BEFORE, lambda seconds: -seconds, format_duration),
)


class Loosening(NamedTuple):
    """One term that a rule makes easier, with both values in words."""

    key: str
    before: str
    after: str

    @property
    def text(self) -> str:
        return f"{self.key} from {self.before} to {self.after}" if self.before else self.key


def loosened_terms(rule: PolicyRule, defaults: ApprovalTerms) -> tuple[Loosening, ...]:
    """Return the terms that a rule makes easier than the defaults. More people who may approve count too, unless they
    are those of the rule's own stages."""
    found = []
    for term in _TERMS:
        value, default = getattr(rule, term.key), getattr(defaults, term.key)
        default = term.default if default is None else default
        if value is not None and term.strictness(value) > term.strictness(default):
            found.append(Loosening(term.key, term.text(default), term.text(value)))
    if rule.escalate_to and not rule.required_stages():
        found.append(Loosening("escalate_to", "", ""))
    return tuple(found)


def loosening_problems(settings: PolicySettings) -> Iterator[tuple[SettingPath, str, str]]:
    """Find rules that loosen without saying so, and rules that say so and do not: the place, the rule, the problem."""
    for index, rule in enumerate(settings.rules):
        loosened = loosened_terms(rule, settings)
        if rule.loosens and not loosened:
            yield (
                ("rules", index, "loosens"),
                rule.name,
                "it makes nothing easier than [policy] does; leave loosens out.",
            )
        for item in loosened if not rule.loosens else ():
            told = f"{item.after} is easier than the {item.before} of [policy]" if item.before else "it adds approvers"
            yield (
                ("rules", index, item.key),
                rule.name,
                f"{item.key}: {told}, and rules only make approvals stricter; say loosens = true, or change it.",
            )


def policy_notes(policy: Policy) -> tuple[str, ...]:
    """Return what an administrator should know of a valid policy, a line each: what loosens, and where the default
    approvers do not decide."""
    notes = []
    for index, rule in enumerate(policy.defaults.rules):
        place = f"{policy.location_of(('rules', index))}: the rule “{rule.name}”"
        if rule.loosens:
            terms = join_words([item.text for item in loosened_terms(rule, policy.defaults)])
            notes.append(f"{place} loosens {terms}.")
        if rule.effect == "ask" and rule.required_stages():
            notes.append(f"{place} replaces the default approvers for {_scope(rule, policy)}.")
        if rule.effect == "emergency":
            asked = "after approval by its own approvers" if rule.required_stages() else "without approval"
            notes.append(f"{place} lets {_scope(rule, policy)} run as an emergency {asked}.")
    return tuple(notes)


def _scope(rule: PolicyRule, policy: Policy) -> str:
    conditions = prepare_conditions(rule.when, policy.defaults.zone)
    return join_words([condition.description for condition in conditions]) if conditions else "every request"
