"""Loads the table ``[policy]`` of the configuration file and names every problem with its line and remedy."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError
from bot.requests.directory import Directory, eligible_approvers, ineligibility_reason, is_group, is_user
from bot.requests.freezes.load import PhraseReader, build_freeze, find_contradictions, read_freeze_phrase
from bot.requests.freezes.model import Freeze
from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import Person, Stage
from bot.requests.policy.engine import Policy
from bot.requests.policy.known import did_you_mean
from bot.requests.policy.loosening import loosening_problems
from bot.requests.policy.precedence import precedence_problems
from bot.requests.policy.rules import (
    ApprovalTerms,
    PolicyRule,
    PolicySettings,
    RequiredValues,
    RuleConditions,
    StageSettings,
)
from bot.requests.policy.toml_lines import TomlLines
from bot.requests.setting_types import SettingPath, make_stage
from bot.requests.text import approver_names, count_noun

LocationOf = Callable[[SettingPath], str]
TomlTable = Mapping[str, object]
"""A table as the standard library reads it. Nothing about it has been checked yet."""

_BYTE_ORDER_MARK = "\ufeff"
_MODELS: Mapping[str | int, type[BaseModel]] = {
    "rules": PolicyRule,
    "freezes": FreezeRule,
    "when": RuleConditions,
    "unless": RuleConditions,
    "require": RequiredValues,
    "stages": StageSettings,
}


def load_policy(
    text: str,
    source: str = "nightshift.toml",
    *,
    now: datetime,
    default_zone: str = "UTC",
    phrase_reader: PhraseReader = read_freeze_phrase,
) -> Policy:
    """Load the policy of a configuration file and ignore its other tables.

    ``now`` is for finding freezes that will contradict each other. ``default_zone`` is for a policy that names no zone.
    Raises ConfigError with one line for each problem.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    table = {"zone": default_zone, **policy_table(text, source)}
    lines = TomlLines(text)

    def location_of(path: SettingPath) -> str:
        return f"{source}:{lines.line(('policy', *path))}"

    try:
        defaults = PolicySettings.model_validate(table)
    except ValidationError as error:
        raise ConfigError([_error_line(item, table, location_of) for item in error.errors()]) from error
    problems = [f"{location_of(path)}: {text}" for path, text in _duplicate_names(defaults)]
    problems += [
        f"{location_of(path)}: {_owner_prefix('rules', rule_name)}{text}"
        for path, rule_name, text in (*loosening_problems(defaults), *precedence_problems(defaults.rules))
    ]
    freezes = []
    for index, rule in enumerate(defaults.freezes):
        try:
            freezes.append(build_freeze(rule, defaults.zone, phrase_reader))
        except ValueError as error:
            place = location_of(("freezes", index, "when"))
            problems.append(f"{place}: {_owner_prefix('freezes', rule.name)}{error}.")
    problems += _freeze_problems(defaults, freezes, now, location_of)
    if problems:
        raise ConfigError(problems)
    return Policy(defaults, tuple(freezes), location_of)


def policy_table(text: str, source: str) -> TomlTable:
    """Return the table ``[policy]`` of a TOML text, unchecked. Raises ConfigError."""
    try:
        table = tomllib.loads(text).get("policy", {})
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise ConfigError([f"{source}: this is not valid TOML: {reason}."]) from error
    if not isinstance(table, dict):
        raise ConfigError([f"{source}:{TomlLines(text).line(('policy', 0))}: policy is not a table; write [policy]."])
    return table


def _duplicate_names(defaults: PolicySettings) -> Iterator[tuple[SettingPath, str]]:
    """Find names that are given twice. Reasons and budgets are by name, so each must be unique."""
    names_by_kind = {"rules": [rule.name for rule in defaults.rules], "freezes": [f.name for f in defaults.freezes]}
    for kind, names in names_by_kind.items():
        for index, name in enumerate(names):
            if name in names[:index]:
                yield (kind, index, "name"), f'there are two {kind} named "{name}"; give each its own name.'


def _freeze_problems(
    defaults: PolicySettings, freezes: list[Freeze], now: datetime, location_of: LocationOf
) -> list[str]:
    index_by_name = {rule.name: index for index, rule in enumerate(defaults.freezes)}
    problems = []
    for rule in defaults.freezes:
        for other in rule.wins_over:
            if other not in index_by_name or other == rule.name:
                place = location_of(("freezes", index_by_name[rule.name], "wins_over"))
                problems.append(
                    f'{place}: {_owner_prefix("freezes", rule.name)}there is no other freeze "{other}"; see wins_over.'
                )
    for name, text in find_contradictions(freezes, now):
        problems.append(f"{location_of(('freezes', index_by_name[name]))}: {_owner_prefix('freezes', name)}{text}.")
    return problems


def _owner_prefix(kind: str, name: str) -> str:
    return f"the {kind[:-1]} “{name}”: " if name else ""


def _error_line(item: ErrorDetails, table: TomlTable, location_of: LocationOf) -> str:
    """Format one of pydantic's errors as a line: the place, the rule or freeze, the problem and the remedy."""
    path = tuple(part for part in item["loc"] if part != "[key]")
    return f"{location_of(path)}: {_owner(path, table)}{_problem(item, path)}"


