"""The bot is killed after its call has left and before the answer has come. It is started again, and all is well."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.sandbox import Fault
from playground.slack import Message
from playground.stage import Stage, stage
from tests.crash.process import BotProcess, ending
from tests.scenarios.steps import WAIT, approved, asked, card, reads, so

JOBS = "/api/job_invocations"


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path) as on:
        on.foreman.speed = 100.0
        yield on


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault("hang", JOBS, "POST"), id="the job was saved, the answer never came"),
        pytest.param(Fault("slow", JOBS, "POST", seconds=1.5), id="the job is saved only after the bot is gone"),
    ],
)
async def test_one_invocation_the_request_finishes_and_the_card_is_right(
    on: Stage, tmp_path: Path, fault: Fault
) -> None:
    bot = BotProcess(on.environment, tmp_path / "bot.log")
    async with ending(bot):
        await bot.start()
        await on.slack.deliver_to(bot.url)
        name = await asked(on.slack.person("alice"))
        on.foreman.faults.append(fault)
        found = await approved(on, name)
        await so(on, lambda: on.foreman.received("POST", JOBS))
        await bot.kill()
        await bot.start()
        await reads(found, "Succeeded", "20 of 20", on=on)
        assert len(on.foreman.received("POST", JOBS)) == 1
        assert len(on.foreman.invocations) == 1
        await _told_once(on, name, found)
        assert await bot.stop() == 0


async def _told_once(on: Stage, name: str, found: Message) -> None:
    """The card is the only one, and the outcome was posted once in each place."""
    alice = on.slack.person("alice")
    assert [m for m in alice.messages("#approvals") if f"{name} ·" in m.text] == [found]
    for where in ("#results", "dm"):
        await alice.wait_for(f"{name} · Foreman: Run a Foreman job: succeeded", where=where, timeout=WAIT)
        outcomes = [m for m in alice.messages(where) if f"{name} ·" in m.text and ": succeeded" in m.text]
        assert len(outcomes) == 1
    assert (await card(alice, name)) is found
