"""Rules for each customer, from names or a CSV file, and what is said where a table or a row is wrong."""

from collections.abc import Mapping

import pytest

from bot.errors import ConfigError
from bot.requests.policy.each import Customer
from bot.requests.policy.engine import Policy
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.known import Known, unknown_names, unnamed_systems
from bot.requests.policy.load import load_policy
from bot.requests.policy.mistakes import policy_mistakes
from tests.unit.requests.build import NOW, subject

HEAD = (
    '[policy]\napprovers = ["@sre"]\n\n[[policy.rules]]\nname = "own"\nwhen = { min_targets = 9 }\n\n[[policy.each]]\n'
)
"""The table ``each`` is on line 8."""
RULE = (
    '[[policy.each.rules]]\nname = "customer {name}"\nwhen = { backend = "opsramp.{name}" }\napprovers = ["@{name}"]\n'
)
CSV = "Name,tenant,group\nbright,Brightwater,@bw\nzephyr,Zephyr Law,@zl\n"


def load(each: str, files: Mapping[str, str] = {}) -> Policy:
    def read_file(name: str) -> str:
        if name not in files:
            raise FileNotFoundError(2, "no such file")
        return files[name]

    return load_policy(HEAD + each, "p.toml", now=NOW, read_file=read_file)


def faults(each: str, files: Mapping[str, str] = {}) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        load(each, files)
    return refused.value.problems


def test_each_name_has_the_rules() -> None:
    policy = load('names = ["a", "b"]\n' + RULE)
    assert [rule.rule.name for rule in policy.rules] == ["own", "customer a", "customer b"]
    requirement = evaluate(policy, subject(backend="opsramp.b"))
    assert [stage.groups for stage in requirement.stages] == [("@b",)]
    assert policy.location_of(("rules", 2, "approvers")) == "p.toml:13"
    assert policy.location_of(("rules", 0, "when")) == "p.toml:6"


def test_each_row_of_a_file_has_the_rules_systems_and_channels() -> None:
    each = 'file = "c.csv"\nsystems = "opsramp.{name}"\napprovals_channel = "#{name}"\n'
    rule = '[[policy.each.rules]]\nname = "{name}"\nwhen = { facts = { tenants = "{tenant}*" }, targets = "/^x{2}/" }\n'
    policy = load(each + rule + 'approvers = "{group}"', {"c.csv": CSV})
    assert [(r.rule.when.facts["tenants"], r.rule.approvers) for r in policy.rules[1:]] == [
        (("Brightwater*",), ("@bw",)),
        (("Zephyr Law*",), ("@zl",)),
    ]
    assert policy.rules[1].rule.when.targets == ("/^x{2}/",)
    assert policy.customers == (
        Customer("bright", "c.csv:2", ("opsramp.bright",), "#bright", ""),
        Customer("zephyr", "c.csv:3", ("opsramp.zephyr",), "#zephyr", ""),
    )


@pytest.mark.parametrize("text", ["\ufeff" + CSV, CSV.replace(",", ";"), CSV.replace("\n", "\r\n"), CSV + "\n\n"])
def test_files_of_spreadsheets_are_read(text: str) -> None:
    assert [customer.name for customer in load('file = "c.csv"\n' + RULE, {"c.csv": text}).customers] == [
        "bright",
        "zephyr",
    ]


