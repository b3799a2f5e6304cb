"""Groups that are gone or disabled: what a rule makes depend on them is refused, and never made easier."""

import pytest

from bot.requests.model import RequirementCode
from bot.requests.policy.evaluate import evaluate
from tests.unit.requests.build import policy, rule, subject

GONE = frozenset({"@gone"})
TEXT = "The user group @gone does not exist or is disabled; ask an admin to correct that."
LIMIT = 'effect = "limit"\nexpires = "2h"'


@pytest.mark.parametrize(
    ("rules", "effect", "reason"),
    [
        (rule('requester = "@gone"', 'effect = "refuse"'), "refuse", "a requester who may be from @gone"),
        (rule('requester = "@gone"'), "refuse", f"The rule “r” depends on who is in @gone. {TEXT}"),
        (rule('requester = "@gone"', LIMIT), "refuse", f"depends on who is in @gone. {TEXT}"),
        (rule('requester = ["@gone", "@present"]'), "ask", "asks for 1 of @ops: a requester from @present"),
        (rule('requester = "@gone"', 'effect = "approve"'), "ask", "No rule covers this request"),
        (rule('targets = "web*"', 'may_request = ["@gone"]'), "refuse", f"only @gone may ask for this. {TEXT}"),
        (rule('targets = "web*"', 'may_request = ["@gone", "@present"]'), "ask", ""),
        (rule('targets = "db*", requester = "@gone"'), "ask", "No rule covers this request"),
        (
            rule('targets = "web*"', 'unless = {requester = "@gone"}\neffect = "refuse"'),
            "refuse",
            "refuses this: ",
        ),
        (rule('targets = "web*"', 'unless = {requester = "@gone"}\neffect = "approve"'), "ask", "No rule covers"),
    ],
)
def test_what_depends_on_a_missing_group(rules: str, effect: str, reason: str) -> None:
    requirement = evaluate(policy(rules), subject(groups=frozenset({"@present"}), missing_groups=GONE))
    assert requirement.effect == effect
    assert reason in " ".join(requirement.reasons)


@pytest.mark.parametrize("effect", ['effect = "refuse"', 'approvers = ["@ops"]', LIMIT])
def test_a_group_that_goes_makes_nothing_easier_for_its_members(effect: str) -> None:
    loaded = policy(rule('requester = "@gone"', effect))
    assert evaluate(loaded, subject(missing_groups=GONE)).effect == "refuse"


def test_code_can_tell_why() -> None:
    requirement = evaluate(policy(rule('requester = "@gone"')), subject(missing_groups=GONE))
    assert requirement.codes == (RequirementCode.GROUP_MISSING,)
