"""The table ``[policy]`` of the configuration file: read, checked, and every fault named with its line and remedy."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError
from bot.requests.directory import Directory, eligible_approvers, ineligibility_reason, is_group
from bot.requests.freezes.load import PhraseReader, build_freeze, find_contradictions, read_freeze_phrase
from bot.requests.freezes.model import Freeze
from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import Person, Stage
from bot.requests.policy.engine import Policy
from bot.requests.policy.rules import (
    ApprovalTerms,
    PolicyRule,
    PolicySettings,
    RuleConditions,
    StageSettings,
)
from bot.requests.policy.toml_lines import TomlLines
from bot.requests.setting_types import SettingPath
from bot.requests.text import approver_names, count_noun

LocationOf = Callable[[SettingPath], str]

_MODELS: Mapping[str, type[BaseModel]] = {
    "rules": PolicyRule,
    "freezes": FreezeRule,
    "when": RuleConditions,
    "unless": RuleConditions,
    "stages": StageSettings,
}


def load_policy(
    text: str, source: str = "nightshift.toml", *, now: datetime, phrase_reader: PhraseReader = read_freeze_phrase
) -> Policy:
    """The policy of a configuration file; its other tables are left alone. ``now`` is for finding freezes that will
    contradict each other. Raises ConfigError with one line a fault."""
    try:
        table = tomllib.loads(text).get("policy", {})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{source}: this is not valid TOML: {error}."]) from error
    lines = TomlLines(text)

    def where(place: SettingPath) -> str:
        return f"{source}:{lines.line(('policy', *place))}"

    try:
        defaults = PolicySettings.model_validate(table)
    except ValidationError as error:
        raise ConfigError([_error_line(item, table, where) for item in error.errors()]) from error
    faults = [f"{where(place)}: {text}" for place, text in _duplicate_names(defaults)]
    freezes = []
    for index, rule in enumerate(defaults.freezes):
        try:
            freezes.append(build_freeze(rule, defaults.zone, phrase_reader))
        except ValueError as error:
            faults.append(f"{where(('freezes', index, 'when'))}: {_owner_prefix('freezes', rule.name)}{error}.")
    faults += _freeze_problems(defaults, freezes, now, where)
    if faults:
        raise ConfigError(faults)
    return Policy(defaults, tuple(freezes), where)


def _duplicate_names(defaults: PolicySettings) -> Iterator[tuple[SettingPath, str]]:
    """Names that are given twice: reasons and budgets go by name."""
    names = {"rules": [rule.name for rule in defaults.rules], "freezes": [f.name for f in defaults.freezes]}
    for kind, given in names.items():
        for index, name in enumerate(given):
            if name in given[:index]:
                yield (kind, index, "name"), f'there are two {kind} named "{name}"; give each its own name.'


def _freeze_problems(defaults: PolicySettings, freezes: list[Freeze], now: datetime, where: LocationOf) -> list[str]:
    at = {rule.name: index for index, rule in enumerate(defaults.freezes)}
    faults = []
    for rule in defaults.freezes:
        for other in rule.wins_over:
            if other not in at or other == rule.name:
                place = where(("freezes", at[rule.name], "wins_over"))
                faults.append(
                    f'{place}: {_owner_prefix("freezes", rule.name)}there is no other freeze "{other}"; see wins_over.'
                )
    for name, text in find_contradictions(freezes, now):
        faults.append(f"{where(('freezes', at[name]))}: {_owner_prefix('freezes', name)}{text}.")
    return faults


def _owner_prefix(kind: str, name: str) -> str:
    return f"the {kind.removesuffix('s')} “{name}”: " if name else ""


def _error_line(item: ErrorDetails, table: Mapping[str, Any], where: LocationOf) -> str:
    """One of pydantic's errors as a line: where, in what, what is wrong and what to do."""
    place = tuple(part for part in item["loc"] if part != "[key]")
    return f"{where(place)}: {_owner(place, table)}{_problem(item, place)}"


def _owner(place: SettingPath, table: Mapping[str, Any]) -> str:
    match place:
        case ("rules" | "freezes" as kind, int() as index, *_):
            name = table[kind][index].get("name", "") if isinstance(table[kind][index], dict) else ""
            return (
                _owner_prefix(kind, name)
                if name and isinstance(name, str)
                else f"{kind.removesuffix('s')} {index + 1}: "
            )
    return ""


