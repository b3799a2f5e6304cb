"""Policy: rules that are prepared once, and which of them apply to a request.

All rules that apply count, and the most demanding of each kind wins. The order in the file decides only the order of
stages. ``bot.requests.policy.evaluate`` combines them.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from bot.requests.directory import is_group
from bot.requests.freezes.model import Freeze
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import Coverage, PreparedSubject, prepare_conditions
from bot.requests.policy.each import Customer
from bot.requests.policy.policy_tests import LocatedTest
from bot.requests.policy.precedence import by_precedence, precedence_of
from bot.requests.policy.rules import PolicyRule, PolicySettings
from bot.requests.setting_types import SettingPath

MAX_ALLOWED = 3
"""Maximum number of conditions that a refusal names the opposite of."""


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that applies: why, and whether it covers the whole request or only some of its targets or starts.
    ``target_patterns`` are the patterns of the rule if only its targets limit what it covers. ``allowed`` is in
    words what the rule would not apply to, the nearest first: its exceptions, or else what its conditions leave out."""

    rule: PolicyRule
    causes: tuple[str, ...]
    covers_all: bool
    target_patterns: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleMiss:
    """A rule that does not apply, and in words the condition that failed or the exception that held."""

    rule: PolicyRule
    reason: str


class PreparedRule:
    """One rule with its conditions ready to be tested."""

    def __init__(self, rule: PolicyRule, zone: str) -> None:
        self.rule = rule
        self.conditions = prepare_conditions(rule.when, zone)
        self.exceptions = tuple(prepare_conditions(exception, zone) for exception in rule.unless)
        self._is_for_emergencies = rule.effect == "emergency"
        self._needs_full_coverage = rule.effect in ("approve", "emergency")
        self._minimum = Coverage.FULL if self._needs_full_coverage else Coverage.PARTIAL
        self._backends = Patterns(rule.when.backend) if rule.when.backend else None
        self._operations = Patterns(rule.when.operation) if rule.when.operation else None

    def is_relevant(self, backend: str, operation: str) -> bool:
        """Return whether the rule is about this back end and operation at all."""
        if self._operations is not None and not self._operations.match(operation):
            return False
        kind = backend.partition(".")[0]
        return self._backends is None or self._backends.match(backend) or self._backends.match(kind)

    def match(self, prepared: PreparedSubject) -> RuleMatch | None:
        """Return how the rule applies; None if it does not (``explain`` gives the reason).

        A rule that asks, refuses or limits applies if any part of the request meets it, and is excepted only if the
        whole request is. A rule that approves applies only if the whole request meets it, and any part excepts it. So
        does a rule for emergencies, and to nothing but what somebody asked for as an emergency.
        """
        if self._is_for_emergencies and not prepared.subject.may_be_emergency:
            return None
        minimum = self._minimum
        coverages = []
        for condition in self.conditions:
            coverage = condition.coverage(prepared)
            if coverage < minimum:
                return None
            coverages.append((condition, coverage))
        if self._is_excepted(prepared):
            return None
        covers_all = all(coverage is Coverage.FULL for _, coverage in coverages)
        only_targets_limit = all(
            coverage is Coverage.FULL for condition, coverage in coverages if not condition.splits_targets
        )
        target_patterns = self.rule.when.targets if only_targets_limit else ()
        allowed = self._allowed(prepared) if self.rule.effect == "refuse" else ()
        return RuleMatch(self.rule, self._causes(prepared), covers_all, target_patterns, allowed)

    def _allowed(self, prepared: PreparedSubject) -> tuple[str, ...]:
        """Return what the rule would not apply to, in words. The exception of which the request meets most comes first;
        without exceptions it is what each condition leaves out."""
        if not self.exceptions:
            return tuple(condition.otherwise for condition in self.conditions if condition.otherwise)[:MAX_ALLOWED]
        lacking = [sum(c.coverage(prepared) < Coverage.FULL for c in exception) for exception in self.exceptions]
        nearest = sorted(zip(lacking, self.exception_texts, strict=True), key=lambda pair: pair[0])
        return tuple(text for _, text in nearest)

    @property
    def exception_texts(self) -> tuple[str, ...]:
        """The exceptions of the rule, in words."""
        return tuple(" and ".join(c.description for c in exception) for exception in self.exceptions)

    def _is_excepted(self, prepared: PreparedSubject) -> bool:
        return bool(self.exceptions) and any(self._holding_exceptions(prepared))

    def _holding_exceptions(self, prepared: PreparedSubject) -> Iterator[bool]:
        """Whether each exception holds."""
        minimum = Coverage.PARTIAL if self._needs_full_coverage else Coverage.FULL
        for exception in self.exceptions:
            yield all(condition.coverage(prepared) >= minimum for condition in exception)

    def _causes(self, prepared: PreparedSubject) -> tuple[str, ...]:
        if self.rule.because:
            return (self.rule.because,)
        named = [condition for condition in self.conditions if not condition.is_scope] or self.conditions
        return tuple(condition.matched_text(prepared) for condition in named) or ("the rule covers every request",)

    def explain(self, prepared: PreparedSubject) -> RuleMatch | RuleMiss:
        """Like ``match``, with the reason if the rule does not apply."""
        match = self.match(prepared)
        if match is not None:
            return match
        if self._is_for_emergencies and not prepared.subject.may_be_emergency:
            return RuleMiss(self.rule, "it is for emergencies that start now")
        for condition in sorted(self.conditions, key=lambda c: not c.is_scope):
            coverage = condition.coverage(prepared)
            if coverage is Coverage.NONE:
                return RuleMiss(self.rule, f"it wants {condition.description}")
            if self._needs_full_coverage and coverage is Coverage.PARTIAL:
                return RuleMiss(self.rule, f"it wants {condition.description}, for all of the request")
        holding = zip(self.exception_texts, self._holding_exceptions(prepared), strict=True)
        excepting = next(text for text, holds in holding if holds)
        return RuleMiss(self.rule, f"it excepts {excepting}")


