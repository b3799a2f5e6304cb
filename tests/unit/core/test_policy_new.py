"""``nightshift policy new``: questions make a first policy that loads, has no mistakes and brings its tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.commands.policy_new import TOPICS, make_policy
from bot.requests.policy.engine import Policy
from bot.requests.policy.load import load_policy
from bot.requests.policy.mistakes import policy_mistakes
from bot.requests.policy.play_tests import play_tests
from tests.unit.requests.build import NOW


def answered(*answers: str | None) -> tuple[Policy, list[str]]:
    """The policy from answers, of which None takes the default, and what was told meanwhile."""
    given: Iterator[str | None] = iter(answers)
    told: list[str] = []

    def ask(question: str, default: str) -> str:
        answer = next(given, None)
        return default if answer is None else answer

    policy = load_policy(make_policy(ask, told.append), now=NOW)
    assert policy_mistakes(policy) == []
    assert play_tests(policy) == ()
    return policy, told


def test_the_default_answers_make_a_policy() -> None:
    policy, told = answered()
    assert told == []
    assert policy.defaults.approvers == ("@sre",)
    assert [rule.rule.name for rule in policy.rules] == ["many targets"]
    assert [located.test.name for located in policy.tests] == ["one target", "many targets"]


def test_every_answer_becomes_a_rule_and_a_test() -> None:
    head = ("@sre, @ops", "2", "Europe/Berlin", "4h")
    lab, many, special = ("foreman.lab", "5"), ("10", "3"), ("db-*", "@dba @data")
    policy, told = answered(
        *head, *lab, *many, *special, *("foreman.prod", "08:00-18:00", "#emergency"), "2026-12-20 to 2027-01-03"
    )
    assert told == []
    assert policy.defaults.approvers == ("@sre", "@ops")
    assert [rule.rule.effect for rule in policy.rules] == ["approve", "ask", "ask", "refuse"]
    assert [freeze.name for freeze in policy.freezes] == ["freeze"]
    expected = {located.test.name: located.test.expect for located in policy.tests}
    assert expected == {
        "one target": "refuse",
        "a request for foreman.lab": "approve",
        "many targets": "refuse",
        "one of db-*": "refuse",
        "foreman.prod on Wednesday at noon": "refuse",
        "foreman.prod on Saturday": "ask",
    }


@pytest.mark.parametrize(
    ("wrong", "right", "problem"),
    [
        (("sre", "1", "UTC", "8h"), ("@sre",), '"sre" names nobody; write a user group as "@sre"'),
        (("@sre", "two", "UTC", "8h"), ("@sre",), "this is not valid TOML"),
        (("@sre", "1", "Berlin", "8h"), ("@sre",), '"Berlin" is not a time zone'),
        (("@sre", "1", "UTC", "soon"), ("@sre",), '"soon" is not a length of time'),
        (("@sre", None, None, None, "", "10", "3", "!db", "@dba"), ("db-*",), "a pattern cannot exclude anything"),
    ],
)
def test_a_wrong_answer_is_told_and_asked_again(
    wrong: tuple[str | None, ...], right: tuple[str, ...], problem: str
) -> None:
    _, told = answered(*wrong, *right)
    (line,) = told
    assert problem in line


def test_it_is_written_to_a_new_file_and_never_over_an_old_one(tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    answers = "\n" * sum(len(topic.questions) for topic in TOPICS)
    result = CliRunner().invoke(app, ["policy", "new", str(file)], input=answers)
    assert result.exit_code == 0, result.output
    assert load_policy(file.read_text(), now=NOW).tests
    assert CliRunner().invoke(app, ["policy", "new", str(file)]).exit_code == 2
    printed = CliRunner().invoke(app, ["policy", "new"], input=answers)
    assert printed.stdout.endswith(file.read_text())