def _owner(path: SettingPath, table: TomlTable) -> str:
    match path:
        case ("rules" | "freezes" as kind, int() as index, *_):
            entries = table[kind]
            entry = entries[index] if isinstance(entries, list) else None
            name = entry.get("name") if isinstance(entry, dict) else None
            return _owner_prefix(kind, name) if isinstance(name, str) and name else f"{kind[:-1]} {index + 1}: "
    return ""


def _problem(item: ErrorDetails, path: SettingPath) -> str:
    key = next((part for part in reversed(path) if isinstance(part, str)), "policy")
    match item["type"]:
        case "extra_forbidden":
            known = [field.alias or name for name, field in _settings_model(path).model_fields.items()]
            hint = did_you_mean(key, known) or f"there are {', '.join(sorted(known))}."
            return f'there is no setting "{key}" here; {hint}'
        case "missing":
            return f'"{key}" is missing; add it.'
        case "value_error":
            return f"{item['msg'].removeprefix('Value error, ')}."
        case _:
            return f'"{key}" does not fit: {item["msg"][:1].lower()}{item["msg"][1:]}; it is {item["input"]!r}.'


def _settings_model(path: SettingPath) -> type[BaseModel]:
    """Return the model whose setting a path names."""
    names = [part for part in path[:-1] if part in _MODELS]
    return _MODELS[names[-1]] if names else PolicySettings


def workspace_problems(policy: Policy, directory: Directory) -> tuple[str, ...]:
    """Return how a policy does not fit the workspace, a line for each problem: groups and people that do not exist, and
    quorums larger than the number of people who may approve. What Slack does not tell is no problem."""
    if not directory.has_groups:
        return ()
    directory = directory.as_possible()
    problems: list[str] = []
    for path, names in _named_principals(policy):
        problems += [
            f"{policy.location_of(path)}: {text}" for name in names for text in _principal_problems(name, directory)
        ]
    for path, stage in _located_stages(policy):
        count = len(eligible_approvers(stage, directory))
        if count < stage.quorum and not any(_principal_problems(n, directory) for n in (*stage.groups, *stage.users)):
            problems.append(
                f"{policy.location_of(path)}: {approver_names(stage)} cannot give "
                f"{count_noun(stage.quorum, 'approvals')}, as only "
                f"{count} may approve; lower the quorum or add people."
            )
    return tuple(dict.fromkeys(problems))


def _principal_problems(name: str, directory: Directory) -> list[str]:
    if is_group(name):
        group = directory.group(name)
        if group is None:
            hint = did_you_mean(name, directory.group_handles) or "make it in Slack or correct the name."
            return [f"there is no user group {name} in the workspace; {hint}"]
        return [f"the user group {name} is disabled; enable it in Slack or name another one."] if group.disabled else []
    problem = ineligibility_reason(directory.user(Person(team=directory.team, user=name)))
    return [f"{name} cannot take part: {problem} Name somebody else."] if problem else []


def _all_terms(policy: Policy) -> Iterator[tuple[SettingPath, ApprovalTerms]]:
    yield (), policy.defaults
    for index, rule in enumerate(policy.defaults.rules):
        yield ("rules", index), rule


def _named_principals(policy: Policy) -> Iterator[tuple[SettingPath, tuple[str, ...]]]:
    for path, terms in _all_terms(policy):
        yield (*path, "may_request"), terms.may_request
        yield (*path, "may_pause"), terms.may_pause
        yield (*path, "approvers"), terms.approvers
        yield (*path, "escalate_to"), terms.escalate_to
        for number, stage in enumerate(terms.stages):
            yield (*path, "stages", number, "approvers"), stage.approvers
        if isinstance(terms, PolicyRule):
            yield (*path, "review_by"), terms.review_by
            yield (*path, "when", "requester"), terms.when.requester
            for number, exception in enumerate(terms.unless):
                yield (*path, "unless", number, "requester"), exception.requester
    for index, freeze in enumerate(policy.defaults.freezes):
        yield ("freezes", index, "approvers"), freeze.approvers


def _located_stages(policy: Policy) -> Iterator[tuple[SettingPath, Stage]]:
    default = policy.defaults.required_stages()
    for path, terms in _all_terms(policy):
        for number, stage in enumerate(terms.required_stages()):
            key = "quorum" if terms.quorum else "approvers"
            yield (*path, "stages", number) if terms.stages else (*path, key), stage
        if terms.quorum and not terms.approvers:
            for stage in default:
                yield (*path, "quorum"), stage.model_copy(update={"quorum": max(stage.quorum, terms.quorum)})
        if isinstance(terms, PolicyRule) and terms.review_by:
            yield (*path, "review_by"), make_stage(terms.review_by, 1)
    for index, freeze in enumerate(policy.freezes):
        if freeze.stage is not None:
            yield ("freezes", index, "approvers"), freeze.stage


def named_users(policy: Policy, team: str) -> tuple[Person, ...]:
    """Return the people whom a policy names by id anywhere, as members of a workspace."""
    names = dict.fromkeys(name for _, named in _named_principals(policy) for name in named if is_user(name))
    return tuple(Person(team=team, user=name) for name in names)


def all_stages(policy: Policy) -> tuple[Stage, ...]:
    """Return all stages that the policy names anywhere, so that their members can be looked up together."""
    return tuple(stage for _, stage in _located_stages(policy))
