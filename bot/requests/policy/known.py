"""Compares a policy with what is configured: systems, operations, facts. Each problem says what was probably meant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.requests.freezes.rules import FreezeRule
from bot.requests.patterns import Patterns
from bot.requests.policy.engine import Policy
from bot.requests.policy.mistakes import conditions_of, is_plain
from bot.requests.policy.rules import RuleConditions

FactNames = frozenset[str] | None
"""The facts that previews of an operation tell; None if any may come."""
_CLOSE = 0.7
"""How alike a name must be to be suggested, of 1."""
_NAMED_FACTS = ("template", "job_type", "task", "reboot", "run_as")


@dataclass(frozen=True, slots=True)
class Known:
    """The operations of each configured system, by its full name (``foreman.prod``), with the facts that they tell.

    Without any configured system they are by kind (``foreman``).
    """

    systems: Mapping[str, Mapping[str, FactNames]]

    def matching_systems(self, patterns: tuple[str, ...]) -> list[str]:
        """Return the systems that any of some patterns names; all of them without patterns."""
        matches = Patterns(patterns).match
        return [name for name in self.systems if not patterns or matches(name) or matches(name.partition(".")[0])]

    def matching_operations(self, backend: tuple[str, ...], operation: tuple[str, ...]) -> dict[str, FactNames]:
        """Return the operations that a rule is about, by key."""
        matches = Patterns(operation).match
        return {
            key: facts
            for system in self.matching_systems(backend)
            for key, facts in self.systems[system].items()
            if not operation or matches(key)
        }


def unknown_names(policy: Policy, known: Known) -> tuple[str, ...]:
    """Return a line for each system, operation or fact that a policy names and that does not exist."""
    problems = []
    for index, rule in enumerate(policy.defaults.rules):
        for path, conditions in conditions_of(rule):
            # An exception is looked at within the scope of its rule.
            backend = conditions.backend or rule.when.backend
            operation = conditions.operation or rule.when.operation
            problems += [
                f"{policy.location_of(('rules', index, *path, key))}: the rule “{rule.name}”: {text}"
                for key, text in (
                    *_scope_problems(conditions, backend, known),
                    *_fact_problems(conditions, known.matching_operations(backend, operation)),
                )
            ]
    for index, freeze in enumerate(policy.defaults.freezes):
        problems += [
            f"{policy.location_of(('freezes', index, key))}: the freeze “{freeze.name}”: {text}"
            for key, text in _scope_problems(freeze, freeze.backend, known)
        ]
    return tuple(problems)


def _scope_problems(
    scope: RuleConditions | FreezeRule, backend: tuple[str, ...], known: Known
) -> Iterator[tuple[str, str]]:
    """Yield the setting and a sentence for each pattern that no system or operation has."""
    are_configured = any("." in name for name in known.systems)
    kinds = {name.partition(".")[0] for name in known.systems}
    for pattern in scope.backend:
        wanted = pattern if are_configured or not is_plain(pattern) else pattern.partition(".")[0]
        if not known.matching_systems((wanted,)):
            yield "backend", f'no system is called "{pattern}"; {_hint(pattern, {*known.systems, *kinds})}'
    everything = {key for operations in known.systems.values() for key in operations}
    offered = known.matching_operations(backend, ())
    for pattern in scope.operation:
        matches = Patterns((pattern,)).match
        if not any(map(matches, everything)):
            yield "operation", f'there is no operation "{pattern}"; {_hint(pattern, everything)}'
        elif offered and not any(map(matches, offered)):
            yield (
                "operation",
                f'{" or ".join(backend)} has no operation "{pattern}", so this never applies; correct one.',
            )


def _fact_problems(conditions: RuleConditions, operations: Mapping[str, FactNames]) -> Iterator[tuple[str, str]]:
    facts = set().union(*(names or () for names in operations.values()))
    if not operations or any(names is None for names in operations.values()):
        return
    named = [(name, name) for name in _NAMED_FACTS if getattr(conditions, name)]
    for key, name in (*named, *(("facts", name) for name in conditions.facts)):
        if name not in facts:
            yield key, f'no operation of this rule tells "{name}", so this never holds; {_hint(name, facts)}'


def _hint(wanted: str, names: Iterable[str]) -> str:
    return did_you_mean(wanted, names) or f"there is {', '.join(sorted(names))}."


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """Return a question that names what was probably meant; "" if nothing is close."""
    by_folded = {name.casefold(): name for name in sorted(names)}
    close = get_close_matches(wanted.casefold(), by_folded, n=1, cutoff=_CLOSE)
    return f'did you mean "{by_folded[close[0]]}"?' if close else ""
