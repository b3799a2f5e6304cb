"""Rules for what Slack accepts. They report each violation with its JSON pointer, in Slack's words."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


class Report:
    """The violations found so far, each as ``must be less than 76 characters [json-pointer:/blocks/0/text/text]``."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, pointer: str, text: str) -> None:
        self.messages.append(f"{text} [json-pointer:{pointer}]")


Rule = Callable[[Report, str, Any], None]


def string(max_length: int, min_length: int = 1, pattern: str = "", hint: str = "") -> Rule:
    """A text with a minimum and maximum length, and a pattern that must match whole if there is one."""

    def rule(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, str):
            report.add(pointer, "must provide a string")
        elif len(value) < min_length:
            report.add(pointer, f"must be more than {min_length - 1} characters")
        elif len(value) > max_length:
            report.add(pointer, f"must be less than {max_length + 1} characters")
        elif pattern and not re.fullmatch(pattern, value):
            report.add(pointer, hint or f"does not match {pattern}")

    return rule


def integer(minimum: int, maximum: int) -> Rule:
    def rule(report: Report, pointer: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            report.add(pointer, "must be an integer")
        elif value < minimum:
            report.add(pointer, f"must be greater than {minimum - 1}")
        elif value > maximum:
            report.add(pointer, f"must be less than {maximum + 1}")

    return rule


def boolean_value(report: Report, pointer: str, value: Any) -> None:
    if not isinstance(value, bool):
        report.add(pointer, "must be a boolean")


def any_value(report: Report, pointer: str, value: Any) -> None:
    """Accept any value."""


def one_of(*choices: object) -> Rule:
    def rule(report: Report, pointer: str, value: Any) -> None:
        if value not in choices:
            report.add(pointer, f"must be a valid enum value: {', '.join(map(str, choices))}")

    return rule


def array(item_rule: Rule, max_items: int, min_items: int = 1) -> Rule:
    """A list with a minimum and maximum number of items."""

    def rule(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, list):
            report.add(pointer, "must provide an array")
            return
        if len(value) > max_items:
            report.add(pointer, f"no more than {max_items} items allowed")
        if len(value) < min_items:
            report.add(pointer, f"no fewer than {min_items} items allowed")
        for number, item in enumerate(value):
            item_rule(report, f"{pointer}/{number}", item)

    return rule


@dataclass(frozen=True)
class ObjectRule:
    """An object with these properties and no others; ``also`` checks what spans several of them."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    extra_rule: Rule = any_value

    def __call__(self, report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(pointer, "must provide an object")
            return
        for name in self.required:
            if value.get(name) is None:
                report.add(pointer, f"missing required field: {name}")
        for name, item in value.items():
            rule = self.required.get(name) or self.optional.get(name)
            if name == "type" and rule is None:
                continue
            if rule is None:
                report.add(pointer, f"invalid additional property: {name}")
            elif item is not None or name not in self.required:
                rule(report, f"{pointer}/{name}", item)
        self.extra_rule(report, pointer, value)


def by_type(shapes: Mapping[str, Rule], allowed: Collection[str] | None = None) -> Rule:
    """An object whose shape its ``type`` decides; ``allowed`` narrows the types down."""

    def rule(report: Report, pointer: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(pointer, "must provide an object")
            return
        kind = value.get("type")
        if kind is None:
            report.add(pointer, "missing required field: type")
        elif kind not in shapes or (allowed is not None and kind not in allowed):
            report.add(f"{pointer}/type", f"unsupported type: {kind}")
        else:
            shapes[kind](report, pointer, value)

    return rule
