"""Somebody else takes over what its requester cannot answer for any more: it is approved again, by people who did not
write it."""

from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.slack import Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    advance_to_run,
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    open_edit_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"

[[policy.rules]]
name = "caches are free"
when = { targets = "cache*" }
effect = "approve"

[[policy.rules]]
name = "batch is for the batch team"
when = { targets = "batch*" }
may_request = ["@batch"]
"""
GROUPS = {"batch": ["dave", "alice"], "sre": ["bob", "carol", "dave"]}
COMMAND = '/foreman run template="Run Command - Script Default" hosts="name ~ {}" when="{}" because=patch'
UPTIME = {"command": "uptime"}


async def take_over(env: Environment, who: Person, name: str) -> str:
    reply = await who.command(f"/nightshift takeover {name}")
    await eventually(env, lambda: reply.ephemeral_texts)
    return "\n".join(reply.ephemeral_texts)


async def test_a_request_of_somebody_who_lost_the_right_waits_for_another_requester(
    env: Environment, alice: Person, bob: Person
) -> None:
    before, dave = jobs_received(env), env.slack.person("dave")
    name = await make_request(dave, COMMAND.format("batch", "in 3 hours"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    env.slack.admin.set_group("batch", ["alice"])
    env.clock.advance(timedelta(hours=3, seconds=5))
    await wait_for_texts(card, "only @batch may ask for this.", f"/nightshift takeover {name}", env=env)
    await bob.wait_for(f"{name} was approved, but a run of it did not start.", where="#ops-admin", timeout=WAIT_SECONDS)
    assert "Policy does not allow this any more." in await click_for_reply(bob, "Approve", card)
    assert "only @batch may ask for this" in await take_over(env, bob, name), "he may not request it either"
    assert f"You have taken over {name}. Its approvers are asked again." in await take_over(env, alice, name)
    await wait_for_texts(card, "requested by @alice, taken over from @dave", "Needs 1 approval", env=env)
    await wait_for_texts(await alice.wait_for(f"{name} ·", where="dm", timeout=WAIT_SECONDS), "taken over", env=env)
    await dave.wait_for(f"{name} was taken over and is not yours any more.", where="dm", timeout=WAIT_SECONDS)
    assert jobs_received(env) == before
    await bob.click("Approve", card)
    late = await bob.modal()
    await eventually(env, lambda: "has passed" in late.text)
    await late.click("Run it now")
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
    await late.close()


async def test_a_series_of_somebody_who_left_is_paused_and_goes_on_once_it_is_taken_over(
    env: Environment, alice: Person, bob: Person
) -> None:
    before = jobs_received(env)
    name = await make_request(env.slack.person("dave"), COMMAND.format("web", "every day at 04:00"), UPTIME)
    card = await approve_request(env, name)
    await advance_to_run(env, card, 1)
    await eventually(env, lambda: jobs_received(env) == before + 1)
    env.slack.admin.deactivate("dave")
    try:
        await advance_to_run(env, card, 2)
        await wait_for_texts(card, "⏸️ Paused: The requester may not use Nightshift any more.", env=env)
        assert "Take over" in card.buttons
        assert f"You have taken over {name}." in await click_for_reply(alice, "Take over", card)
        await wait_for_texts(card, "Waiting for approval", "taken over from @dave", env=env)
        assert "⏸️" not in card.text
        await approve_request(env, name)
        await advance_to_run(env, card, 3)
        await eventually(env, lambda: jobs_received(env) == before + 2, lambda: card.text)
    finally:
        env.slack.admin.change_user("dave", deleted=False)
    await click_for_reply(alice, "Cancel the series", card)


async def test_whoever_wrote_it_before_does_not_approve_it_and_no_rule_does(
    env: Environment, alice: Person, carol: Person
) -> None:
    dave = env.slack.person("dave")
    env.slack.admin.add_to_channel("dave", "approvals")
    name = await make_request(dave, COMMAND.format("cache", "in 3 hours"), UPTIME)
    assert "still has a requester, so only its approvers can take it over" in await take_over(env, alice, name)
    assert f"You have taken over {name}." in await take_over(env, carol, name)
    card = await find_card(alice, name)
    await wait_for_texts(card, "Waiting for approval", "requested by @carol, taken over from @dave", env=env)
    assert "You wrote this request before somebody else took it over, so others decide." in await click_for_reply(
        dave, "Approve", card
    )
    assert "You asked for this yourself" in await click_for_reply(carol, "Approve", card)
    assert f"{name} is yours already." in await take_over(env, carol, name)
    await click_for_reply(carol, "Withdraw", card)
    assert "cannot be taken over: withdrawn" in await take_over(env, dave, name)


async def test_a_requester_answers_alone_for_what_an_editor_who_left_has_changed(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    """A stranger cannot take the request away: only its editor is gone."""
    dave = env.slack.person("dave")
    name = await make_request(dave, COMMAND.format("web", "in 3 hours"), UPTIME)
    card = await find_card(carol, name)
    form = await open_edit_form(carol, card)
    await form.fill({"command": "id"})
    await confirm_request(await press_preview(form))
    await wait_for_texts(card, "edited by @carol", env=env)
    assert f"{name} is yours already." in await take_over(env, dave, name)
    env.slack.admin.deactivate("carol")
    await env.slack.wait_for_events()
    try:
        answer = await click_for_reply(bob, "Approve", card)
        assert "Somebody who edited it may not use Nightshift any more." in answer
        assert "still has a requester" in await take_over(env, alice, name)
        assert f"You have taken over {name}." in await take_over(env, dave, name)
        await wait_for_texts(card, "requested by @dave, taken over from @carol", env=env)
        await approve_request(env, name)
        await wait_for_texts(card, "Scheduled", env=env)
    finally:
        env.slack.admin.change_user("carol", deleted=False)
    reply = await dave.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: reply.ephemeral_texts)