@pytest.mark.parametrize(
    ("each", "file", "problem"),
    [
        ("", "", "p.toml:8: say who the customers are in one way: names or file."),
        ('names = "a"\nfile = "c.csv"', CSV, "p.toml:8: say who the customers are in one way"),
        (
            'names = "a"\nsytems = "x"',
            CSV,
            'p.toml:10: there is no setting "sytems" here; did you mean "systems"?',
        ),
        ('names = "a"\nresults_channel = "#x"', CSV, "p.toml:8: channels are those of systems; name them"),
        ("names = []", "", "p.toml:9: the list is empty"),
        ('file = "d.csv"', CSV, "p.toml:9: d.csv cannot be read: no such file."),
        ('file = "c.csv"', "", "p.toml:9: c.csv has no customers"),
        ('file = "c.csv"', "name,tenant\n", "p.toml:9: c.csv has no customers"),
        ('file = "c.csv"', "nam,tenant\na,b\n", 'p.toml:9: c.csv:1: no column is called "name"; there is nam, tenant.'),
        ('file = "c.csv"', "name,tenant\na,b\nc\n", "p.toml:9: c.csv:3: there are 1 values for 2 columns."),
        ('file = "c.csv"', f"name\n{'x' * 200_000}\n", "p.toml:9: c.csv: is not CSV: field larger than field limit"),
        ('file = "c.csv"', "name,tenant\na,b\nc, \n", "p.toml:9: c.csv:3: tenant is empty."),
        (
            'file = "c.csv"',
            "name\na\nA\n",
            'p.toml:8: the customer "A" is at c.csv:3 and at c.csv:2; take one out.',
        ),
        (
            'names = ["a", "a"]',
            "",
            'p.toml:8: the customer "a" is at p.toml:9 and at p.toml:9; take one out.',
        ),
        (
            'names = "a"\n[[policy.each.rules]]\nname = "{nam}"',
            "",
            'p.toml:10: no column is called {nam}; did you mean "name"?',
        ),
        ('names = "a"\nsystems = "{tenant}"', "", "p.toml:8: no column is called {tenant}; there is name."),
    ],
)
def test_what_is_wrong_with_a_table_is_told_in_one_line(each: str, file: str, problem: str) -> None:
    (line,) = faults(each, {"c.csv": file})
    assert line.startswith(problem)


def test_two_files_that_name_the_same_customer_contradict_each_other() -> None:
    each = f'file = "c.csv"\n{RULE}\n[[policy.each]]\nfile = "d.csv"\n'
    assert faults(each, {"c.csv": CSV, "d.csv": "name,group\nBright,@other\n"}) == (
        'p.toml:15: the customer "Bright" is at d.csv:2 and at c.csv:2; take one out.',
    )


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            'name = "{name}"\naprovers = "@x"',
            'p.toml:12: the rule “a”: there is no setting "aprovers" here; did you mean',
        ),
        ('name = "same"', 'p.toml:11: there are two rules named "same"; give each its own name.'),
        ('name = "{name}"\nexpires = "30d"', "p.toml:12: the rule “a”: expires: 30 days is easier than the"),
    ],
)
def test_a_mistake_in_the_rule_of_all_customers_is_told_once(rule: str, problem: str) -> None:
    (line,) = faults(f'names = ["a", "b", "c"]\n[[policy.each.rules]]\n{rule}')
    assert line.startswith(problem)


def test_systems_that_do_not_exist_and_systems_of_nobody_are_told() -> None:
    policy = load('file = "c.csv"\nsystems = "opsramp.{name}"\n' + RULE, {"c.csv": CSV})
    run = {"opsramp.run_job": None}
    systems = {"opsramp.bright": run, "opsramp.zephir": run, "foreman.prod": {"foreman.run": None}}
    assert policy_mistakes(policy) == []
    unknown = 'no system is called "opsramp.zephyr"; did you mean "opsramp.zephir"?'
    assert unknown_names(policy, Known(systems)) == [
        f"p.toml:13: the rule “customer zephyr”: {unknown}",
        f"c.csv:3: the customer “zephyr”: {unknown}",
    ]
    assert unnamed_systems(policy, systems) == (
        "p.toml:8: opsramp.zephir belongs to no customer and no rule names it, so the default approvers decide on it.",
    )
    named = (
        f'names = "a"\nsystems = "opsramp.a"\n{RULE}[[policy.rules]]\nname = "z"\nwhen = {{ backend = "opsramp.z*" }}'
    )
    assert [line.split()[1] for line in unnamed_systems(load(named), systems)] == ["opsramp.bright"]
