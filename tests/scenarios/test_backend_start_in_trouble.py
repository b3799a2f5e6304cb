"""A start that Foreman keeps, while Slack is silent, the approvers change, or the clock is set back."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from playground.environment import Environment
from playground.slack import Message, Person
from tests.scenarios.placed import (
    begin_at_nine,
    cancel_what_is_left,
    check_is_recorded,
    is_cancelled,
    move_before,
    scheduled,
)
from tests.scenarios.steps import click_for_modal, jobs_received, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
POLICY = """
[policy]
approvers = ["@sre"]
zone = "UTC"
"""
TOO_OLD = 2 * 3600.0
"""Seconds after which Slack's last answer does not count at a start any more."""


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def as_before(env: Environment) -> AsyncIterator[None]:
    assert env.bot is not None
    monotonic = env.bot.directory._monotonic
    begin_at_nine(env)
    yield
    env.bot.directory._monotonic = monotonic
    env.slack.faults.clear()
    env.slack.admin.set_group("sre", ["bob", "carol"])
    cancel_what_is_left(env)


def slack_is_silent(env: Environment) -> None:
    """Slack tells no groups, and its last answer is too old."""
    assert env.bot is not None
    clock = env.bot.directory._monotonic
    env.bot.directory._monotonic = lambda: clock() + TOO_OLD
    env.slack.faults.fail_with_status("usergroups.list", times=None)


async def test_while_slack_is_silent_it_is_cancelled_in_time_and_started_from_here_later(
    env: Environment, alice: Person
) -> None:
    _, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    slack_is_silent(env)
    move_before(env, job, 10)
    await wait_for_texts(card, "Slack does not say", "Its start is checked again until", env=env)
    assert not job.cancelled
    move_before(env, job, 1.9)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Cancelled in Foreman; Nightshift makes this start instead.", env=env)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Retrying until", env=env)
    assert jobs_received(env) == calls
    env.slack.faults.clear()
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert jobs_received(env) == calls + 1


async def approve_at_short_notice(who: Person, card: Message) -> None:
    question = await click_for_modal(who, "Approve", card)
    await question.click("Approve anyway")
    await question.wait_for_text("You approved")
    await question.close()


async def test_with_its_approver_gone_it_is_cancelled_and_asked_about_again(env: Environment, alice: Person) -> None:
    _, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    env.slack.admin.set_group("sre", ["carol"])
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Waiting for approval", "Needs 1 approval", env=env)
    await approve_at_short_notice(env.slack.person("carol"), card)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert jobs_received(env) == calls + 1


async def test_while_nobody_is_an_approver_it_is_cancelled_and_the_card_says_so(
    env: Environment, alice: Person
) -> None:
    _, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    env.slack.admin.set_group("sre", [])
    move_before(env, job, 10)
    await is_cancelled(env, job)
    await wait_for_texts(card, "Waiting for approval", "nobody of them can approve it now", env=env)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    assert (jobs_received(env), job.runs) == (calls, None)


async def test_a_clock_that_is_set_back_starts_nothing_twice(env: Environment, alice: Person) -> None:
    name, card, job = await scheduled(env, alice)
    calls = jobs_received(env)
    move_before(env, job, 10)
    await check_is_recorded(env, name)
    move_before(env, job, 100)
    move_before(env, job, 10)
    env.clock.move_to(job.start_at + timedelta(seconds=5))
    await wait_for_texts(card, "Done", "8 of 8", env=env)
    assert "Not checked" not in card.text
    assert jobs_received(env) == calls
