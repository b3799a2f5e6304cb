"""Approval: who may decide, how each click is answered, and that nothing happens twice."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.slack import Person, User
from playground.slack.fixtures import TEAM
from playground.slack.transport import payloads
from tests.scenarios.steps import (
    RESTART_COMMAND,
    WAIT_SECONDS,
    approve_request,
    click_for_reply,
    eventually,
    find_card,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_one_of_the_group_approves_and_everybody_sees_who(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    receipt = await find_card(alice, name, "dm")
    assert card.buttons[:2] == ["Approve", "Deny"]
    assert "Approve" not in receipt.buttons
    assert f"You approved {name}." in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Approved by @bob", "Done", env=env)
    assert "Approve" not in card.buttons
    await wait_for_texts(receipt, "Approved by @bob", "Done", env=env)


async def test_a_denial_asks_for_a_reason_and_the_requester_reads_it(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, before = await make_request(alice), jobs_received(env)
    card = await find_card(bob, name)
    await bob.click("Deny", card)
    question = await bob.modal(WAIT_SECONDS)
    assert (await question.submit()).errors == {"Why?": "Please complete this required field."}
    await question.fill({"Why?": "Wait for *monday* <!channel> & <https://evil.example|click>"})
    await question.submit()
    await wait_for_texts(card, "Denied", "@bob", "Wait for *monday* <!channel> & <https://evil.example|click>", env=env)
    await wait_for_texts(await find_card(alice, name, "dm"), "Denied", "@bob", env=env)
    assert jobs_received(env) == before


async def test_a_reason_of_blanks_is_no_reason(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    await bob.click("Deny", card)
    question = await bob.modal(WAIT_SECONDS)
    await question.fill({"Why?": "   "})
    assert (await question.submit()).errors == {"Why?": "Say why: the requester reads it."}
    assert "Waiting for approval" in card.text


async def test_nobody_approves_their_own_request(env: Environment, bob: Person) -> None:
    name, before = await make_request(bob), jobs_received(env)
    card = await find_card(bob, name)
    assert "You asked for this yourself" in await click_for_reply(bob, "Approve", card)
    assert "Waiting for approval" in card.text
    await approve_request(env, name, by="carol")
    await wait_for_texts(card, "Approved by @carol", "Done", env=env)
    assert jobs_received(env) == before + 1


@pytest.mark.parametrize(
    ("name", "answer"), [("dave", "@sre"), ("mallory", "Guests cannot use Nightshift"), ("eve", "not a member of this")]
)
async def test_a_click_of_an_external_user_changes_nothing_and_says_why(
    env: Environment, alice: Person, name: str, answer: str
) -> None:
    env.slack.admin.add_to_channel(name, "#approvals")
    stranger = env.slack.person(name)
    card = await find_card(alice, await make_request(alice))
    await eventually(env, lambda: stranger.find_message("Waiting for approval", "#approvals"))
    before = card.text
    for button in ("Approve", "Deny", "Request changes"):
        assert answer in await click_for_reply(stranger, button, card)
        assert stranger.open_modal is None
    assert card.text == before


async def test_a_click_that_names_another_workspace_of_the_grid_is_the_same_persons(
    env: Environment, alice: Person, bob: Person
) -> None:
    grace = env.slack.person("grace")
    env.slack.admin.set_group("sre", ["bob", "carol", "grace"])
    env.slack.admin.add_to_channel("grace", "#approvals")
    await env.slack.wait_for_events()
    name = await make_request(alice)
    card = await find_card(bob, name)
    assert "You approved" in await click_for_reply(grace, "Approve", card)
    await wait_for_texts(card, "Approved by @grace", "Done", env=env)
    own = await make_request(grace)
    assert "You asked for this yourself" in await click_for_reply(grace, "Approve", await find_card(bob, own))
    env.slack.admin.set_group("sre", ["bob", "carol"])
    await env.slack.wait_for_events()


async def test_an_approver_who_was_deactivated_meanwhile_decides_nothing(env: Environment, alice: Person) -> None:
    env.slack.admin.add_user(User("U0FRANK", "frank", "Frank Fox", TEAM.id, "UTC"))
    env.slack.admin.set_group("sre", ["bob", "carol", "frank"])
    await env.slack.wait_for_events()
    env.slack.admin.add_to_channel("frank", "#approvals")
    frank = env.slack.person("frank")
    card = await find_card(frank, await make_request(alice))
    env.slack.admin.deactivate("frank")
    await env.slack.wait_for_events()
    assert "deactivated" in await click_for_reply(frank, "Approve", card)
    assert "Waiting for approval" in card.text
    env.slack.admin.set_group("sre", ["bob", "carol"])
    await env.slack.wait_for_events()


async def test_a_second_click_is_answered_with_what_was_decided(env: Environment, alice: Person, bob: Person) -> None:
    name, before = await make_request(alice), jobs_received(env)
    card = await find_card(bob, name)
    stale = bob.surface_of(card)
    button = stale.button("Approve")
    await approve_request(env, name)
    await wait_for_texts(card, "Done", env=env)
    reply = await stale.press(button)
    await eventually(env, lambda: reply.ephemeral_texts)
    assert reply.ephemeral_texts == [f"{name} was decided already: done. Nothing was changed."]
    assert jobs_received(env) == before + 1


async def test_a_click_on_a_card_that_was_denied_is_answered(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    name, before = await make_request(alice), jobs_received(env)
    card = await find_card(bob, name)
    stale = carol.surface_of(card)
    approve, deny = stale.button("Approve"), stale.button("Deny")
    await bob.click("Deny", card)
    question = await bob.modal(WAIT_SECONDS)
    await question.fill({"Why?": "no"})
    await question.submit()
    await wait_for_texts(card, "Denied", env=env)
    for button in (approve, deny):
        reply = await stale.press(button)
        await eventually(env, lambda reply=reply: reply.ephemeral_texts)
        assert f"{name} was decided already: denied." in reply.ephemeral_texts[0]
    assert carol.open_modal is None
    assert jobs_received(env) == before


async def test_two_approvers_at_once_start_it_once_and_both_are_answered(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    name, before = await make_request(alice), jobs_received(env)
    card = await find_card(bob, name)
    first, second = await asyncio.gather(click_for_reply(bob, "Approve", card), click_for_reply(carol, "Approve", card))
    assert sorted("You approved" in text for text in (first, second)) == [False, True]
    assert any("was decided already" in text for text in (first, second))
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
    assert card.text.count("Approved by") == 1


async def test_ten_clicks_of_one_approver_count_once(env: Environment, alice: Person, bob: Person) -> None:
    name, before = await make_request(alice), jobs_received(env)
    card = await find_card(bob, name)
    surface = bob.surface_of(card)
    button = surface.button("Approve")
    replies = await asyncio.gather(*(surface.press(button) for _ in range(10)))
    await eventually(env, lambda: all(reply.ephemeral_texts for reply in replies))
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
    assert [reply.error for reply in replies] == [""] * 10


async def test_pressing_ask_for_approval_twice_makes_one_request(env: Environment, alice: Person, bob: Person) -> None:
    modal = await open_form(alice, RESTART_COMMAND)
    await modal.fill({"service": "nginx"})
    preview = await press_preview(modal)
    payload = payloads.view_submission(alice.ws, alice.user, preview.container)
    acks = await asyncio.gather(
        *(alice.delivery.deliver_interaction("interactive", "preview", payload, alice.id) for _ in range(3))
    )
    (name,) = {found for ack in acks for found in re.findall(r"NS-\d+", json.dumps(ack.body))}
    await find_card(bob, name)
    following = await make_request(bob)
    assert int(following.removeprefix("NS-")) == int(name.removeprefix("NS-")) + 1


async def test_the_requester_withdraws_and_nobody_else_can(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    assert "Only the requester can withdraw it." in await click_for_reply(bob, "Withdraw", card)
    assert f"{name} is withdrawn." in await click_for_reply(alice, "Withdraw", await find_card(alice, name, "dm"))
    await wait_for_texts(card, "Withdrawn", env=env)
    assert card.buttons == ["Edit and request again", "Details"]


async def test_a_request_that_nobody_decides_in_time_expires(env: Environment, alice: Person, bob: Person) -> None:
    name, before = await make_request(alice), jobs_received(env)
    card = await find_card(bob, name)
    env.clock.advance(timedelta(hours=8, minutes=1))
    await wait_for_texts(card, "Expired", env=env)
    assert jobs_received(env) == before


async def test_details_show_the_whole_request(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice)
    card = await find_card(bob, name)
    await bob.click("Details", card)
    details = await bob.modal(WAIT_SECONDS)
    assert name in details.title
    for host in env.foreman.state.find_hosts("os = RedHat"):
        assert host.name in details.text
    assert "{" not in details.text
    await details.click("Request")
    await details.wait_for_text('"search_query": "os = RedHat"')
