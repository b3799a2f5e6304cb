"""Steps for work whose time Foreman keeps."""

import asyncio
from datetime import timedelta

from bot.storage import requests, runs
from playground.environment import Environment
from playground.foreman.jobs import Invocation
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import approve_request, eventually, make_request, wait_for_texts

COMMAND = '/foreman run template="Run Command - Script Default" hosts="{}" when="{}" because=patch'
UPTIME = {"command": "uptime"}
HOSTS = "name ~ web"
IN_3_HOURS = "in 180 minutes"


def begin_at_nine(env: Environment) -> None:
    env.clock.move_to(env.clock.now().replace(hour=9, minute=0, second=0) + timedelta(days=1))


def cancel_what_is_left(env: Environment) -> None:
    """Cancel in Foreman what a test leaves there: the clock of all tests is the same."""
    for logic in env.foreman.logics:
        env.foreman.state.jobs.cancel_logic(logic)
    for job in env.foreman.invocations:
        env.foreman.state.jobs.cancel(job, env.clock.now())


async def scheduled(
    env: Environment, who: Person, when: str = IN_3_HOURS, hosts: str = HOSTS, more: str = ""
) -> tuple[str, Message, Invocation]:
    """A request that was approved and handed to Foreman: its name, its card, and the job that waits there."""
    earlier = len(env.foreman.invocations)
    name = await make_request(who, COMMAND.format(hosts, when) + more, UPTIME)
    card = await approve_request(env, name)
    job = await eventually(env, lambda: next(iter(env.foreman.invocations[earlier:]), None))
    await wait_for_texts(card, "Scheduled in Foreman.", env=env)
    await eventually(env, lambda: card.buttons and "Edit" not in card.buttons, lambda: card.text)
    return name, card, job


def move_before(env: Environment, job: Invocation, minutes: float) -> None:
    """Move the clock to some minutes before a job's start."""
    env.clock.move_to(job.start_at - timedelta(minutes=minutes))


async def is_cancelled(env: Environment, job: Invocation) -> None:
    await eventually(env, lambda: job.cancelled)
    assert job.runs is None


async def check_is_recorded(env: Environment, name: str) -> None:
    """Wait until the check of a start is on record. A poll that comes first lets it be made again."""
    assert env.bot is not None
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            async with env.bot.db.read() as tx:
                request = await requests.by_number(tx, int(name.removeprefix("NS-")))
                checks = [run.start_check for run in await runs.of_request(tx, request.id)]
            if any(check is not None and check.state == "passed" for check in checks):
                return
            await asyncio.sleep(0.05)
