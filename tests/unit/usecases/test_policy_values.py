"""Policy is compared with the templates that Foreman has."""

from datetime import UTC, datetime

import pytest

from bot.configuration import known_names
from bot.requests.policy.load import load_policy
from bot.usecases.policy_values import value_problems
from playground.sandbox import Fault
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "power"
when = { template = ["Power Acton*", "Run Command*"] }
quorum = 2
"""


async def test_a_misspelt_template_is_found_and_a_foreman_that_is_away_is_said(bot: Harness) -> None:
    policy, known = load_policy(POLICY, now=datetime.now(UTC)), known_names(bot.services.settings)
    (problem,), notes = await value_problems(policy, known, bot.services.backends)
    assert 'the rule “power”: foreman.main has no template "Power Acton*"; did you mean "Power Action' in problem
    assert notes == []
    bot.env.foreman.faults.append(Fault("status", "/api/job_templates", "GET", status=503, remaining=None))
    problems, (note,) = await value_problems(policy, known, bot.services.backends)
    assert problems == []
    assert note.startswith("foreman.main: what policy names is not compared with it. ")
