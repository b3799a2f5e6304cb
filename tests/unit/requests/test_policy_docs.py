"""The page on policy is right: its examples load, and it knows every setting."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.requests.freezes.rules import FreezeRule
from bot.requests.model import ApproverLimit
from bot.requests.oncall import RotaSettings
from bot.requests.policy.each import EachSettings
from bot.requests.policy.load import load_policy
from bot.requests.policy.mistakes import policy_mistakes
from bot.requests.policy.play_tests import play_tests
from bot.requests.policy.policy_tests import AskedRequest, PolicyTest
from bot.requests.policy.rules import PolicyRule, PolicySettings, RequiredValues, RuleConditions
from docs.reference.policy import policy_keys_page
from tests.unit.requests.build import NOW

MODELS = (
    *(PolicySettings, PolicyRule, RuleConditions, RequiredValues, RotaSettings, ApproverLimit, FreezeRule),
    *(EachSettings, PolicyTest, AskedRequest),
)
CUSTOMERS = ("brightwater", "contoso")
DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "policy.md").read_text()


def settings_of(model: type[BaseModel]) -> list[str]:
    """The settings of a table as the file names them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def test_every_key_has_a_meaning_on_the_page_of_keys() -> None:
    assert [line for line in policy_keys_page().splitlines() if line.endswith(("|  |", "| |"))] == []


@pytest.mark.parametrize(
    "block", re.findall(r"```toml\n(.*?)```", (DOCS / "policy-pitfalls.md").read_text(), re.DOTALL)
)
def test_each_pitfall_is_true(block: str) -> None:
    policy = load_policy(block, now=NOW)
    assert policy.tests
    assert play_tests(policy) == ()
    assert policy_mistakes(policy) == []


@pytest.mark.parametrize(
    "block", re.findall(r"```toml\n(.*?)```", (DOCS / "policy-examples.md").read_text(), re.DOTALL)
)
def test_what_is_taught_is_in_the_files(block: str) -> None:
    assert any(block in file.read_text() for file in (DOCS / "policies").glob("*.toml"))


def test_the_examples_load() -> None:
    policy = load_policy("\n".join(re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)), now=NOW)
    names = [
        "many hosts",
        "databases",
        "the lab",
        "no work by day",
        "outage",
        "routers",
        "the bank's machines",
        "Foreman's own people",
    ]
    customers = [f"{what} of {who}" if what else f"customer {who}" for what in ("", "admins") for who in CUSTOMERS]
    assert [rule.rule.name for rule in policy.rules] == [*names, *customers]
    assert play_tests(policy) == ()
    assert [freeze.name for freeze in policy.freezes] == ["Year end", "Weekly release", "Company calendar"]


@pytest.mark.parametrize(
    "setting",
    sorted({name for model in MODELS for name in settings_of(model)}),
)
def test_every_setting_is_on_the_page(setting: str) -> None:
    assert re.search(rf"\b{setting}\b", PAGE)
