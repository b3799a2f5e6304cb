"""Which rules win over which: ``wins_over`` of a rule names others that do not count beside it."""

from collections.abc import Iterator, Mapping, Sequence

from bot.requests.patterns import Patterns
from bot.requests.policy.rules import PolicyRule
from bot.requests.setting_types import SettingPath

Precedence = Mapping[str, frozenset[str]]
"""The names of the rules that a rule wins over, by its own name."""


def precedence_of(rules: Sequence[PolicyRule]) -> Precedence:
    """Return which rules win over which. A rule never wins over itself, even if its own pattern matches its name."""
    names = [rule.name for rule in rules]
    return {
        rule.name: frozenset(name for name in names if name != rule.name and Patterns(rule.wins_over).match(name))
        for rule in rules
        if rule.wins_over
    }


def precedence_problems(rules: Sequence[PolicyRule]) -> Iterator[tuple[SettingPath, str, str]]:
    """Find names that no rule has, and rules that win over each other: the place, the rule, the problem."""
    names = [rule.name for rule in rules]
    precedence = precedence_of(rules)
    for index, rule in enumerate(rules):
        place: SettingPath = ("rules", index, "wins_over")
        for pattern in rule.wins_over:
            if not any(name != rule.name and Patterns((pattern,)).match(name) for name in names):
                yield place, rule.name, f'there is no other rule "{pattern}"; see wins_over.'
        if loop := _loop_from(rule.name, precedence):
            told = " wins over ".join(f"“{name}”" for name in loop)
            yield place, rule.name, f"{told}: none of them would count; take one wins_over out."


def _loop_from(name: str, precedence: Precedence) -> list[str]:
    """Return a way from a rule over the ones it wins over back to itself; empty if there is none."""
    ways = [[name, other] for other in sorted(precedence.get(name, ()))]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == name:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, other] for other in sorted(precedence.get(way[-1], ()))]
    return []


def by_precedence(names: Sequence[str], precedence: Precedence) -> list[str]:
    """Return names so that each comes before those it wins over. There must be no loop."""
    ordered: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name not in seen:
            seen.add(name)
            for other in precedence.get(name, ()):
                visit(other)
            ordered.append(name)

    for name in names:
        visit(name)
    return ordered[::-1]
