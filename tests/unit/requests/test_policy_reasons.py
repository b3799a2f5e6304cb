"""Every outcome of policy has codes, and sentences that say why."""

from typing import Any

import pytest

from bot.requests.model import Requirement
from bot.requests.model import RequirementCode as Code
from bot.requests.policy.evaluate import evaluate
from bot.requests.policy.explain import headline
from tests.unit.requests.build import policy, rule, subject
from tests.unit.requests.test_policy_effects import APPROVE, HOSTS_43, REFUSE

CODES: list[tuple[str, str, dict[str, Any], tuple[Code, ...]]] = [
    ("no rule", "", {}, (Code.NO_RULE_COVERS_IT,)),
    ("a rule asks", rule("min_targets = 2"), {}, (Code.RULE_ASKS,)),
    (
        "a rule asks for a part",
        rule('targets = "web-*"'),
        {"names": ("web-1", "db-1")},
        (Code.RULE_ASKS, Code.NO_RULE_COVERS_THE_REST),
    ),
    ("a rule approves", rule('backend = "foreman"', APPROVE), {}, (Code.RULE_APPROVES,)),
    (
        "a rule asks where another approves",
        rule('backend = "foreman"', APPROVE, "ok") + rule("min_targets = 2"),
        {},
        (Code.RULE_ASKS, Code.APPROVING_RULE_OVERRULED),
    ),
    (
        "a budget is used up",
        rule("max_targets = 2", APPROVE + "\nbudget = 2"),
        {"approved_today": {"r": 2}},
        (Code.BUDGET_EXHAUSTED,),
    ),
    ("a rule refuses", rule("min_targets = 2", REFUSE), {}, (Code.RULE_REFUSES,)),
    (
        "a rule refuses and the requester may not ask",
        rule("min_targets = 2", REFUSE + '\nmay_request = ["@ops"]'),
        {},
        (Code.RULE_REFUSES, Code.REQUESTER_NOT_ALLOWED),
    ),
]


@pytest.mark.parametrize(("rules", "values", "codes"), [c[1:] for c in CODES], ids=[c[0] for c in CODES])
def test_every_outcome_has_its_codes(rules: str, values: dict[str, Any], codes: tuple[Code, ...]) -> None:
    assert evaluate(policy(rules), subject(**values)).codes == codes


def test_a_requirement_that_was_stored_before_there_were_codes_still_loads() -> None:
    stored = evaluate(policy(rule("min_targets = 2")), subject()).model_dump(mode="json")
    assert stored.pop("codes") == ["rule_asks"]
    loaded = Requirement.model_validate(stored)
    assert (loaded.codes, loaded.effect, loaded.rules) == ((), "ask", ("r",))


def test_no_rules_means_that_a_person_must_approve() -> None:
    found = evaluate(policy(""), subject())
    assert (found.effect, found.stages[0].groups, found.stages[0].quorum) == ("ask", ("@sre",), 1)
    assert found.reasons == ("No rule covers this request, so the default approvers decide.",)


def test_every_rule_that_applies_is_named_with_its_reason() -> None:
    text = rule("min_targets = 40", 'approvers = "@sre"\nquorum = 2', "many") + rule(
        'backend = "foreman"', APPROVE, "ok"
    )
    found = evaluate(policy(text), subject(**HOSTS_43))
    assert found.rules == ("many", "ok")
    assert found.reasons == (
        "The rule “many” asks for 2 of @sre: 43 hosts.",
        "The rule “ok” would approve this at once, but more is asked for.",
    )


def test_budgets_are_told_with_their_numbers() -> None:
    text = rule("max_targets = 2", APPROVE + "\nbudget = 5", "small")
    first = evaluate(policy(text), subject())
    assert first.reasons[0].endswith("(1 of 5 that day).")
    third = evaluate(policy(text), subject(approved_today={"small": 2}))
    assert third.reasons == ("The rule “small” approves this at once: 2 hosts (3 of 5 that day).",)
    sixth = evaluate(policy(text), subject(approved_today={"small": 5}))
    assert sixth.reasons == (
        "The rule “small” has let 5 start that day without an approval, as many as it may; people decide now.",
    )


def test_a_rule_says_what_it_asks_for() -> None:
    text = rule("min_targets = 1", "quorum = 2", "two") + rule("min_targets = 2", "", "one")
    assert evaluate(policy(text), subject()).reasons == (
        "The rule “two” asks for 2 approvals: 2 hosts.",
        "The rule “one” asks for an approval: 2 hosts.",
    )


def test_a_refusal_keeps_what_made_it() -> None:
    text = rule("min_targets = 1", name="ask") + rule('reboot = "Force"', REFUSE, "no")
    found = evaluate(policy(text), subject(facts={"reboot": "Force"}))
    assert (found.because, found.rules) == (("a forced reboot",), ("ask", "no"))


def test_a_rule_that_names_no_approvers_is_not_called_none() -> None:
    """A rule applies, for it says who may see the request; it leaves the decision to the default approvers."""
    found = evaluate(policy(rule("min_targets = 1", 'effect = "limit"\nmay_see = ["@sre"]')), subject())
    assert found.reasons == ("No rule names approvers for this request, so the default approvers decide.",)
    assert headline(found) == "Needs 1 of @sre because no rule names approvers."
