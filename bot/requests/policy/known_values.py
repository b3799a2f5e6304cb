"""Compares values that a policy names, such as templates, with those that its back ends have."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot.requests.patterns import Patterns
from bot.requests.policy.engine import Policy
from bot.requests.policy.known import NAMED_FACTS, Known
from bot.requests.policy.load_errors import once, owner_prefix
from bot.requests.policy.mistakes import conditions_of
from bot.requests.policy.suggestions import did_you_mean, did_you_mean_pattern
from bot.requests.setting_types import SettingPath


class FactOf(NamedTuple):
    """A fact of the previews of one operation of a system."""

    system: str
    operation: str
    fact: str


class _NamedValues(NamedTuple):
    """The patterns of one condition, where they are, and the facts that they are about."""

    place: str
    owner: str
    fact: str
    patterns: tuple[str, ...]
    facts: frozenset[FactOf]


def named_facts(policy: Policy, known: Known) -> frozenset[FactOf]:
    """Return the facts whose values a policy names."""
    return frozenset().union(*(named.facts for named in _named_values(policy, known)))


def unknown_values(policy: Policy, known: Known, values: Mapping[FactOf, frozenset[str]]) -> list[str]:
    """Return a line for each pattern that no value matches, with what was probably meant.

    ``values`` has what back ends tell. Where one of those that a rule is about does not tell, nothing is found.
    """
    return once(_unknown_values(policy, known, values))


def _unknown_values(
    policy: Policy, known: Known, values: Mapping[FactOf, frozenset[str]]
) -> Iterator[tuple[str, str, str]]:
    for named in _named_values(policy, known):
        if not named.facts or not named.facts <= values.keys():
            continue
        there = frozenset().union(*(values[fact] for fact in named.facts))
        systems = " or ".join(sorted({fact.system for fact in named.facts}))
        for pattern in named.patterns:
            suggest = did_you_mean_pattern if "*" in pattern else did_you_mean
            if not any(map(Patterns((pattern,)).match, there)):
                hint = suggest(pattern, there) or "correct it, or remove it."
                yield named.place, named.owner, f'{systems} has no {named.fact} "{pattern}"; {hint}'


def _named_values(policy: Policy, known: Known) -> Iterator[_NamedValues]:
    for index, rule in enumerate(policy.defaults.rules):
        for path, conditions in conditions_of(rule):
            backend = conditions.backend or rule.when.backend
            operations = conditions.operation or rule.when.operation
            about = [
                (system, key)
                for system in known.matching_systems(backend)
                for key, facts in known.matching_operations((system,), operations).items()
            ]
            named: list[tuple[str, SettingPath, tuple[str, ...]]] = [
                (name, (name,), getattr(conditions, name)) for name in NAMED_FACTS if getattr(conditions, name)
            ]
            named += [(name, ("facts", name), patterns) for name, patterns in conditions.facts.items()]
            for fact, key, patterns in named:
                facts = frozenset(FactOf(*each, fact) for each in about if known.tells(*each, fact))
                place = policy.location_of(("rules", index, *path, *key))
                yield _NamedValues(place, owner_prefix("rules", rule.name), fact, patterns, facts)
