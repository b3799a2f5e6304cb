"""Policy: rules that are prepared once, and which of them apply to a request.

All rules that apply count, and the most demanding of each kind wins. The order in the file decides only the order of
stages. ``bot.requests.policy.evaluate`` combines them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from bot.requests.directory import is_group
from bot.requests.freezes.model import Freeze
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import Coverage, PreparedSubject, prepare_conditions
from bot.requests.policy.rules import PolicyRule, PolicySettings
from bot.requests.setting_types import SettingPath


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that applies: why, and whether it covers the whole request or only some of its targets or starts.
    ``target_patterns`` are the patterns of the rule if only its targets limit what it covers."""

    rule: PolicyRule
    causes: tuple[str, ...]
    covers_all: bool
    target_patterns: tuple[str, ...] = ()


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
        self.exceptions = prepare_conditions(rule.unless, zone) if rule.unless else ()
        self._needs_full_coverage = rule.effect == "approve"
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
        whole request is. A rule that approves applies only if the whole request meets it, and any part excepts it.
        """
        minimum = Coverage.FULL if self._needs_full_coverage else Coverage.PARTIAL
        coverages = []
        for condition in self.conditions:
            coverage = condition.coverage(prepared)
            if coverage < minimum:
                return None
            coverages.append((condition, coverage))
        if self.exceptions and self._is_excepted(prepared):
            return None
        covers_all = all(coverage is Coverage.FULL for _, coverage in coverages)
        only_targets_limit = all(
            coverage is Coverage.FULL for condition, coverage in coverages if not condition.splits_targets
        )
        target_patterns = self.rule.when.targets if only_targets_limit else ()
        return RuleMatch(self.rule, self._causes(prepared), covers_all, target_patterns)

    def _is_excepted(self, prepared: PreparedSubject) -> bool:
        minimum = Coverage.PARTIAL if self._needs_full_coverage else Coverage.FULL
        return all(condition.coverage(prepared) >= minimum for condition in self.exceptions)

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
        for condition in sorted(self.conditions, key=lambda c: not c.is_scope):
            coverage = condition.coverage(prepared)
            if coverage is Coverage.NONE:
                return RuleMiss(self.rule, f"it wants {condition.description}")
            if self._needs_full_coverage and coverage is Coverage.PARTIAL:
                return RuleMiss(self.rule, f"it wants {condition.description}, for all of the request")
        return RuleMiss(self.rule, f"it excepts {' and '.join(c.description for c in self.exceptions)}")


def _requester_groups(settings: PolicySettings) -> Iterator[str]:
    for terms in (settings, *settings.rules):
        yield from filter(is_group, terms.may_request)
    for rule in settings.rules:
        for conditions in (rule.when, rule.unless):
            yield from filter(is_group, conditions.requester if conditions else ())


class Policy:
    """A valid policy. ``location_of`` returns the place of a setting for messages: ``nightshift.toml:12``."""

    def __init__(
        self,
        defaults: PolicySettings,
        freezes: tuple[Freeze, ...] = (),
        location_of: Callable[[SettingPath], str] = lambda path: "policy",
    ) -> None:
        self.defaults = defaults
        self.freezes = freezes
        self.location_of = location_of
        self.requester_groups = frozenset(_requester_groups(defaults))
        """The user groups on which it depends who may request what, as the file names them."""
        self.rules = tuple(PreparedRule(rule, defaults.zone) for rule in defaults.rules)
        self._relevant_rules = cache(self._find_relevant_rules)

    def matching_rules(self, prepared: PreparedSubject) -> list[RuleMatch]:
        """Return the rules that apply to a request, in the order of the file."""
        relevant = self._relevant_rules(prepared.subject.backend, prepared.subject.operation)
        return [match for rule in relevant if (match := rule.match(prepared)) is not None]

    def _find_relevant_rules(self, backend: str, operation: str) -> tuple[PreparedRule, ...]:
        """Return the rules about one back end and operation. There are few of these pairs, so the result is cached."""
        return tuple(rule for rule in self.rules if rule.is_relevant(backend, operation))
