"""The commands ``nightshift policy`` and ``nightshift doctor`` on a running policy."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import find_card, make_request

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
reminders = ["1h"]

[[policy.rules]]
name = "many hosts"
when = { min_targets = 3, template = "Run Command*" }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "databases"
when = { targets = "db*" }
effect = "refuse"

[[policy.freezes]]
name = "far away"
start = 2200-01-01T00:00:00Z
end = 2200-02-01T00:00:00Z
"""
WEB = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when=now because=patch'


async def run(env: Environment, *arguments: str) -> tuple[int, str]:
    """Run the command as an operator. Returns its exit code and output."""
    environment = {**os.environ, **env.env_vars, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from bot.cli import main; main()", *arguments),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_a_request_is_explained_rule_by_rule(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice, WEB, {"command": "uptime"})
    await find_card(bob, name)
    code, said = await run(env, "policy", "explain", name)
    assert code == 0, said
    assert said.splitlines()[0] == (
        "Needs 2 of @sre because 8 hosts and the template Run Command - Script Default (rule “many hosts”)."
    )
    lines = env.config.read_text().splitlines()
    many, databases = (lines.index(f'name = "{rule}"') for rule in ("many hosts", "databases"))
    assert f"{env.config}:{many}: “many hosts” applies: 8 hosts and the template Run Command - Script Default." in said
    assert f"{env.config}:{databases}: “databases” does not apply: it wants a target db*." in said
    assert "Reminders after 1 hour." in said


async def test_a_policy_whose_groups_can_approve_is_in_order(env: Environment) -> None:
    code, said = await run(env, "policy", "check")
    assert (code, said.splitlines()[-1]) == (0, "ok    policy: 2 rules, 1 freeze"), said


@pytest.mark.allows_bot_errors
async def test_a_group_that_slack_does_not_have_is_a_fault_and_silence_is_not(env: Environment) -> None:
    text = env.config.read_text()
    env.config.write_text(text.replace('approvers = ["@sre"]', 'approvers = ["@nobody"]'))
    try:
        code, said = await run(env, "policy", "check")
        assert (code, "FAULT" in said, "@nobody" in said) == (1, True, True), said
    finally:
        env.config.write_text(text)
    env.slack.faults.fail_with_code("auth.test", "internal_error", times=None)
    try:
        code, said = await run(env, "policy", "check")
    finally:
        env.slack.faults.clear()
    assert (code, "FAULT" in said) == (0, False), said
    assert "Slack does not tell all groups and people" in said


@pytest.mark.allows_bot_errors
async def test_doctor_lists_a_channel_that_cannot_be_posted_to(env: Environment) -> None:
    code, said = await run(env, "doctor")
    assert (code, "ok    channel #approvals" in said, "ok    policy: 2 rules, 1 freeze" in said) == (0, True, True), (
        said
    )
    env.slack.admin.archive("#approvals")
    try:
        code, said = await run(env, "doctor")
        assert code == 1
        fault = next(line for line in said.splitlines() if line.startswith("FAULT"))
        assert "channel #approvals" in fault
    finally:
        env.slack.channel("#approvals").is_archived = False
