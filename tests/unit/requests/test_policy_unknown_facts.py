"""Facts that cannot be told: they never make a request easier, whatever a rule does."""

import pytest

from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline, rule_trace
from bot.requests.subject import Subject
from tests.unit.requests.build import policy, rule, subject

CASES = {
    "known": {"facts": {"tenants": ["Brightwater Farms"]}},
    "another": {"facts": {"tenants": ["Corvid Press"]}},
    "partly": {"facts": {"tenants": ["Corvid Press", None]}},
    "unknown": {"facts": {"tenants": [None]}},
    "known and more": {"facts": {"tenants": ["Brightwater Farms", None]}},
}
BRIGHTWATER = 'facts = { tenants = "Brightwater*" }'


def of(case: str) -> Subject:
    return subject(**CASES[case])


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("known", "Needs 1 of @ops because the tenant Brightwater Farms."),
        ("another", "Needs 1 of @sre because no rule applies."),
        ("partly", "Needs 1 of @ops then 1 of @sre because an unknown tenant, while Brightwater* matters and a part"),
        ("unknown", "Needs 1 of @ops then 1 of @sre because an unknown tenant, while Brightwater* matters and a part"),
        ("known and more", "Needs 1 of @ops then 1 of @sre because the tenant Brightwater Farms and a part"),
    ],
)
def test_a_rule_that_asks_applies_to_what_may_be_meant(case: str, expected: str) -> None:
    assert headline(evaluate(policy(rule(BRIGHTWATER)), of(case))).replace(", then", " then").startswith(expected)


@pytest.mark.parametrize(("case", "effect"), [("known", "refuse"), ("another", "ask"), ("unknown", "refuse")])
def test_a_rule_that_refuses_applies_to_what_may_be_meant(case: str, effect: str) -> None:
    assert evaluate(policy(rule(BRIGHTWATER, 'effect = "refuse"')), of(case)).effect == effect


@pytest.mark.parametrize(
    ("case", "effect"), [("known", "approve"), ("another", "ask"), ("unknown", "ask"), ("known and more", "ask")]
)
def test_a_rule_that_approves_wants_to_know(case: str, effect: str) -> None:
    assert evaluate(policy(rule(BRIGHTWATER, 'effect = "approve"')), of(case)).effect == effect


@pytest.mark.parametrize(("case", "is_excepted"), [("known", True), ("another", False), ("unknown", False)])
def test_only_what_is_known_is_an_exception(case: str, is_excepted: bool) -> None:
    text = rule('schedule = "now"', f'effect = "refuse"\nunless = {{ {BRIGHTWATER} }}')
    assert (evaluate(policy(text), of(case)).effect == "ask") is is_excepted


@pytest.mark.parametrize(("case", "effect"), [("known", "ask"), ("another", "approve"), ("unknown", "ask")])
def test_what_may_be_an_exception_stops_a_rule_that_approves(case: str, effect: str) -> None:
    text = rule('schedule = "now"', f'effect = "approve"\nunless = {{ {BRIGHTWATER} }}')
    assert evaluate(policy(text), of(case)).effect == effect


def test_what_was_looked_up_is_known_for_its_patterns() -> None:
    """Some systems tell only whether the targets belong to what policy names."""
    found = policy(rule('facts = { device_groups = "Lab*" }', 'effect = "approve"'))
    in_lab = {"facts": {"device_groups": ["Lab 1", None]}}
    assert evaluate(found, subject(**in_lab)).effect == "ask"
    assert evaluate(found, subject(**in_lab, known_for={"device_groups": ("Lab*", "Tier 0")})).effect == "approve"
    assert evaluate(found, subject(**in_lab, known_for={"device_groups": ("Tier 0",)})).effect == "ask"
    in_part = {"facts": {"device_groups": ["Lab 1", "", None]}, "known_for": {"device_groups": ("Lab*",)}}
    assert evaluate(found, subject(**in_part)).effect == "ask"


def test_explain_says_why_an_unknown_fact_is_not_enough() -> None:
    trace = rule_trace(policy(rule(BRIGHTWATER, 'effect = "approve"')), of("unknown"))
    assert trace[0].endswith("does not apply: it wants the tenant Brightwater*, for all of the request.")


def test_the_patterns_for_facts_are_those_of_all_rules() -> None:
    text = rule(BRIGHTWATER, name="a") + rule('facts = { tenants = "Corvid", script = "x" }', name="b")
    text += rule('schedule = "now"', 'unless = { facts = { tenants = "Dunmore" } }', name="c")
    found = policy(text).fact_patterns
    assert {fact: [*patterns] for fact, patterns in found.items()} == {
        "tenants": ["Brightwater*", "Corvid", "Dunmore"],
        "script": ["x"],
    }
    assert found["tenants"]["Brightwater*"]("brightwater farms")
