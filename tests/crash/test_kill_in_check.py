"""The bot is killed in the check of a start that Foreman makes, and started again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import failpoints
from bot.usecases.jobs.check_starts import LEASE
from playground.environment import Environment, run_environment
from playground.foreman.jobs import Invocation
from playground.slack import Message
from tests.crash.process import BotProcess, kill_on_exit
from tests.scenarios.steps import approve_request, eventually, jobs_received, make_request, wait_for_texts

COMMAND = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="in 60 minutes" because=patch'
SIGKILL = -9


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Environment]:
    async with run_environment(tmp_path, scheduler="backend") as env:
        env.foreman.speed = 100.0
        # The bot is a process of its own here, and how quickly it starts depends on the machine.
        env.slack.workspace.settings = replace(env.slack.settings, ack_deadline=30.0, trigger_ttl=30.0)
        yield env


@pytest.fixture
async def bot(env: Environment, tmp_path: Path) -> AsyncIterator[BotProcess]:
    bot = BotProcess(env.env_vars, tmp_path / "bot.log")
    async with kill_on_exit(bot):
        yield bot


async def scheduled(env: Environment, bot: BotProcess, failpoint: str) -> tuple[Message, Invocation]:
    """A request whose start Foreman keeps, with a bot that will die at a failpoint."""
    await bot.start(NIGHTSHIFT_FAILPOINT=failpoint)
    await env.slack.use_http(bot.url)
    card = await approve_request(env, await make_request(env.slack.person("alice"), COMMAND, {"command": "uptime"}))
    await eventually(env, lambda: env.foreman.invocations)
    await wait_for_texts(card, "*Scheduled* ·", env=env)
    await eventually(env, lambda: "Edit" not in card.buttons, lambda: card.text)
    return card, env.foreman.invocations[0]


async def killed_and_started(env: Environment, bot: BotProcess, job: Invocation) -> None:
    """Let the check begin, in which the bot dies, and start it again."""
    env.clock.move_to(job.start_at - timedelta(minutes=10))
    assert await bot.wait_ended(60) == SIGKILL
    await bot.start()
    # The claim of the process that is gone runs out.
    env.clock.advance(LEASE)


async def test_a_start_that_was_checked_and_not_marked_is_checked_again_and_happens_once(
    env: Environment, bot: BotProcess
) -> None:
    card, job = await scheduled(env, bot, failpoints.BEFORE_START_CHECKED)
    await killed_and_started(env, bot, job)
    before = len(env.foreman.requests_to("GET", "/api/hosts"))
    await eventually(env, lambda: len(env.foreman.requests_to("GET", "/api/hosts")) > before)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert "Not checked" not in card.text
    assert (jobs_received(env), len(env.foreman.invocations)) == (1, 1)


async def test_a_start_that_must_not_happen_does_not_and_is_asked_about_once(env: Environment, bot: BotProcess) -> None:
    card, job = await scheduled(env, bot, failpoints.AFTER_START_CANCELLED)
    env.foreman.state.world.change_template(189, text="reboot")
    await killed_and_started(env, bot, job)
    await wait_for_texts(card, "Waiting for approval", "Changed: ", "text of template", env=env)
    env.clock.move_to(job.start_at + timedelta(minutes=1))
    assert [(j.cancelled, j.runs) for j in env.foreman.invocations] == [(True, None)]
