"""The bot is killed between its call and the answer, and started again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from playground.environment import Environment, run_environment
from playground.sandbox import Fault
from playground.slack import Message
from tests.crash.process import BotProcess, kill_on_exit
from tests.scenarios.steps import (
    JOBS_PATH,
    approve_request,
    eventually,
    find_card,
    find_outcome,
    job_requests,
    jobs_received,
    make_request,
    wait_for_texts,
)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Environment]:
    async with run_environment(tmp_path) as env:
        env.foreman.speed = 100.0
        # The bot is a process of its own here, and how quickly it starts depends on the machine; make bench measures
        # Slack's deadlines.
        env.slack.workspace.settings = replace(env.slack.settings, ack_deadline=30.0, trigger_ttl=30.0)
        yield env


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("hang", JOBS_PATH, "POST"), id="the job was saved, the answer never came"),
        pytest.param(Fault("slow", JOBS_PATH, "POST", seconds=1.5), id="the job is saved only after the bot is gone"),
    ],
)
async def test_there_is_one_job_the_request_finishes_and_the_card_is_right(
    env: Environment, tmp_path: Path, fault: Fault
) -> None:
    bot = BotProcess(env.env_vars, tmp_path / "bot.log")
    async with kill_on_exit(bot):
        await bot.start()
        await env.slack.use_http(bot.url)
        name = await make_request(env.slack.person("alice"))
        env.foreman.faults.append(fault)
        card = await approve_request(env, name)
        await eventually(env, lambda: job_requests(env))
        await bot.kill()
        await bot.start()
        await wait_for_texts(card, "Done", "20 of 20", env=env)
        assert jobs_received(env) == 1
        assert len(env.foreman.invocations) == 1
        await _check_posted_once(env, name, card)
        assert await bot.stop() == 0


async def _check_posted_once(env: Environment, name: str, card: Message) -> None:
    """The card is the only one, and the outcome was posted once in each place."""
    alice = env.slack.person("alice")
    assert [m for m in alice.messages("#approvals") if f"{name} ·" in m.text] == [card]
    for where in ("#results", "dm"):
        await find_outcome(alice, name, where=where)
        told = [m.text for m in alice.messages(where) if name in m.text and "succeeded" in m.text]
        assert len([text for text in told if "\nWhen " not in text]) == 1
    assert (await find_card(alice, name)) is card
