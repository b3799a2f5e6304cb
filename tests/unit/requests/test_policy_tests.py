"""Tests of a policy in its file: what they can ask, and how a difference is told."""

import pytest

from bot.errors import ConfigError
from bot.requests.policy.engine import Policy
from bot.requests.policy.load import load_policy
from bot.requests.policy.play_tests import play_tests
from tests.unit.requests.build import NOW

POLICY = """[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"

[[policy.rules]]
name = "many"
when = { backend = "foreman", min_targets = 40 }
approvers = "@sre"
quorum = 2

[[policy.rules]]
name = "databases"
when = { targets = "db-*" }
stages = [{ approvers = "@sre" }, { approvers = ["@dba", "U0DBA"] }]

[[policy.rules]]
name = "lab"
when = { backend = "foreman.lab", template = "Patch*", channel = "#lab" }
effect = "approve"
budget = 3

[[policy.rules]]
name = "by day"
when = { backend = "immybot", days = ["mon", "tue", "wed", "thu", "fri"], hours = "08:00-18:00" }
unless = { requester = "@leads" }
effect = "refuse"

[[policy.rules]]
name = "changes"
when = { backend = "opsramp", facts = { tenant = "bright*" } }
may_request = "@ops"
require = { change = "/CHG\\\\d+/" }

[[policy.rules]]
name = "outage"
when = { backend = "foreman.prod", max_targets = 20 }
effect = "emergency"
review_by = "@cab"

[[policy.freezes]]
name = "Year end"
when = "2026-12-20 to 2027-01-03"

[[policy.freezes]]
name = "Company"
calendar = "https://calendar.example.org/freezes.ics"
backend = "immybot"
"""
LAB = 'system = "foreman.lab", template = "Patch it", channel = "#lab"'
TENANT = 'system = "opsramp.a", facts = { tenant = "Brightwater" }'


def load(tests: str, **values: str) -> Policy:
    files = {"t.toml": values.get("file", "")}
    return load_policy(POLICY + tests, "p.toml", now=NOW, read_file=files.__getitem__)


def case(ask: str, expect: str, more: str = "") -> str:
    return f'[[policy.tests]]\nname = "t"\nask = {{ {ask} }}\nexpect = "{expect}"\n{more}\n'


@pytest.mark.parametrize(
    "text",
    [
        case('system = "foreman.prod"', "ask", 'by = []\napprovers = ["@sre"]'),
        case('system = "foreman.prod", targets = 40', "ask", 'by = "many"\napprovers = "2 of @SRE"'),
        case('system = "foreman.prod", targets = 39', "ask", 'approvers = "1 of @sre"'),
        case(
            'system = "foreman.prod", targets = ["db-1"]',
            "ask",
            'by = ["databases"]\napprovers = ["@sre", "U0DBA or @dba"]',
        ),
        case('system = "foreman.prod", targets = "web-1", targets_known = false', "ask", 'by = ["databases"]'),
        case('system = "foreman.prod", emergency = true', "emergency", 'by = "outage"'),
        case('system = "foreman.prod", emergency = true, when = "tomorrow 9:00"', "ask", "by = []"),
        case(LAB, "approve", 'by = "lab"\napprovers = []'),
        case(f"{LAB}, approved_today = {{ lab = 3 }}", "ask", 'by = "lab"'),
        case('system = "immybot.x"', "refuse", 'by = "by day"'),
        case('system = "immybot.x", at = 2026-01-07T19:00:00', "ask", "by = []"),
        case('system = "immybot.x", at = 2026-01-07T17:30:00Z', "ask"),
        case('system = "immybot.x", at = 2026-01-07T17:30:00Z, when = "tomorrow 9:00"', "refuse"),
        case('system = "immybot.x", groups = "@leads"', "ask"),
        case(f'{TENANT}, groups = ["@ops"]', "refuse", 'by = "changes"'),
        case(f'{TENANT}, groups = ["@ops"], change = "CHG12"', "ask"),
        case(f'{TENANT}, change = "CHG12"', "refuse", 'by = "changes"'),
        case('system = "foreman.x", when = "2026-12-24 10:00"', "refuse", 'by = "Year end"'),
        case('system = "foreman.x", at = 2026-12-24T10:00:00', "refuse", 'by = "Year end"'),
    ],
)
def test_what_is_right_makes_no_difference(text: str) -> None:
    assert play_tests(load(text)) == ()


