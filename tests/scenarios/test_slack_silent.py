"""Slack does not say who is in which group: that is neither yes nor no, and nobody is told otherwise."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.storage import messages, requests
from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    RUN_COMMAND,
    advance_to_run,
    approve_request,
    click_for_reply,
    eventually,
    find_card,
    jobs_received,
    make_request,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = "Slack does not say just now who may approve this, so nothing was changed."
WAITS = "Slack does not say who may approve this. Retrying until"
UPTIME = {"command": "uptime"}


async def make(alice: Person, when: str = "now") -> str:
    return await make_request(alice, f'{RUN_COMMAND} when="{when}"', UPTIME)


def forget_groups(env: Environment) -> None:
    """Drop what the bot knows of groups and users, as a change in Slack does."""
    assert env.bot is not None
    env.bot.directory.invalidate_groups()
    for user in env.slack.workspace.users:
        env.bot.directory.invalidate_user(user)


def set_group(env: Environment, *names: str) -> None:
    """Change who is in @sre, without the event that tells of it."""
    workspace = env.slack.workspace
    workspace.user_group("@sre").users = [workspace.user_by_name(name).id for name in names]


def pass_time(env: Environment, seconds: float) -> None:
    """Let what the bot knows of Slack become older."""
    assert env.bot is not None
    clock = env.bot.directory._monotonic
    env.bot.directory._monotonic = lambda: clock() + seconds


@pytest.fixture(autouse=True)
def as_before(env: Environment) -> Iterator[None]:
    """After each test, Slack answers and the group has its members."""
    assert env.bot is not None
    monotonic = env.bot.directory._monotonic
    yield
    env.bot.directory._monotonic = monotonic
    env.slack.faults.clear()
    set_group(env, "bob", "carol")
    forget_groups(env)


@pytest.mark.parametrize("method", ["usergroups.list", "users.info"])
@pytest.mark.parametrize("status", [429, 500])
async def test_a_rightful_approver_is_not_called_a_stranger(
    env: Environment, alice: Person, bob: Person, method: str, status: int
) -> None:
    name = await make(alice, "in 3 hours")
    card = await find_card(bob, name)
    forget_groups(env)
    if status == 429:
        env.slack.faults.rate_limit(method, retry_after=1, times=None)
    else:
        env.slack.faults.fail_with_status(method, times=None)
    answer = await click_for_reply(bob, "Approve", card)
    assert "you are not one of them" not in answer
    assert "nothing was" in answer
    env.slack.faults.clear()
    assert "You approved" in await click_for_reply(bob, "Approve", card)


async def test_the_card_does_not_say_that_nobody_can_approve(env: Environment, alice: Person, bob: Person) -> None:
    name = await make(alice, "in 3 hours")
    card = await find_card(bob, name)
    forget_groups(env)
    env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    assert env.bot is not None
    async with env.bot.db.write() as tx:
        request = await requests.by_number(tx, int(name.removeprefix("NS-")))
        await messages.mark_dirty(tx, request.id, env.clock.now())
    env.bot.services.wake.sender.set()
    await wait_for_texts(card, "Needs 1 approval from @sre", "Slack does not say just now who may approve.", env=env)
    assert "can approve it now" not in card.text


async def test_somebody_who_left_the_group_a_moment_ago_cannot_complete_an_approval(
    env: Environment, alice: Person, bob: Person
) -> None:
    """The event that tells of it is lost; the groups are read again for the decision."""
    name = await make(alice, "in 3 hours")
    card = await find_card(bob, name)
    set_group(env, "carol")
    pass_time(env, 16)
    assert "you are not one of them" in await click_for_reply(bob, "Approve", card)


async def test_a_start_waits_while_slack_is_silent_and_goes_on_when_it_answers(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    card = await approve_request(env, await make(alice, "in 2 hours"))
    forget_groups(env)
    env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    env.clock.advance(timedelta(hours=2, seconds=5))
    await wait_for_texts(card, WAITS, env=env)
    assert jobs_received(env) == before
    env.slack.faults.clear()
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
    assert WAITS not in card.text


async def test_a_start_that_waits_in_vain_is_missed_and_says_why(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    card = await approve_request(env, await make(alice, "in 2 hours"))
    forget_groups(env)
    env.slack.faults.fail_with_code("users.info", "internal_error", times=None)
    env.clock.advance(timedelta(hours=2, seconds=5))
    await wait_for_texts(card, WAITS, env=env)
    env.clock.advance(timedelta(hours=2))
    await wait_for_texts(card, "Missed: it could not start before", "Slack does not say who may approve this.", env=env)
    assert jobs_received(env) == before


async def test_the_last_answer_holds_for_an_hour_and_the_card_says_so(env: Environment, alice: Person) -> None:
    card = await approve_request(env, await make(alice, "in 2 hours"))
    pass_time(env, 20 * 60)
    env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    env.clock.advance(timedelta(hours=2, seconds=5))
    await wait_for_texts(card, "Slack did not answer at the start.", "20 minutes earlier", "Done", env=env)


async def test_an_approver_who_left_does_not_count_although_one_user_is_unknown(
    env: Environment, alice: Person, bob: Person
) -> None:
    """A series whose only approver has left the group does not run because somebody else cannot be looked up."""
    before = jobs_received(env)
    card = await approve_request(env, await make(alice, "every day at 04:00"))
    set_group(env, "carol")
    forget_groups(env)
    env.slack.faults.fail_with_code("users.info", "internal_error", times=None)
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Waiting for approval", "no longer holds: 0 of 1 approved by @sre.", env=env)
    assert jobs_received(env) == before


async def test_nobody_pauses_anything_while_it_is_unknown_who_may(env: Environment, bob: Person) -> None:
    forget_groups(env)
    env.slack.faults.fail_with_status("usergroups.list", times=None)
    reply = await bob.command("/nightshift pause everything because smoke")
    await eventually(
        env, lambda: "Slack does not say just now whether you may do this" in "".join(reply.ephemeral_texts)
    )
    env.slack.faults.clear()
    reply = await bob.command("/nightshift pauses")
    await eventually(env, lambda: "Nothing is paused." in "".join(reply.ephemeral_texts))
