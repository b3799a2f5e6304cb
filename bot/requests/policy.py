"""Policy: rules prepared once, and which of them apply to a request.

All rules that apply count, and the most demanding one of each kind wins; the order of the file decides nothing but
the order of stages. ``bot.requests.decide`` puts them together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from bot.requests.conditions import Extent, Look, conditions
from bot.requests.freezes import Freeze
from bot.requests.patterns import Patterns
from bot.requests.rules import Defaults, Rule

Place = tuple[str | int, ...]
"""Where something stands in the table ``[policy]``: ``("rules", 3, "quorum")``."""


@dataclass(frozen=True, slots=True)
class Applies:
    """A rule that applies: why, and whether it covers the whole request or only some targets or starts of it.
    ``shares`` are its target patterns where nothing but the other targets keeps it from covering all."""

    rule: Rule
    because: tuple[str, ...]
    whole: bool
    shares: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Misses:
    """A rule that does not apply, and the condition that failed (or the exception that held), in words."""

    rule: Rule
    why: str


class Prepared:
    """One rule with its conditions ready to be tested."""

    def __init__(self, rule: Rule, zone: str) -> None:
        self.rule = rule
        self.conditions = conditions(rule.when, zone)
        self.exceptions = conditions(rule.unless, zone) if rule.unless else ()
        self._lenient = rule.effect == "approve"
        self._backends = Patterns(rule.when.backend) if rule.when.backend else None
        self._operations = Patterns(rule.when.operation) if rule.when.operation else None

    def is_near(self, backend: str, operation: str) -> bool:
        """Whether the rule is for this back end and operation at all."""
        if self._operations is not None and not self._operations.match(operation):
            return False
        kind = backend.partition(".")[0]
        return self._backends is None or self._backends.match(backend) or self._backends.match(kind)

    def test(self, look: Look) -> Applies | None:
        """Whether the rule applies; None is a plain no (``explain`` gives the reason).

        A rule that asks, refuses or limits applies as soon as some of the request meets it, and is excepted only if
        all of it is. A rule that approves at once applies only if all of the request meets it.
        """
        least = Extent.WHOLE if self._lenient else Extent.PART
        found = []
        for condition in self.conditions:
            extent = condition.extent(look)
            if extent < least:
                return None
            found.append((condition, extent))
        if self.exceptions and self._excepted(look):
            return None
        undivided = all(extent is Extent.WHOLE for condition, extent in found if not condition.divides)
        whole = all(extent is Extent.WHOLE for _, extent in found)
        return Applies(self.rule, self._because(look), whole, self.rule.when.targets if undivided else ())

    def _excepted(self, look: Look) -> bool:
        least = Extent.PART if self._lenient else Extent.WHOLE
        return all(condition.extent(look) >= least for condition in self.exceptions)

    def _because(self, look: Look) -> tuple[str, ...]:
        if self.rule.because:
            return (self.rule.because,)
        telling = [condition for condition in self.conditions if not condition.scope] or self.conditions
        return tuple(condition.tell(look) for condition in telling) or ("the rule covers every request",)

    def explain(self, look: Look) -> Applies | Misses:
        """Like ``test``, with the reason for a no."""
        applies = self.test(look)
        if applies is not None:
            return applies
        for condition in sorted(self.conditions, key=lambda c: not c.scope):
            extent = condition.extent(look)
            if extent is Extent.NOTHING:
                return Misses(self.rule, f"it wants {condition.demands}")
            if self._lenient and extent is Extent.PART:
                return Misses(self.rule, f"it wants {condition.demands}, for all of the request")
        return Misses(self.rule, f"it excepts {' and '.join(c.demands for c in self.exceptions)}")


class Policy:
    """A valid policy. ``where`` tells the place of a setting, ``nightshift.toml:12``, for messages about it."""

    def __init__(
        self,
        defaults: Defaults,
        freezes: tuple[Freeze, ...] = (),
        where: Callable[[Place], str] = lambda place: "policy",
    ) -> None:
        self.defaults = defaults
        self.freezes = freezes
        self.where = where
        self.rules = tuple(Prepared(rule, defaults.zone) for rule in defaults.rules)
        self._near = lru_cache(maxsize=256)(self._find_near)

    def applying(self, look: Look) -> list[Applies]:
        """The rules that apply to a request, in the order of the file."""
        near = self._near(look.subject.backend, look.subject.operation)
        return [found for rule in near if (found := rule.test(look)) is not None]

    def _find_near(self, backend: str, operation: str) -> tuple[Prepared, ...]:
        """The rules for one back end and operation: there are few of those, so this is worked out once for each."""
        return tuple(rule for rule in self.rules if rule.is_near(backend, operation))
