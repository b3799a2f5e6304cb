"""Evaluates the forms of PromQL that the alert rules use: a comparison of a metric or of its increase, and absent()."""

import operator
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Labels = Mapping[str, str]
Samples = Sequence[tuple[str, Labels, float]]
_FORM = re.compile(
    r"(?:(?P<function>absent|increase)\()?(?P<metric>\w+)(?:\{(?P<labels>[^}]*)\})?(?:\[\w+\])?\)?"
    r"(?: (?P<compare>==|>|<) (?P<bound>[\d.]+))?"
)
_LABEL = re.compile(r'(\w+)(=~|=)"([^"]*)"')
_COMPARE = {"==": operator.eq, ">": operator.gt, "<": operator.lt}


@dataclass(frozen=True)
class Expression:
    """A rule's condition."""

    function: str
    metric: str
    labels: Sequence[tuple[str, str, str]]
    compare: str
    bound: float

    def fires(self, before: Samples, after: Samples) -> bool:
        """Whether it holds ``after``; an increase is what came since ``before``."""
        found = {frozenset(labels.items()): value for name, labels, value in after if self._matches(name, labels)}
        if self.function == "absent":
            return not found
        earlier = {frozenset(labels.items()): value for name, labels, value in before if self._matches(name, labels)}
        is_increase = self.function == "increase"
        values = [value - (earlier.get(key, 0.0) if is_increase else 0.0) for key, value in found.items()]
        return any(_COMPARE[self.compare](value, self.bound) for value in values)

    def _matches(self, name: str, labels: Labels) -> bool:
        return name == self.metric and all(
            re.fullmatch(value, labels.get(label, "")) if sign == "=~" else labels.get(label) == value
            for label, sign, value in self.labels
        )


def parse(text: str) -> Expression:
    """Return the expression; fails on a form that is not one of ours."""
    found = _FORM.fullmatch(text)
    assert found is not None, text
    return Expression(
        function=found["function"] or "",
        metric=found["metric"],
        labels=[(name, sign, value) for name, sign, value in _LABEL.findall(found["labels"] or "")],
        compare=found["compare"] or "",
        bound=float(found["bound"] or 0),
    )
