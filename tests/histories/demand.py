"""What policy demands, worked out the slow way from the plain rules of a history. Uses nothing of the product."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import permutations
from math import inf

from tests.histories.history import PolicySpec, RuleSpec

Groups = Mapping[str, frozenset[str]]
Approvers = frozenset[str]
"""Names as policy has them: users and ``@groups``."""


@dataclass(frozen=True, slots=True)
class Demand:
    """``stages`` has the quorum by approvers. ``tolerance`` is the drift in percent that needs no new approval; None is
    the default."""

    effect: str
    stages: Mapping[Approvers, int]
    requester_counts: bool = False
    tolerance: float | None = None


def demand_of_authors(
    spec: PolicySpec,
    authors: Iterable[str],
    groups: Groups,
    template: str,
    names: tuple[str, ...],
    *,
    written_by_others: bool,
) -> Demand:
    """Return what all authors together need. What others than the requester have written is never approved by a
    rule."""
    demands = [_demand(spec, user, groups, template, names, written_by_others) for user in authors]
    if any(demand.effect == "refuse" for demand in demands):
        return Demand("refuse", {})
    stages: dict[Approvers, int] = {}
    for demand in demands:
        for approvers, quorum in demand.stages.items():
            stages[approvers] = max(quorum, stages.get(approvers, 0))
    tolerances = [demand.tolerance for demand in demands if demand.tolerance is not None]
    return Demand(
        "ask" if any(demand.effect == "ask" for demand in demands) else "approve",
        stages,
        all(demand.requester_counts for demand in demands),
        min(tolerances, default=None),
    )


def _demand(spec: PolicySpec, user: str, groups: Groups, template: str, names: tuple[str, ...], edited: bool) -> Demand:
    rules = [rule for rule in spec.rules if _applies(rule, user, groups, template, names)]
    lists = [allowed for allowed in (spec.may_request, *(rule.may_request for rule in rules)) if allowed]
    if any(rule.effect == "refuse" for rule in rules) or not all(_is_one_of(user, given, groups) for given in lists):
        return Demand("refuse", {})
    counts = _term(spec.requester_counts or False, [(r, r.requester_counts) for r in rules], names)
    tolerance = _term(inf, [(r, r.drift) for r in rules], names)
    terms = (all(counts), None if min(tolerance) == inf else min(tolerance))
    asking = [rule for rule in rules if rule.effect == "ask"]
    approving = [rule for rule in rules if rule.effect == "approve"]
    if approving and not asking and not edited:
        return Demand("approve", {}, *terms)
    stages: dict[Approvers, int] = {}
    is_covered = bool(approving) or any(_is_about_all(rule, names) for rule in asking)
    wanted = [(rule.approvers, rule.quorum) for rule in asking]
    if not is_covered or not wanted:
        wanted.append((spec.approvers, spec.quorum))
    for approvers, quorum in wanted:
        stages[frozenset(approvers)] = max(quorum, stages.get(frozenset(approvers), 0))
    return Demand("ask", stages, *terms)


def _applies(rule: RuleSpec, user: str, groups: Groups, template: str, names: tuple[str, ...]) -> bool:
    return (
        (not rule.template or fnmatch(template.lower(), rule.template.lower()))
        and (not rule.target or any(fnmatch(name, rule.target) for name in names))
        and (rule.min_targets is None or len(names) >= rule.min_targets)
        and (rule.max_targets is None or len(names) <= rule.max_targets)
        and (not rule.requester or _is_one_of(user, rule.requester, groups))
    )


def _is_about_all(rule: RuleSpec, names: tuple[str, ...]) -> bool:
    return not rule.target or all(fnmatch(name, rule.target) for name in names)


def _is_one_of(user: str, principals: Iterable[str], groups: Groups) -> bool:
    return any(user == each or (each[0] == "@" and user in groups[each[1:]]) for each in principals)


def _term(default: object, given: list[tuple[RuleSpec, object]], names: tuple[str, ...]) -> list[float]:
    """Return the values of a term: those of the rules, and the default unless a rule about all of it sets the term."""
    values = [value for _, value in given if value is not None]
    if not any(value is not None and _is_about_all(rule, names) for rule, value in given):
        values.append(default)
    return values  # type: ignore[return-value]


def members_of(approvers: Iterable[str], groups: Groups, inactive: frozenset[str]) -> frozenset[str]:
    """Return the active people whom policy names."""
    names = list(approvers)
    users = {name for name in names if name[0] != "@"}
    return frozenset(users.union(*(groups[name[1:]] for name in names if name[0] == "@"))) - inactive


def can_fill(seats: list[frozenset[str]], voters: list[frozenset[str]]) -> bool:
    """Return whether different voters, each in the place of one person, fill all seats with different people.

    ``voters`` has for each voter the people for whom they may count. Tries everything.
    """
    if len(voters) < len(seats):
        return False
    return any(_can_place(seats, chosen, frozenset()) for chosen in permutations(voters, len(seats)))


def _can_place(seats: list[frozenset[str]], voters: tuple[frozenset[str], ...], taken: frozenset[str]) -> bool:
    if not seats:
        return True
    return any(_can_place(seats[1:], voters[1:], taken | {user}) for user in (voters[0] & seats[0]) - taken)
