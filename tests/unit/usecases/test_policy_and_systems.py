"""Policies are compared with the templates that Foreman has, and with each other by the groups that Slack tells."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.commands.policy_diff import compare
from bot.configuration import known_names
from bot.requests.policy.load import load_policy
from bot.usecases.policy_values import value_problems
from playground.sandbox import Fault
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
"""
POWER = (
    POLICY
    + """
[[policy.rules]]
name = "power"
when = { template = ["Power Acton*", "Run Command*"] }
quorum = 2
"""
)


async def test_a_misspelt_template_is_found_and_a_foreman_that_is_away_is_said(bot: Harness) -> None:
    policy, known = load_policy(POWER, now=datetime.now(UTC)), known_names(bot.services.settings)
    (problem,), notes = await value_problems(policy, known, bot.services.backends)
    assert 'the rule “power”: foreman.main has no template "Power Acton*"; did you mean "Power Action' in problem
    assert notes == []
    bot.env.foreman.faults.append(Fault("status", "/api/job_templates", "GET", status=503, remaining=None))
    problems, (note,) = await value_problems(policy, known, bot.services.backends)
    assert problems == []
    assert note.startswith("foreman.main: what policy names is not compared with it. ")


@pytest.mark.parametrize(
    ("condition", "differs"), [('requester = "@sre"', "bob"), ('channel = "#approvals"', "alice, bob")]
)
async def test_groups_and_channels_are_those_that_slack_tells(
    bot: Harness, capsys: pytest.CaptureFixture[str], condition: str, differs: str
) -> None:
    old = load_policy(POLICY, now=bot.now)
    new = load_policy(f'{POLICY}\n[[policy.rules]]\nname = "x"\nwhen = {{ {condition} }}\nquorum = 3\n', now=bot.now)
    channel = await bot.services.directory.channel_id("#approvals")
    names = {who: (await bot.request(who, channel=channel)).name for who in ("alice", "bob")}
    capsys.readouterr()
    assert await compare(bot.services.settings, old, new, bot.now - timedelta(days=1)) == 1
    printed = capsys.readouterr().out
    assert [f"{names[who]}\n" in printed for who in names] == [who in differs for who in names]
    assert "Groups and names of channels are as Slack tells them now." in printed
