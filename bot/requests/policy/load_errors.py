"""Names the problems of a file's values: the place, the rule or freeze, what is wrong and what to do."""

import re
from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import ApproverLimit
from bot.requests.oncall import RotaSettings
from bot.requests.policy.each import EachSettings
from bot.requests.policy.policy_tests import AskedRequest, PolicyTest
from bot.requests.policy.rules import (
    PolicyRule,
    PolicySettings,
    RequiredValues,
    RuleConditions,
    StageSettings,
)
from bot.requests.policy.suggestions import did_you_mean
from bot.requests.setting_types import SettingPath

LocationOf = Callable[[SettingPath], str]
TomlTable = Mapping[str, object]
"""A table as the standard library reads it. Nothing about it has been checked yet."""

_MODELS: Mapping[str | int, type[BaseModel]] = {
    "each": EachSettings,
    "rules": PolicyRule,
    "freezes": FreezeRule,
    "when": RuleConditions,
    "unless": RuleConditions,
    "require": RequiredValues,
    "approver_limit": ApproverLimit,
    "oncall": RotaSettings,
    "stages": StageSettings,
    "tests": PolicyTest,
    "ask": AskedRequest,
}


def owner_prefix(kind: str, name: str) -> str:
    """Return how a problem names its rule, freeze or test."""
    return f"the {kind[:-1]} “{name}”: " if name else ""


def error_lines(items: Iterable[ErrorDetails], table: TomlTable, location_of: LocationOf) -> list[str]:
    """Return a line for each error. The same error of several rules that were made from one is told once."""
    paths = [(item, tuple(part for part in item["loc"] if part != "[key]")) for item in items]
    return once((location_of(path), _owner(path, table), _problem(item, path)) for item, path in paths)


def once(problems: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return a line for each problem: its place, its owner and its text. The same text at one place is told once."""
    lines: dict[tuple[str, str], str] = {}
    for place, owner, text in problems:
        lines.setdefault((place, text), f"{place}: {owner}{text}")
    return list(lines.values())


def _owner(path: SettingPath, table: TomlTable) -> str:
    match path:
        case ("rules" | "freezes" | "tests" as kind, int() as index, *_):
            entries = table[kind]
            entry = entries[index] if isinstance(entries, list) else None
            name = entry.get("name") if isinstance(entry, dict) else None
            return owner_prefix(kind, name) if isinstance(name, str) and name else f"{kind[:-1]} {index + 1}: "
    return ""


def _problem(item: ErrorDetails, path: SettingPath) -> str:
    key = next((part for part in reversed(path) if isinstance(part, str)), "policy")
    match item["type"]:
        case "extra_forbidden":
            known = [field.alias or name for name, field in _settings_model(path).model_fields.items()]
            hint = did_you_mean(key, known) or f"there are {', '.join(sorted(known))}."
            return f'there is no setting "{key}" here; {hint}'
        case "model_type" | "dict_type" | "mapping_type":
            return f'"{key}" needs tables, such as {{ key = "value" }}; it is {item["input"]!r}.'
        case "literal_error":
            return f'"{key}" does not fit: {_literal_text(item)}; it is {item["input"]!r}.'
        case "missing":
            return f'"{key}" is missing; add it.'
        case "value_error":
            text = item["msg"].removeprefix("Value error, ")
            return text if text.endswith("?") else f"{text}."
        case _:
            return f'"{key}" does not fit: {item["msg"][:1].lower()}{item["msg"][1:]}; it is {item["input"]!r}.'


def _literal_text(item: ErrorDetails) -> str:
    """Return what may be given, and what was probably meant."""
    choices = str(item.get("ctx", {}).get("expected", ""))
    hint = did_you_mean(str(item["input"]), re.findall("'([^']*)'", choices))
    return f"input should be {choices}; {hint.removesuffix('?')}" if hint else f"input should be {choices}"


def _settings_model(path: SettingPath) -> type[BaseModel]:
    """Return the model whose setting a path names."""
    names = [part for part in path[:-1] if part in _MODELS]
    return _MODELS[names[-1]] if names else PolicySettings
