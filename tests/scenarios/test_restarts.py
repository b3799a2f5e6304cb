"""The bot is away for a while, or Slack is: nothing is lost, nothing comes twice, and what was missed is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playground.slack import Message
from playground.stage import Stage, bot_inside, stage
from tests.scenarios.conftest import MORNING
from tests.scenarios.steps import RESTART, WAIT, approved, asked, card, reads, so, told

JOBS = "/api/job_invocations"
COMMAND = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so'


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage; each test starts and stops the bot itself."""
    async with stage(tmp_path) as on:
        on.clock.jump_to(MORNING)
        on.foreman.speed = 100.0
        yield on


def made(on: Stage) -> int:
    """How many jobs Foreman was asked for."""
    return len(on.foreman.received("POST", JOBS))


async def series(on: Stage) -> tuple[str, Message]:
    """A series that Nightshift holds: every three days at four."""
    name = await asked(on.slack.person("alice"), f'{COMMAND} when="every 3 days at 04:00"', {"command": "id"})
    found = await approved(on, name)
    await reads(found, "Run 1: waiting for its time · Tue 12 Jan 2027 04:00 CET", on=on)
    return name, found


async def test_runs_missed_during_a_downtime_are_told_and_the_next_one_comes(on: Stage) -> None:
    alice = on.slack.person("alice")
    async with bot_inside(on, "http"):
        name, found = await series(on)
    on.clock.jump_to(datetime(2027, 1, 19, 12, 0, tzinfo=UTC))
    async with bot_inside(on, "http"):
        for number in (1, 2, 3):
            missed = await alice.wait_for(f"{name} · run {number} ·", where="#results", timeout=WAIT)
            assert "missed" in missed.text
            assert "it could not start before" in missed.text
        await reads(found, "Run 4: waiting for its time · Thu 21 Jan 2027 04:00 CET", on=on)
        assert made(on) == 0
        on.clock.jump_to(datetime(2027, 1, 21, 3, 0, 5, tzinfo=UTC))
        assert "succeeded" in (await alice.wait_for(f"{name} · run 4 ·", where="#results", timeout=WAIT)).text
        assert made(on) == 1


async def test_a_run_that_is_a_little_late_is_made_up_for(on: Stage) -> None:
    async with bot_inside(on, "http"):
        name, _ = await series(on)
    on.clock.jump_to(datetime(2027, 1, 12, 3, 30, tzinfo=UTC))
    async with bot_inside(on, "http"):
        outcome = await on.slack.person("alice").wait_for(f"{name} · run 1 ·", where="#results", timeout=WAIT)
        assert "succeeded" in outcome.text
        assert made(on) == 1


async def test_a_request_can_be_approved_after_a_restart_and_the_same_card_goes_on(on: Stage) -> None:
    async with bot_inside(on, "http"):
        name = await asked(on.slack.person("alice"))
        found = await card(on.slack.person("bob"), name)
    async with bot_inside(on, "socket"):
        assert await approved(on, name) is found
        await reads(found, "Succeeded", on=on)
        assert made(on) == 1


async def test_what_runs_while_the_bot_is_away_is_told_when_it_is_back(on: Stage) -> None:
    on.foreman.speed = 1.0
    async with bot_inside(on, "http"):
        found = await approved(on, await asked(on.slack.person("alice")))
        await reads(found, "Running", "0 of 20", on=on)
    on.clock.forward(timedelta(minutes=5))
    async with bot_inside(on, "http"):
        await reads(found, "Succeeded", "20 of 20", on=on)
    assert made(on) == 1


async def test_an_outcome_waits_for_slack_to_come_back(on: Stage) -> None:
    alice = on.slack.person("alice")
    on.foreman.speed = 1.0
    async with bot_inside(on, "http"):
        name = await asked(alice)
        found = await approved(on, name)
        await reads(found, "Running", on=on)
        on.slack.faults.away = True
        on.clock.forward(timedelta(minutes=5))
        await so(on, lambda: on.slack.journal.errors["chat.update"])
    on.slack.faults.clear()
    async with bot_inside(on, "http"):
        await reads(found, "Succeeded", on=on)
        for where in ("#results", "dm"):
            await alice.wait_for(f"{name} · Foreman: Run a Foreman job: succeeded", where=where, timeout=WAIT)
            outcomes = [m for m in alice.messages(where) if f"{name} ·" in m.text and ": succeeded" in m.text]
            assert len(outcomes) == 1


async def test_a_message_whose_answer_was_lost_is_not_posted_again(on: Stage) -> None:
    alice = on.slack.person("alice")
    async with bot_inside(on, "http"):
        on.slack.faults.cut("chat.postMessage", after=True)
        name = await asked(alice)
        await card(on.slack.person("bob"), name)
        await approved(on, name)
        await alice.wait_for(f"{name} · Foreman: Run a Foreman job: succeeded", where="dm", timeout=WAIT)
        cards = [m for m in alice.messages("#approvals") if f"{name} ·" in m.text]
        receipts = [m for m in alice.messages("dm") if f"{name} ·" in m.text]
        assert (len(cards), len(receipts)) == (1, 2)


async def test_a_slack_that_asks_to_slow_down_is_obeyed_and_nothing_is_lost(on: Stage) -> None:
    async with bot_inside(on, "http"):
        on.slack.faults.rate_limit("chat.update", retry_after=1, times=3)
        found = await approved(on, await asked(on.slack.person("alice")))
        await reads(found, "Succeeded", on=on)
        limited = [e for e in on.slack.journal.calls("chat.update") if e.error]
        assert len(limited) == 3


async def test_a_held_start_is_cancelled_once_the_bot_is_back(on: Stage) -> None:
    alice = on.slack.person("alice")
    line = RESTART.replace("=now", '="tomorrow 21:00:30"')
    async with bot_inside(on, "http"):
        name = await asked(alice, line, {"service": "nginx"})
        found = await approved(on, name)
        await reads(found, "Scheduled", on=on)
    async with bot_inside(on, "http"):
        assert "cancelled" in await told(alice, "Cancel", found)
        await reads(found, "Cancelled", on=on)
    assert made(on) == 0
