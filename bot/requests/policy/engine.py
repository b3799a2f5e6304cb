"""Policy: rules prepared once, and which of them apply to a request.

All rules that apply count, and the most demanding one of each kind wins; the order of the file decides nothing but
the order of stages. ``bot.requests.policy.evaluate`` puts them together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from bot.requests.freezes.model import Freeze
from bot.requests.patterns import Patterns
from bot.requests.policy.conditions import Coverage, PreparedSubject, prepare_conditions
from bot.requests.policy.rules import PolicyRule, PolicySettings
from bot.requests.setting_types import SettingPath


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A rule that applies: why, and whether it covers the whole request or only some targets or starts of it.
    ``shares`` are its target patterns where nothing but the other targets keeps it from covering all."""

    rule: PolicyRule
    causes: tuple[str, ...]
    covers_all: bool
    target_patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleMiss:
    """A rule that does not apply, and the condition that failed (or the exception that held), in words."""

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
        """Whether the rule is for this back end and operation at all."""
        if self._operations is not None and not self._operations.match(operation):
            return False
        kind = backend.partition(".")[0]
        return self._backends is None or self._backends.match(backend) or self._backends.match(kind)

    def match(self, prepared: PreparedSubject) -> RuleMatch | None:
        """Whether the rule applies; None is a plain no (``explain`` gives the reason).

        A rule that asks, refuses or limits applies as soon as some of the request meets it, and is excepted only if
        all of it is. A rule that approves at once applies only if all of the request meets it.
        """
        least = Coverage.FULL if self._needs_full_coverage else Coverage.PARTIAL
        found = []
        for condition in self.conditions:
            extent = condition.coverage(prepared)
            if extent < least:
                return None
            found.append((condition, extent))
        if self.exceptions and self._is_excepted(prepared):
            return None
        undivided = all(extent is Coverage.FULL for condition, extent in found if not condition.splits_targets)
        whole = all(extent is Coverage.FULL for _, extent in found)
        return RuleMatch(self.rule, self._causes(prepared), whole, self.rule.when.targets if undivided else ())

    def _is_excepted(self, prepared: PreparedSubject) -> bool:
        least = Coverage.PARTIAL if self._needs_full_coverage else Coverage.FULL
        return all(condition.coverage(prepared) >= least for condition in self.exceptions)

    def _causes(self, prepared: PreparedSubject) -> tuple[str, ...]:
        if self.rule.because:
            return (self.rule.because,)
        telling = [condition for condition in self.conditions if not condition.is_scope] or self.conditions
        return tuple(condition.matched_text(prepared) for condition in telling) or ("the rule covers every request",)

    def explain(self, prepared: PreparedSubject) -> RuleMatch | RuleMiss:
        """Like ``test``, with the reason for a no."""
        applies = self.match(prepared)
        if applies is not None:
            return applies
        for condition in sorted(self.conditions, key=lambda c: not c.is_scope):
            extent = condition.coverage(prepared)
            if extent is Coverage.NONE:
                return RuleMiss(self.rule, f"it wants {condition.description}")
            if self._needs_full_coverage and extent is Coverage.PARTIAL:
                return RuleMiss(self.rule, f"it wants {condition.description}, for all of the request")
        return RuleMiss(self.rule, f"it excepts {' and '.join(c.description for c in self.exceptions)}")


class Policy:
    """A valid policy. ``where`` tells the place of a setting, ``nightshift.toml:12``, for messages about it."""

    def __init__(
        self,
        defaults: PolicySettings,
        freezes: tuple[Freeze, ...] = (),
        location_of: Callable[[SettingPath], str] = lambda place: "policy",
    ) -> None:
        self.defaults = defaults
        self.freezes = freezes
        self.location_of = location_of
        self.rules = tuple(PreparedRule(rule, defaults.zone) for rule in defaults.rules)
        self._relevant_rules = lru_cache(maxsize=256)(self._find_relevant_rules)

    def matching_rules(self, prepared: PreparedSubject) -> list[RuleMatch]:
        """The rules that apply to a request, in the order of the file."""
        near = self._relevant_rules(prepared.subject.backend, prepared.subject.operation)
        return [found for rule in near if (found := rule.match(prepared)) is not None]

    def _find_relevant_rules(self, backend: str, operation: str) -> tuple[PreparedRule, ...]:
        """The rules for one back end and operation: there are few of those, so this is worked out once for each."""
        return tuple(rule for rule in self.rules if rule.is_relevant(backend, operation))
