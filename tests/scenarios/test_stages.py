"""Approval stages, reminders, escalation, and approvers who have left."""

from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from playground.environment import Environment
from playground.slack import Person, User
from playground.slack.fixtures import TEAM
from tests.scenarios.steps import (
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
expires = "8h"
reminders = ["1h", "3h"]
escalate_after = "4h"
escalate_to = ["@leads"]

[[policy.rules]]
name = "databases"
when = { targets = "db*" }
stages = [{ approvers = "@sre" }, { approvers = "@dba" }]

[[policy.rules]]
name = "app servers"
when = { targets = "app*" }
approvers = ["@dba", "U0CAROL"]
quorum = 2

[[policy.rules]]
name = "caches"
when = { targets = "cache*" }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "asking alone"
when = { conflicts = true, targets = "batch*" }
effect = "refuse"
because = "other work on the batch hosts"
"""
WEB, DB, APP, CACHE, BATCH = (
    f'/foreman run template="Run Command - Script Default" hosts="name ~ {name}" when="{{}}" because=patch'
    for name in ("web05", "db01", "app02", "cache", "batch")
)
GROUPS = {"@dba": ["dave"], "@leads": ["alice", "carol"]}
UPTIME = {"command": "uptime"}


@pytest_asyncio.fixture(loop_scope="module")
async def dave(env: Environment) -> Person:
    """The database administrator."""
    env.slack.admin.add_to_channel("dave", "#approvals")
    return env.slack.person("dave")


async def test_one_group_decides_after_the_other(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
):
    form = await open_form(alice, DB.format("now"))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    assert "Needs 1 of @sre, then 1 of @dba because the target db01" in preview.text
    assert "This will notify 3 people." in preview.text
    card, before = await find_card(bob, await confirm_request(preview)), jobs_received(env)
    await wait_for_texts(card, "Needs 1 approval from @sre, then", env=env)
    assert "It is not your turn yet: @sre decides first." in await click_for_reply(dave, "Approve", card)
    assert "Stage 2 of 2" in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval from @dba", "Approved by @bob", env=env)
    assert "Your stage is complete; now @dba decides." in await click_for_reply(carol, "Approve", card)
    assert jobs_received(env) == before
    assert "You approved" in await click_for_reply(dave, "Approve", card)
    await wait_for_texts(card, "Done", "Approved by @bob and @dave", env=env)
    assert jobs_received(env) == before + 1


async def test_the_second_group_ends_it_with_one_denial(env: Environment, alice: Person, bob: Person, dave: Person):
    card, before = await find_card(bob, await make_request(alice, DB.format("now"), UPTIME)), jobs_received(env)
    await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "(stage 2 of 2)", env=env)
    await dave.click("Deny", card)
    question = await dave.modal()
    await question.fill({"Why?": "The backup is running."})
    await question.submit()
    await wait_for_texts(card, "Denied", "@dave", "The backup is running.", env=env)
    assert jobs_received(env) == before


async def test_reminders_come_with_growing_gaps_and_then_a_second_group_may_decide(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
):
    name = await make_request(dave, WEB.format("now"), UPTIME)
    card = await find_card(bob, name)
    assert "Only @sre may decide on this" in await click_for_reply(alice, "Approve", card)

    def reminders() -> list[str]:
        return [message.text for message in card.thread if "needed by" in message.text]

    for minutes, many in ((59, 0), (2, 1), (118, 1), (2, 2)):
        env.clock.advance(timedelta(minutes=minutes))
        await eventually(env, lambda many=many: len(reminders()) >= many, lambda: str(reminders()))
        assert len(reminders()) == many
    env.clock.advance(timedelta(hours=1))
    await eventually(env, lambda: len(reminders()) == 3, lambda: str(reminders()))
    assert "@leads may decide now too." in reminders()[-1]
    await wait_for_texts(card, "Needs 1 approval from @sre or @leads", env=env)
    assert "You approved" in await click_for_reply(alice, "Approve", card)
    await wait_for_texts(card, "Approved by @alice", "Done", env=env)


async def test_a_decision_is_taken_back_before_the_next_group_has_decided(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
):
    card = await find_card(bob, await make_request(alice, DB.format("now"), UPTIME))
    await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "(stage 2 of 2)", env=env)
    assert "You have made no decision" in await click_for_reply(carol, "Undo my approval", card)
    assert "does not count any more" in await click_for_reply(bob, "Undo my approval", card)
    await wait_for_texts(card, "Needs 1 approval from", "(stage 1 of 2)", "Undone: ", env=env)
    assert "It is not your turn yet" in await click_for_reply(dave, "Approve", card)
    await click_for_reply(carol, "Approve", card)
    await wait_for_texts(card, "(stage 2 of 2)", env=env)
    stale = carol.surface_of(card)
    entry = stale.menu_entry("Undo my approval")
    assert entry is not None
    await click_for_reply(dave, "Approve", card)
    await wait_for_texts(card, "Done", env=env)
    reply = await stale.press(entry[0], option=entry[1])
    await eventually(env, lambda: reply.ephemeral_texts)
    assert "It is too late to take that back" in reply.ephemeral_texts[0]


async def test_an_approver_who_is_deactivated_is_passed_over_and_the_others_are_asked(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
):
    """Dave and Carol must both approve. Once Dave is deactivated nobody could replace him: people are told, and a
    new member of his group may then approve."""
    name = await make_request(alice, APP.format("now"), UPTIME)
    card, before = await find_card(bob, name), jobs_received(env)
    await click_for_reply(dave, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval from @dba or @carol", env=env)
    env.slack.admin.deactivate("dave")
    await env.slack.wait_for_events()
    try:
        # His approval no longer counts, and hers alone is not enough.
        assert "0 of 2" not in await click_for_reply(carol, "Approve", card)
        await wait_for_texts(card, "Needs 1 more approval", "only 1 of them can approve it now", env=env)
        assert jobs_received(env) == before
        env.slack.admin.set_group("@dba", ["dave", "bob"])
        await env.slack.wait_for_events()
        assert "You approved" in await click_for_reply(bob, "Approve", card)
        await wait_for_texts(card, "Done", env=env)
        assert jobs_received(env) == before + 1
    finally:
        env.slack.admin.change_user("dave", deleted=False)
        await env.slack.wait_for_events()
        env.slack.admin.set_group("@dba", ["dave"])
        await env.slack.wait_for_events()


async def test_a_delegation_begins_at_once_ends_on_its_day_and_is_announced(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
):
    reply = await bob.command(f"/nightshift delegate <@{dave.id}|dave> until wednesday")
    await eventually(env, lambda: reply.ephemeral_texts)
    # Bob lives in New York, and the whole day is included.
    assert "Until Thu 14 Jan 2027 00:00 EST" in reply.ephemeral_texts[0]
    card = await find_card(bob, await make_request(alice, WEB.format("now"), UPTIME))
    assert "You approved" in await click_for_reply(dave, "Approve", card)
    await wait_for_texts(card, "Approved by @dave", "on behalf of @bob", env=env)
    env.clock.move_to(datetime(2027, 1, 14, 5, 1, tzinfo=UTC))
    card = await find_card(bob, await make_request(alice, WEB.format("now"), UPTIME))
    assert "you are not one of them" in await click_for_reply(dave, "Approve", card)
    await click_for_reply(bob, "Approve", card)


async def test_what_a_delegate_has_approved_counts_until_the_second_approval(
    env: Environment, alice: Person, bob: Person, carol: Person, dave: Person
):
    await bob.command(f"/nightshift delegate <@{dave.id}|dave> until wednesday")
    card = await find_card(bob, await make_request(alice, CACHE.format("now"), UPTIME))
    assert "1 of 2 approved by @sre" in await click_for_reply(dave, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval from @sre", "on behalf of @bob", env=env)
    # What was approved in his place stays approved after he has ended the delegation.
    reply = await bob.command("/nightshift delegate off")
    await eventually(env, lambda: reply.ephemeral_texts)
    assert "You approved" in await click_for_reply(carol, "Approve", card)
    await wait_for_texts(card, "Done", env=env)


async def test_policy_may_refuse_a_conflicting_request(env: Environment, alice: Person, dave: Person):
    await make_request(alice, BATCH.format("tomorrow 21:00"), UPTIME)
    form = await open_form(dave, BATCH.format("tomorrow 21:30"))
    await form.fill(UPTIME)
    await form.submit()
    refusal = "The rule “asking alone” refuses this: other work on the batch hosts."
    await eventually(env, lambda: refusal in form.text, lambda: form.text)
    await form.close(everything=True)


async def test_seven_people_will_be_notified(env: Environment, alice: Person):
    names = [f"duty{number}" for number in range(7)]
    for number, name in enumerate(names):
        env.slack.admin.add_user(User(f"U0DUTY{number}", name, name.title(), TEAM.id))
    env.slack.admin.set_group("@sre", names)
    await env.slack.wait_for_events()
    try:
        form = await open_form(alice, WEB.format("now"))
        await form.fill(UPTIME)
        preview = await press_preview(form)
        assert "This will notify 7 people." in preview.text
        await preview.close()
        await form.close(everything=True)
    finally:
        env.slack.admin.set_group("@sre", ["bob", "carol"])
        await env.slack.wait_for_events()
