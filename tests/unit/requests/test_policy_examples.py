"""The five organisations of docs/policies: their tests pass, they have no mistakes, and each rule is short."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.configuration import checked_policy
from bot.requests.policy.play_tests import play_tests
from bot.settings import Settings

FILES = sorted((Path(__file__).parents[3] / "docs" / "policies").glob("*.toml"))
MAX_LINES = 8


def test_there_are_five() -> None:
    assert [file.stem for file in FILES] == ["bank", "hospital", "msp", "startup", "university"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_its_tests_pass(file: Path) -> None:
    policy = checked_policy(file, Settings(), datetime.now(UTC))
    assert play_tests(policy) == ()
    assert len(policy.tests) >= 14
    # Every rule and freeze of the file decides in some test, or only adds terms.
    decided = {name for test in policy.defaults.tests for name in test.by or ()}
    rules = {rule.name for rule in policy.defaults.rules if rule.effect != "limit" and not policy.customers}
    assert rules <= decided | {"everything"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_rule_has_at_most_eight_lines(file: Path) -> None:
    tables = re.split(r"\n\[\[", file.read_text())
    rules = [table for table in tables if table.startswith(("policy.rules", "policy.each.rules"))]
    assert len(rules) >= 7
    assert max(len(rule.strip().splitlines()) for rule in rules) <= MAX_LINES