def _requester_groups(settings: PolicySettings) -> Iterator[str]:
    for terms in (settings, *settings.rules):
        yield from filter(is_group, (*terms.may_request, *terms.not_approvers))
    for rule in settings.rules:
        for conditions in (rule.when, *rule.unless):
            yield from filter(is_group, conditions.requester)


def _fact_patterns(rules: Iterable[PolicyRule]) -> Mapping[str, Mapping[str, Callable[[str], bool]]]:
    found: dict[str, dict[str, Callable[[str], bool]]] = {}
    for conditions in (each for rule in rules for each in (rule.when, *rule.unless)):
        for name, patterns in conditions.facts.items():
            found.setdefault(name, {}).update({text: Patterns((text,)).match for text in patterns})
    return found


class Policy:
    """A valid policy. ``location_of`` returns the place of a setting for messages: ``nightshift.toml:12``."""

    def __init__(
        self,
        defaults: PolicySettings,
        freezes: tuple[Freeze, ...] = (),
        location_of: Callable[[SettingPath], str] = lambda path: "policy",
        tests: tuple[LocatedTest, ...] = (),
        customers: tuple[Customer, ...] = (),
    ) -> None:
        self.defaults = defaults
        self.freezes = freezes
        self.location_of = location_of
        self.tests = tests
        self.customers = customers
        self.requester_groups = frozenset(_requester_groups(defaults))
        """The user groups on which it depends who may request what, and who may not approve it, as the file names
        them."""
        self.fact_patterns = _fact_patterns(defaults.rules)
        """The facts that rules match, each with the patterns for it and their tests."""
        self.precedence = precedence_of(defaults.rules)
        self._by_precedence = by_precedence(tuple(self.precedence), self.precedence)
        self.rules = tuple(PreparedRule(rule, defaults.zone) for rule in defaults.rules)
        self._relevant_rules = cache(self._find_relevant_rules)

    def matching_rules(self, prepared: PreparedSubject) -> list[RuleMatch]:
        """Return the rules that apply to a request, in the order of the file."""
        relevant = self._relevant_rules(prepared.subject.backend, prepared.subject.operation)
        matches = [match for rule in relevant if (match := rule.match(prepared)) is not None]
        if not self.precedence:
            return matches
        overruled = self.overruled_by({match.rule.name for match in matches if match.covers_all})
        return [match for match in matches if match.rule.name not in overruled]

    def overruled_by(self, whole: Collection[str]) -> Mapping[str, str]:
        """Return the rules that do not count, each with the one that wins over it. ``whole`` are the names of the rules
        that apply to the whole request: only these win, and a rule that does not count wins over nothing."""
        overruled: dict[str, str] = {}
        for name in self._by_precedence:
            if name in self.precedence and name in whole and name not in overruled:
                overruled |= dict.fromkeys(self.precedence[name] - overruled.keys(), name)
        return overruled

    def relevant_rules(self, backend: str, operation: str) -> tuple[PreparedRule, ...]:
        """Return the rules that may apply to requests of one operation."""
        return self._relevant_rules(backend, operation)

    def _find_relevant_rules(self, backend: str, operation: str) -> tuple[PreparedRule, ...]:
        """Return the rules about one back end and operation. There are few of these pairs, so the result is cached."""
        return tuple(rule for rule in self.rules if rule.is_relevant(backend, operation))
