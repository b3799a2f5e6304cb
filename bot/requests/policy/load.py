"""Loads the table ``[policy]`` of the configuration file and names every problem with its line and remedy."""

import tomllib
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from bot.errors import ConfigError
from bot.requests.directory import ROTA_PREFIX, Directory, eligible_approvers, ineligibility_reason, is_group, is_user
from bot.requests.freezes.load import PhraseReader, build_freeze, find_contradictions, read_freeze_phrase
from bot.requests.freezes.model import Freeze
from bot.requests.model import Person, Stage
from bot.requests.policy.each import FileReader, expand_each
from bot.requests.policy.engine import Policy
from bot.requests.policy.load_errors import LocationOf, TomlTable, error_lines, once, owner_prefix
from bot.requests.policy.loosening import loosening_problems
from bot.requests.policy.play_tests import play_tests
from bot.requests.policy.policy_tests import FileOfTests, LocatedTest
from bot.requests.policy.precedence import precedence_problems
from bot.requests.policy.rules import ApprovalTerms, PolicyRule, PolicySettings
from bot.requests.policy.suggestions import did_you_mean
from bot.requests.policy.toml_lines import TomlLines
from bot.requests.setting_types import REQUESTERS_GROUPS, SettingPath, make_stage
from bot.requests.text import approver_names, count_noun

_ROTA_HINT = "add the table [policy.oncall.NAME]."
_BYTE_ORDER_MARK = "\ufeff"


def no_files(name: str) -> str:
    """Read no file."""
    raise ValueError("no other file is read here")


def load_policy(
    text: str,
    source: str = "nightshift.toml",
    *,
    now: datetime,
    default_zone: str = "UTC",
    phrase_reader: PhraseReader = read_freeze_phrase,
    read_file: FileReader = no_files,
    strict_tests: bool = True,
) -> Policy:
    """Load the policy of a configuration file and ignore its other tables.

    ``now`` is for finding freezes that will contradict each other. ``default_zone`` is for a policy that names no zone.
    ``read_file`` returns the text of other files that the policy names. With ``strict_tests`` False no test is played.
    Raises ConfigError with one line for each problem.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    table = {"zone": default_zone, **policy_table(text, source)}
    lines = TomlLines(text)

    def place_of(path: SettingPath) -> str:
        return f"{source}:{lines.line(('policy', *path))}"

    expansion = expand_each(table, place_of, read_file)
    expansion_problems = [f"{place_of(path)}: {text}" for path, text in expansion.problems]
    expansion_problems += error_lines(expansion.errors, table, place_of)
    if expansion_problems:
        raise ConfigError(expansion_problems)
    table = {**table, "rules": expansion.rules}

    def location_of(path: SettingPath) -> str:
        match path:
            case ("rules", int() as index, *rest) if index in expansion.origins:
                return place_of((*expansion.origins[index], *rest))
        return place_of(path)

    try:
        defaults = PolicySettings.model_validate(table)
    except ValidationError as error:
        raise ConfigError(error_lines(error.errors(), table, location_of)) from error
    problems = once((location_of(path), "", text) for path, text in _duplicate_names(defaults))
    problems += once(
        (location_of(path), owner_prefix("rules", rule_name), text)
        for path, rule_name, text in (*loosening_problems(defaults), *precedence_problems(defaults.rules))
    )
    freezes = []
    for index, rule in enumerate(defaults.freezes):
        try:
            freezes.append(build_freeze(rule, defaults.zone, phrase_reader))
        except ValueError as error:
            place = location_of(("freezes", index, "when"))
            problems.append(f"{place}: {owner_prefix('freezes', rule.name)}{error}.")
    problems += _freeze_problems(defaults, freezes, now, location_of)
    if problems:
        raise ConfigError(problems)
    tests = _located_tests(defaults, location_of, read_file)
    policy = Policy(defaults, tuple(freezes), location_of, tests, expansion.customers)
    if unknown := _unknown_rotas(policy):
        raise ConfigError(unknown)
    if strict_tests and defaults.strict_tests and (differences := play_tests(policy)):
        raise ConfigError([difference.text for difference in differences])
    return policy


def _unknown_rotas(policy: Policy) -> list[str]:
    """Return a line for each rota that the policy names and does not have."""
    known = {f"{ROTA_PREFIX}{name}" for name in policy.defaults.oncall}
    named = [(path, name) for path, names in _named_principals(policy) for name in names]
    return once(
        (policy.location_of(path), "", f"there is no rota {name}; {did_you_mean(name, known) or _ROTA_HINT}")
        for path, name in named
        if name.startswith(ROTA_PREFIX) and name not in known
    )


def _located_tests(defaults: PolicySettings, location_of: LocationOf, read_file: FileReader) -> tuple[LocatedTest, ...]:
    """Return the tests of the policy and of its file of tests. Raises ConfigError."""
    own = tuple(LocatedTest(location_of(("tests", index)), test) for index, test in enumerate(defaults.tests))
    name = defaults.tests_file
    if not name:
        return own
    try:
        text = read_file(name).removeprefix(_BYTE_ORDER_MARK)
    except (OSError, ValueError) as error:
        raise ConfigError([f"{location_of(('tests_file',))}: {name} cannot be read: {error}."]) from error
    table, lines = policy_table(text, name), TomlLines(text)

    def place(path: SettingPath) -> str:
        return f"{name}:{lines.line(('policy', *path))}"

    try:
        tests = FileOfTests.model_validate(table).tests
    except ValidationError as error:
        raise ConfigError(error_lines(error.errors(), table, place)) from error
    return (*own, *(LocatedTest(place(("tests", index)), test) for index, test in enumerate(tests)))


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
    names_by_kind = {
        "rules": [rule.name for rule in defaults.rules],
        "freezes": [freeze.name for freeze in defaults.freezes],
        "tests": [test.name for test in defaults.tests],
    }
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
                    f'{place}: {owner_prefix("freezes", rule.name)}there is no other freeze "{other}"; see wins_over.'
                )
    for name, text in find_contradictions(freezes, now):
        problems.append(f"{location_of(('freezes', index_by_name[name]))}: {owner_prefix('freezes', name)}{text}.")
    return problems


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
        if any(name.startswith(ROTA_PREFIX) for name in stage.groups):
            continue  # Who is on call changes; requests that nobody can approve are told as they come.
        if count < stage.quorum and not any(_principal_problems(n, directory) for n in (*stage.groups, *stage.users)):
            problems.append(
                f"{policy.location_of(path)}: {approver_names(stage)} cannot give "
                f"{count_noun(stage.quorum, 'approvals')}, as only "
                f"{count} may approve; lower the quorum or add people."
            )
    return tuple(dict.fromkeys(problems))


def _principal_problems(name: str, directory: Directory) -> list[str]:
    if name.startswith(ROTA_PREFIX):
        return []
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
        yield (*path, "may_see"), terms.may_see
        yield (*path, "approvers"), terms.approvers
        yield (*path, "not_approvers"), tuple(name for name in terms.not_approvers if name != REQUESTERS_GROUPS)
        yield (*path, "escalate_to"), terms.escalate_to
        for number, stage in enumerate(terms.stages):
            yield (*path, "stages", number, "approvers"), stage.approvers
        if isinstance(terms, PolicyRule):
            yield (*path, "review_by"), terms.review_by
            yield (*path, "when", "requester"), terms.when.requester
            for number, exception in enumerate(terms.unless):
                yield (*path, "unless", number, "requester"), exception.requester
    yield ("admins",), policy.defaults.admins
    for name, rota in policy.defaults.oncall.items():
        yield ("oncall", name, "fallback"), rota.fallback
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