@pytest.mark.parametrize(
    ("text", "expected", "found"),
    [
        (case(LAB, "ask"), "ask", "approve: Approved at once: the template Patch it."),
        (case('system = "foreman.x", targets = 40', "ask", "by = []"), "by no rule", "by “many”"),
        (
            case('system = "foreman.x", targets = 40', "ask", 'by = "many"\napprovers = ["@sre", "@dba"]'),
            "approvers @sre, then @dba",
            "2 of @sre",
        ),
        (
            case('system = "foreman.x", when = "someday soon"', "ask"),
            'a time in when = "someday soon"',
            "it is not understood",
        ),
    ],
)
def test_a_difference_is_told_with_both_sides(text: str, expected: str, found: str) -> None:
    (difference,) = play_tests(load(text))
    assert (difference.place, difference.test) == (f"p.toml:{len(POLICY.splitlines()) + 1}", "t")
    assert difference.expected == expected
    assert difference.found.startswith(found)


def test_a_calendar_counts_as_frozen_until_it_is_read() -> None:
    text = case('system = "immybot.x", at = 2026-01-07T19:00:00', "ask")
    assert play_tests(load(text)) == ()
    (difference,) = play_tests(load(text), {})
    assert difference.found.startswith("refuse: The calendar of the freeze “Company” was never read")


def test_strict_tests_stop_the_start_with_one_line_each() -> None:
    strict = POLICY.replace("[policy]\n", "[policy]\nstrict_tests = true\n")
    with pytest.raises(ConfigError) as refused:
        load_policy(strict + case(LAB, "ask"), "p.toml", now=NOW)
    (problem,) = refused.value.problems
    assert problem.endswith("the test “t”: expected ask, but approve: Approved at once: the template Patch it.")
    assert load_policy(strict + case(LAB, "ask"), now=NOW, strict_tests=False).tests
    assert load_policy(strict + case(LAB, "approve"), now=NOW).tests


def test_tests_can_be_in_another_file() -> None:
    named = POLICY.replace("[policy]\n", '[policy]\ntests_file = "t.toml"\n')
    files = {"t.toml": case(LAB, "ask").replace('"t"', '"of the file"')}
    policy = load_policy(named + case(LAB, "approve"), "p.toml", now=NOW, read_file=files.__getitem__)
    assert [(d.place, d.test) for d in play_tests(policy)] == [("t.toml:1", "of the file")]


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ("[[policy.tests]]\nname = 'x'\nask = { sytem = 'a' }", 't.toml:3: the test “x”: there is no setting "sytem"'),
        ("[policy]\napprovers = ['@a']", 't.toml:2: there is no setting "approvers"'),
        ("[[policy.tests]\n", "t.toml: this is not valid TOML"),
        (None, "p.toml:2: t.toml cannot be read"),
    ],
)
def test_a_file_of_tests_that_is_wrong_is_refused_with_its_line(file: str | None, problem: str) -> None:
    def read_file(name: str) -> str:
        if file is None:
            raise OSError("it is not there")
        return file

    with pytest.raises(ConfigError) as refused:
        load_policy(
            POLICY.replace("[policy]\n", '[policy]\ntests_file = "t.toml"\n'), "p.toml", now=NOW, read_file=read_file
        )
    assert any(line.startswith(problem) for line in refused.value.problems), refused.value.problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (case("", "ask"), '"system" is missing; add it.'),
        (case('system = "a"', "allow"), '"expect" does not fit'),
        (case('system = "a", grops = "@x"', "ask"), 'there is no setting "grops" here; did you mean "groups"?'),
        (case('system = "a"', "ask", 'approvers = "two of @sre"'), "is no stage; write it like"),
        (case('system = "a"', "ask") * 2, 'there are two tests named "t"; give each its own name.'),
    ],
)
def test_a_test_that_is_wrong_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(text)
    assert any(problem in line and line.startswith("p.toml:") for line in refused.value.problems), (
        refused.value.problems
    )
