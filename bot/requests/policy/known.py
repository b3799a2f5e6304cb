"""Compares a policy with what is configured: systems, operations, facts. Each problem says what was probably meant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.requests.freezes.rules import FreezeRule
from bot.requests.patterns import Patterns
from bot.requests.policy.engine import Policy
from bot.requests.policy.load_errors import once, owner_prefix
from bot.requests.policy.mistakes import conditions_of, is_plain
from bot.requests.policy.rules import RuleConditions
from bot.requests.policy.suggestions import did_you_mean

FactNames = frozenset[str] | None
"""The facts that previews of an operation tell; None if any may come."""
NAMED_FACTS = ("template", "job_type", "task", "reboot", "run_as")
"""The facts that have a condition of their own."""


@dataclass(frozen=True, slots=True)
class Known:
    """The operations of each configured system, by its full name (``foreman.prod``), with the facts that they tell.

    Without any configured system they are by kind (``foreman``).
    """

    systems: Mapping[str, Mapping[str, FactNames]]

    @property
    def are_configured(self) -> bool:
        """Whether any system is configured, so that its name is known."""
        return any("." in name for name in self.systems)

    def matching_systems(self, patterns: tuple[str, ...]) -> list[str]:
        """Return the systems that any of some patterns names; all of them without patterns."""
        matches = Patterns(patterns).match
        return [name for name in self.systems if not patterns or matches(name) or matches(name.partition(".")[0])]

    def tells(self, system: str, operation: str, fact: str) -> bool:
        """Return whether an operation of a system is known to tell a fact."""
        return fact in (self.systems[system].get(operation) or ())

    def matching_operations(self, backend: tuple[str, ...], operation: tuple[str, ...]) -> dict[str, FactNames]:
        """Return the operations that a rule is about, by key."""
        matches = Patterns(operation).match
        return {
            key: facts
            for system in self.matching_systems(backend)
            for key, facts in self.systems[system].items()
            if not operation or matches(key)
        }


def unknown_names(policy: Policy, known: Known) -> list[str]:
    """Return a line for each system, operation or fact that a policy names and that does not exist."""
    return once(_unknown_names(policy, known))


def _unknown_names(policy: Policy, known: Known) -> Iterator[tuple[str, str, str]]:
    for index, rule in enumerate(policy.defaults.rules):
        for path, conditions in conditions_of(rule):
            # An exception is looked at within the scope of its rule.
            backend = conditions.backend or rule.when.backend
            operations = known.matching_operations(backend, conditions.operation or rule.when.operation)
            found = (*_scope_problems(conditions, backend, known), *_fact_problems(conditions, operations))
            for key, text in found:
                yield policy.location_of(("rules", index, *path, key)), owner_prefix("rules", rule.name), text
    for index, freeze in enumerate(policy.defaults.freezes):
        for key, text in _scope_problems(freeze, freeze.backend, known):
            yield policy.location_of(("freezes", index, key)), owner_prefix("freezes", freeze.name), text
    for customer in policy.customers:
        for system in customer.systems if known.are_configured else ():
            if system not in known.systems:
                text = f'no system is called "{system}"; {_hint(system, known.systems)}'
                yield customer.place, f"the customer “{customer.name}”: ", text
    for index, test in enumerate(policy.defaults.tests):
        if not known.matching_systems((test.ask.system,)) and known.are_configured:
            hint = _hint(test.ask.system, known.systems)
            place = policy.location_of(("tests", index, "ask"))
            yield place, owner_prefix("tests", test.name), f'no system is called "{test.ask.system}"; {hint}'


def unnamed_systems(policy: Policy, systems: Iterable[str]) -> tuple[str, ...]:
    """Return a line for each configured system of a kind that belongs to customers, if no customer has it and no rule
    names it."""
    of_customers = {system for customer in policy.customers for system in customer.systems}
    kinds = {system.partition(".")[0] for system in of_customers}
    named = Patterns([text for rule in policy.defaults.rules for text in rule.when.backend if text not in kinds])
    place = policy.location_of(("each", 0))
    return tuple(
        f"{place}: {system} belongs to no customer and no rule names it, so the default approvers decide on it."
        for system in systems
        if system.partition(".")[0] in kinds and system not in of_customers and not named.match(system)
    )


def _scope_problems(
    scope: RuleConditions | FreezeRule, backend: tuple[str, ...], known: Known
) -> Iterator[tuple[str, str]]:
    """Yield the setting and a sentence for each pattern that no system or operation has."""
    kinds = {name.partition(".")[0] for name in known.systems}
    for pattern in scope.backend:
        wanted = pattern if known.are_configured or not is_plain(pattern) else pattern.partition(".")[0]
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
    named = [(name, name) for name in NAMED_FACTS if getattr(conditions, name)]
    for key, name in (*named, *(("facts", name) for name in conditions.facts)):
        if name not in facts:
            yield key, f'no operation of this rule tells "{name}", so this never holds; {_hint(name, facts)}'


def _hint(wanted: str, names: Iterable[str]) -> str:
    return did_you_mean(wanted, names) or f"there is {', '.join(sorted(names))}."
