"""The bot or Slack is down for a while: nothing is lost or sent twice, and missed runs are reported."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playground.environment import Environment, run_bot, run_environment
from playground.slack import Message
from tests.scenarios.conftest import START_TIME
from tests.scenarios.steps import (
    RESTART_COMMAND,
    RUN_COMMAND,
    approve_request,
    cancel_on_card,
    eventually,
    find_card,
    find_outcome,
    jobs_received,
    make_request,
    wait_for_texts,
)


@pytest.fixture
async def env(tmp_path: Path) -> AsyncIterator[Environment]:
    """An environment; each test starts and stops the bot itself."""
    async with run_environment(tmp_path) as env:
        env.clock.move_to(START_TIME)
        env.foreman.speed = 100.0
        yield env


async def approved_series(env: Environment) -> tuple[str, Message]:
    """A series that Nightshift holds: every three days at four."""
    name = await make_request(
        env.slack.person("alice"), f'{RUN_COMMAND} when="every 3 days at 04:00"', {"command": "id"}
    )
    card = await approve_request(env, name)
    await wait_for_texts(card, "Run 1: waiting for its time · Tue 12 Jan, 04:00 CET", env=env)
    return name, card


async def test_runs_missed_during_a_downtime_are_reported_and_the_next_one_starts(env: Environment) -> None:
    alice = env.slack.person("alice")
    async with run_bot(env, "http"):
        name, found = await approved_series(env)
    env.clock.move_to(datetime(2027, 1, 19, 12, 0, tzinfo=UTC))
    async with run_bot(env, "http"):
        for number in (1, 2, 3):
            missed = await find_outcome(alice, name, f"(run {number})")
            assert "Missed" in missed.text
            assert "it could not start before" in missed.text
        await wait_for_texts(found, "Run 4: waiting for its time · Thu 21 Jan, 04:00 CET", env=env)
        assert jobs_received(env) == 0
        env.clock.move_to(datetime(2027, 1, 21, 3, 0, 5, tzinfo=UTC))
        assert "succeeded" in (await find_outcome(alice, name, "(run 4)")).text
        assert jobs_received(env) == 1


async def test_a_run_that_is_a_little_late_is_made_up_for(env: Environment) -> None:
    async with run_bot(env, "http"):
        name, _ = await approved_series(env)
    env.clock.move_to(datetime(2027, 1, 12, 3, 30, tzinfo=UTC))
    async with run_bot(env, "http"):
        outcome = await find_outcome(env.slack.person("alice"), name, "(run 1)")
        assert "succeeded" in outcome.text
        assert jobs_received(env) == 1


async def test_a_request_can_be_approved_after_a_restart_and_the_same_card_goes_on(env: Environment) -> None:
    async with run_bot(env, "http"):
        name = await make_request(env.slack.person("alice"))
        card = await find_card(env.slack.person("bob"), name)
    async with run_bot(env, "socket"):
        assert await approve_request(env, name) is card
        await wait_for_texts(card, "Done", env=env)
        assert jobs_received(env) == 1


async def test_a_run_that_ends_while_the_bot_is_down_is_reported_afterwards(env: Environment) -> None:
    env.foreman.speed = 1.0
    async with run_bot(env, "http"):
        card = await approve_request(env, await make_request(env.slack.person("alice")))
        await wait_for_texts(card, "Running", "0 of 20", env=env)
    env.clock.advance(timedelta(minutes=5))
    async with run_bot(env, "http"):
        await wait_for_texts(card, "Done", "20 of 20", env=env)
    assert jobs_received(env) == 1


async def test_an_outcome_waits_for_slack_to_come_back(env: Environment) -> None:
    alice = env.slack.person("alice")
    env.foreman.speed = 1.0
    async with run_bot(env, "http"):
        name = await make_request(alice)
        card = await approve_request(env, name)
        await wait_for_texts(card, "Running", env=env)
        env.slack.faults.offline = True
        env.clock.advance(timedelta(minutes=5))
        await eventually(env, lambda: env.slack.journal.errors["chat.update"])
    env.slack.faults.clear()
    async with run_bot(env, "http"):
        await wait_for_texts(card, "Done", env=env)
        for where in ("#results", "dm"):
            await find_outcome(alice, name, where=where)
            told = [m.text for m in alice.messages(where) if name in m.text and "succeeded" in m.text]
            assert len([text for text in told if "\nWhen " not in text]) == 1


async def test_a_message_whose_answer_was_lost_is_not_posted_again(env: Environment) -> None:
    alice = env.slack.person("alice")
    async with run_bot(env, "http"):
        env.slack.faults.drop_connection("chat.postMessage", after=True)
        name = await make_request(alice)
        await find_card(env.slack.person("bob"), name)
        await approve_request(env, name)
        await find_outcome(alice, name, where="dm")
        cards = [m for m in alice.messages("#approvals") if f"{name} ·" in m.text]
        receipts = [m for m in alice.messages("dm") if name in m.text and "\nWhen " in m.text]
        assert (len(cards), len(receipts)) == (1, 1)


async def test_a_slack_that_asks_to_slow_down_is_obeyed_and_nothing_is_lost(env: Environment) -> None:
    async with run_bot(env, "http"):
        env.slack.faults.rate_limit("chat.update", retry_after=1, times=3)
        card = await approve_request(env, await make_request(env.slack.person("alice")))
        await wait_for_texts(card, "Done", env=env)
        limited = [e for e in env.slack.journal.calls("chat.update") if e.error]
        assert len(limited) == 3


async def test_a_pending_start_is_cancelled_once_the_bot_is_back(env: Environment) -> None:
    alice = env.slack.person("alice")
    line = RESTART_COMMAND.replace("=now", '="tomorrow 21:00:30"')
    async with run_bot(env, "http"):
        name = await make_request(alice, line, {"service": "nginx"})
        card = await approve_request(env, name)
        await wait_for_texts(card, "Scheduled", env=env)
    async with run_bot(env, "http"):
        assert "cancelled" in await cancel_on_card(alice, card)
        await wait_for_texts(card, "Cancelled", env=env)
    assert jobs_received(env) == 0