def _problem(item: ErrorDetails, place: SettingPath) -> str:
    key = next((part for part in reversed(place) if isinstance(part, str)), "policy")
    match item["type"]:
        case "extra_forbidden":
            known = list(_settings_model(place).model_fields)
            close = get_close_matches(key, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(sorted(known))}."
            return f'there is no setting "{key}" here; {hint}'
        case "missing":
            return f'"{key}" is missing; add it.'
        case "value_error":
            return f"{item['msg'].removeprefix('Value error, ')}."
        case _:
            return f'"{key}" does not fit: {item["msg"][:1].lower()}{item["msg"][1:]}; it is {item["input"]!r}.'


def _settings_model(place: SettingPath) -> type[BaseModel]:
    """The model whose setting a place names."""
    names = [part for part in place[:-1] if isinstance(part, str) and part in _MODELS]
    return _MODELS[names[-1]] if names else PolicySettings


def workspace_problems(policy: Policy, directory: Directory) -> tuple[str, ...]:
    """What of a policy does not fit the workspace, one line each: groups and people that are not there, groups without
    anybody who may approve, and quorums larger than the people there are."""
    faults: list[str] = []
    for place, names in _named_principals(policy):
        faults += [
            f"{policy.location_of(place)}: {text}" for name in names for text in _principal_problems(name, directory)
        ]
    for place, stage in _located_stages(policy):
        there = len(eligible_approvers(stage, directory))
        if there < stage.quorum and not any(_principal_problems(n, directory) for n in (*stage.groups, *stage.users)):
            faults.append(
                f"{policy.location_of(place)}: {approver_names(stage)} cannot give "
                f"{count_noun(stage.quorum, 'approvals')}, as only "
                f"{there} may approve; lower the quorum or add people."
            )
    return tuple(dict.fromkeys(faults))


def _principal_problems(name: str, directory: Directory) -> list[str]:
    if is_group(name):
        group = directory.group(name)
        if group is None:
            return [f"there is no user group {name} in the workspace; make it in Slack or correct the name."]
        return []
    problem = ineligibility_reason(directory.user(Person(team=directory.team, user=name)))
    return [f"{name} cannot take part: {problem} Name somebody else."] if problem else []


def _all_terms(policy: Policy) -> Iterator[tuple[SettingPath, ApprovalTerms]]:
    yield (), policy.defaults
    for index, rule in enumerate(policy.defaults.rules):
        yield ("rules", index), rule


def _named_principals(policy: Policy) -> Iterator[tuple[SettingPath, tuple[str, ...]]]:
    for place, terms in _all_terms(policy):
        for key in ("may_request", "approvers", "escalate_to"):
            yield (*place, key), getattr(terms, key)
        for number, stage in enumerate(terms.stages):
            yield (*place, "stages", number, "approvers"), stage.approvers
        if isinstance(terms, PolicyRule):
            yield (*place, "when", "requester"), terms.when.requester
            yield (*place, "unless", "requester"), terms.unless.requester if terms.unless else ()
    for index, freeze in enumerate(policy.defaults.freezes):
        yield ("freezes", index, "approvers"), freeze.approvers


def _located_stages(policy: Policy) -> Iterator[tuple[SettingPath, Stage]]:
    default = policy.defaults.required_stages()
    for place, terms in _all_terms(policy):
        for number, stage in enumerate(terms.required_stages()):
            key = "quorum" if terms.quorum else "approvers"
            yield (*place, "stages", number) if terms.stages else (*place, key), stage
        if terms.quorum and not terms.approvers:
            for stage in default:
                yield (*place, "quorum"), stage.model_copy(update={"quorum": max(stage.quorum, terms.quorum)})
    for index, freeze in enumerate(policy.freezes):
        if freeze.stage is not None:
            yield ("freezes", index, "approvers"), freeze.stage


def all_stages(policy: Policy) -> tuple[Stage, ...]:
    """All stages that the policy names anywhere, so that their members can be looked up together."""
    return tuple(stage for _, stage in _located_stages(policy))
