"""A small language for what Slack accepts: rules that report each misfit with its JSON pointer, in Slack's words."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


class Report:
    """The misfits found so far, each as ``must be less than 76 characters [json-pointer:/blocks/0/text/text]``."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def add(self, at: str, text: str) -> None:
        self.messages.append(f"{text} [json-pointer:{at}]")


Rule = Callable[[Report, str, Any], None]


def string(most: int, least: int = 1, pattern: str = "", hint: str = "") -> Rule:
    """A text of ``least`` to ``most`` characters, matching ``pattern`` whole if there is one."""

    def rule(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, str):
            report.add(at, "must provide a string")
        elif len(value) < least:
            report.add(at, f"must be more than {least - 1} characters")
        elif len(value) > most:
            report.add(at, f"must be less than {most + 1} characters")
        elif pattern and not re.fullmatch(pattern, value):
            report.add(at, hint or f"does not match {pattern}")

    return rule


def integer(least: int, most: int) -> Rule:
    def rule(report: Report, at: str, value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int):
            report.add(at, "must be an integer")
        elif value < least:
            report.add(at, f"must be greater than {least - 1}")
        elif value > most:
            report.add(at, f"must be less than {most + 1}")

    return rule


def boolean(report: Report, at: str, value: Any) -> None:
    if not isinstance(value, bool):
        report.add(at, "must be a boolean")


def anything(report: Report, at: str, value: Any) -> None:
    """Accepts whatever stands there."""


def one_of(*choices: object) -> Rule:
    def rule(report: Report, at: str, value: Any) -> None:
        if value not in choices:
            report.add(at, f"must be a valid enum value: {', '.join(map(str, choices))}")

    return rule


def array(of: Rule, most: int, least: int = 1) -> Rule:
    """A list of ``least`` to ``most`` items."""

    def rule(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, list):
            report.add(at, "must provide an array")
            return
        if len(value) > most:
            report.add(at, f"no more than {most} items allowed")
        if len(value) < least:
            report.add(at, f"no fewer than {least} items allowed")
        for number, item in enumerate(value):
            of(report, f"{at}/{number}", item)

    return rule


@dataclass(frozen=True)
class Shape:
    """An object with these properties and no others; ``also`` checks what spans several of them."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    also: Rule = anything

    def __call__(self, report: Report, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(at, "must provide an object")
            return
        for name in self.required:
            if value.get(name) is None:
                report.add(at, f"missing required field: {name}")
        for name, item in value.items():
            rule = self.required.get(name) or self.optional.get(name)
            if name == "type" and rule is None:
                continue
            if rule is None:
                report.add(at, f"invalid additional property: {name}")
            elif item is not None or name not in self.required:
                rule(report, f"{at}/{name}", item)
        self.also(report, at, value)


def by_type(shapes: Mapping[str, Rule], allowed: Collection[str] | None = None) -> Rule:
    """An object whose shape its ``type`` decides; ``allowed`` narrows the types down."""

    def rule(report: Report, at: str, value: Any) -> None:
        if not isinstance(value, dict):
            report.add(at, "must provide an object")
            return
        kind = value.get("type")
        if kind is None:
            report.add(at, "missing required field: type")
        elif kind not in shapes or (allowed is not None and kind not in allowed):
            report.add(f"{at}/type", f"unsupported type: {kind}")
        else:
            shapes[kind](report, at, value)

    return rule
