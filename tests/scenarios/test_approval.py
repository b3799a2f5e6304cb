"""The approval: who may decide, what each click is answered with, and that nothing happens twice."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from playground.slack import Person, User, payloads
from playground.slack.cast import TEAM
from playground.stage import Stage
from tests.scenarios.steps import RESTART, WAIT, approved, asked, card, opened, previewed, reads, so, told

pytestmark = pytest.mark.asyncio(loop_scope="module")


def calls(on: Stage) -> int:
    """How many jobs Foreman was asked for."""
    return len(on.foreman.received("POST", "/api/job_invocations"))


async def test_one_of_the_group_approves_and_everybody_sees_who(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    found = await card(bob, name)
    receipt = await card(alice, name, "dm")
    assert found.buttons[:2] == ["Approve", "Deny"]
    assert "Approve" not in receipt.buttons
    assert f"You approved {name}." in await told(bob, "Approve", found)
    await reads(found, "Approved by @bob", "Succeeded", on=on)
    assert "Approve" not in found.buttons
    await reads(receipt, "Approved by @bob", "Succeeded", on=on)


async def test_a_denial_asks_for_a_reason_and_the_requester_reads_it(on: Stage, alice: Person, bob: Person) -> None:
    name, before = await asked(alice), calls(on)
    found = await card(bob, name)
    await bob.click("Deny", found)
    question = await bob.modal(WAIT)
    assert (await question.submit()).errors == {"Why?": "Please complete this required field."}
    await question.fill({"Why?": "Wait for *monday* <!channel> & <https://evil.example|click>"})
    await question.submit()
    await reads(found, "Denied by @bob", "Wait for *monday* <!channel> & <https://evil.example|click>", on=on)
    await reads(await card(alice, name, "dm"), "Denied by @bob", on=on)
    assert calls(on) == before


async def test_a_reason_of_blanks_is_no_reason(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    found = await card(bob, name)
    await bob.click("Deny", found)
    question = await bob.modal(WAIT)
    await question.fill({"Why?": "   "})
    assert (await question.submit()).errors == {"Why?": "Say why: the requester reads it."}
    assert "Waiting for approval" in found.text


async def test_nobody_approves_their_own_request(on: Stage, bob: Person) -> None:
    name, before = await asked(bob), calls(on)
    found = await card(bob, name)
    assert "You asked for this yourself" in await told(bob, "Approve", found)
    assert "Waiting for approval" in found.text
    await approved(on, name, by="carol")
    await reads(found, "Approved by @carol", "Succeeded", on=on)
    assert calls(on) == before + 1


@pytest.mark.parametrize(
    ("name", "answer"), [("dave", "@sre"), ("mallory", "Guests cannot use Nightshift"), ("eve", "not a member of this")]
)
async def test_a_strangers_click_changes_nothing_and_says_why(on: Stage, alice: Person, name: str, answer: str) -> None:
    on.slack.admin.invite(name, "#approvals")
    stranger = on.slack.person(name)
    found = await card(alice, await asked(alice))
    await so(on, lambda: stranger.sees("Waiting for approval", "#approvals"))
    before = found.text
    for button in ("Approve", "Deny", "Request changes"):
        assert answer in await told(stranger, button, found)
        assert stranger.open_modal is None
    assert found.text == before


async def test_an_approver_who_was_deactivated_meanwhile_decides_nothing(on: Stage, alice: Person) -> None:
    on.slack.admin.add_user(User("U0FRANK", "frank", "Frank Fox", TEAM.id, "UTC"))
    on.slack.admin.set_group("sre", ["bob", "carol", "frank"])
    await on.slack.heard()
    on.slack.admin.invite("frank", "#approvals")
    frank = on.slack.person("frank")
    found = await card(frank, await asked(alice))
    on.slack.admin.deactivate("frank")
    await on.slack.heard()
    assert "deactivated" in await told(frank, "Approve", found)
    assert "Waiting for approval" in found.text
    on.slack.admin.set_group("sre", ["bob", "carol"])
    await on.slack.heard()


async def test_a_second_click_is_answered_with_what_was_decided(on: Stage, alice: Person, bob: Person) -> None:
    name, before = await asked(alice), calls(on)
    found = await card(bob, name)
    stale = bob.look(found)
    button = stale.button("Approve")
    await approved(on, name)
    await reads(found, "Succeeded", on=on)
    reply = await stale.press(button)
    await so(on, lambda: reply.ephemeral)
    assert reply.ephemeral == [f"{name} was decided already: succeeded. Nothing was changed."]
    assert calls(on) == before + 1


async def test_a_click_on_a_card_that_was_denied_is_answered(
    on: Stage, alice: Person, bob: Person, carol: Person
) -> None:
    name, before = await asked(alice), calls(on)
    found = await card(bob, name)
    stale = carol.look(found)
    approve, deny = stale.button("Approve"), stale.button("Deny")
    await bob.click("Deny", found)
    question = await bob.modal(WAIT)
    await question.fill({"Why?": "no"})
    await question.submit()
    await reads(found, "Denied", on=on)
    for button in (approve, deny):
        reply = await stale.press(button)
        await so(on, lambda reply=reply: reply.ephemeral)
        assert f"{name} was decided already: denied." in reply.ephemeral[0]
    assert carol.open_modal is None
    assert calls(on) == before


async def test_two_approvers_at_once_start_it_once_and_both_are_answered(
    on: Stage, alice: Person, bob: Person, carol: Person
) -> None:
    name, before = await asked(alice), calls(on)
    found = await card(bob, name)
    first, second = await asyncio.gather(told(bob, "Approve", found), told(carol, "Approve", found))
    assert sorted("You approved" in text for text in (first, second)) == [False, True]
    assert any("was decided already" in text for text in (first, second))
    await reads(found, "Succeeded", on=on)
    assert calls(on) == before + 1
    assert found.text.count("Approved by") == 1


async def test_ten_clicks_of_one_approver_count_once(on: Stage, alice: Person, bob: Person) -> None:
    name, before = await asked(alice), calls(on)
    found = await card(bob, name)
    surface = bob.look(found)
    button = surface.button("Approve")
    replies = await asyncio.gather(*(surface.press(button) for _ in range(10)))
    await so(on, lambda: all(reply.ephemeral for reply in replies))
    await reads(found, "Succeeded", on=on)
    assert calls(on) == before + 1
    assert [reply.error for reply in replies] == [""] * 10


async def test_pressing_ask_for_approval_twice_makes_one_request(on: Stage, alice: Person, bob: Person) -> None:
    modal = await opened(alice, RESTART)
    await modal.fill({"service": "nginx"})
    preview = await previewed(modal)
    payload = payloads.view_submission(alice.ws, alice.user, preview.where)
    acks = await asyncio.gather(
        *(alice.delivery.interact("interactive", "preview", payload, alice.id) for _ in range(3))
    )
    (name,) = {found for ack in acks for found in re.findall(r"NS-\d+", json.dumps(ack.body))}
    await card(bob, name)
    following = await asked(bob)
    assert int(following.removeprefix("NS-")) == int(name.removeprefix("NS-")) + 1


async def test_the_requester_withdraws_and_nobody_else_can(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    found = await card(bob, name)
    assert "Only the one who asked can withdraw it." in await told(bob, "Withdraw", found)
    assert f"{name} is withdrawn." in await told(alice, "Withdraw", await card(alice, name, "dm"))
    await reads(found, "Withdrawn", on=on)
    assert found.buttons == ["Show details"]


async def test_what_nobody_decides_in_time_expires(on: Stage, alice: Person, bob: Person) -> None:
    name, before = await asked(alice), calls(on)
    found = await card(bob, name)
    on.clock.forward(timedelta(hours=8, minutes=1))
    await reads(found, "Expired without a decision", on=on)
    assert calls(on) == before


async def test_details_show_the_whole_request(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    found = await card(bob, name)
    await bob.click("Show details", found)
    details = await bob.modal(WAIT)
    assert name in details.text
    assert '"search_query": "os = RedHat"' in details.text
    for host in on.foreman.state.find_hosts("os = RedHat"):
        assert host.name in details.text
