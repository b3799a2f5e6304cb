"""Slack tells no groups when the bot starts: it starts all the same, and checks the policy later."""

from pathlib import Path

import pytest

from playground.environment import Environment, run_bot, run_environment
from tests.scenarios.conftest import START_TIME
from tests.scenarios.steps import RUN_COMMAND, approve_request, make_request, wait_for_texts

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "people by id"
when = { targets = "db*" }
may_request = ["U0ALICE"]
"""


async def test_the_bot_starts_and_works_once_slack_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.usecases.jobs.check_policy.RETRY_SECONDS", 0.05)
    async with run_environment(tmp_path, policy=POLICY) as env:
        env.clock.move_to(START_TIME)
        env.foreman.speed = 100.0
        env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
        async with run_bot(env, "http"):
            env.slack.faults.clear()
            name = await make_request(env.slack.person("alice"), f"{RUN_COMMAND} when=now", {"command": "id"})
            await wait_for_texts(await approve_request(env, name), "Done", env=env)


async def test_what_does_not_fit_is_told_to_the_admins_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.usecases.jobs.check_policy.RETRY_SECONDS", 0.05)
    async with run_environment(tmp_path, policy=POLICY.replace("@sre", "@nobody")) as env:
        env.slack.faults.fail_with_status("usergroups.list", times=None)
        async with run_bot(env, "http"):
            env.slack.faults.clear()
            await told(env, "there is no user group @nobody in the workspace")


async def told(env: Environment, text: str) -> None:
    await env.slack.person("bob").wait_for(text, where="#ops-admin")
