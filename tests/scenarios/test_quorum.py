"""Two of @sre must approve: what counts, what does not, and what an edit voids."""

from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    click_for_modal,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    job_requests,
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
quorum = 2
expires = "8h"
reminders = ["1h", "3h"]
"""


async def test_nobody_decides_in_time_and_everybody_was_reminded(env: Environment, alice: Person, bob: Person):
    name = await make_request(alice)
    card = await find_card(bob, name)
    env.clock.advance(timedelta(minutes=61))
    await eventually(env, lambda: any("needed by" in m.text for m in card.thread))
    env.clock.advance(timedelta(hours=8))
    await wait_for_texts(card, "Expired", "Nobody decided in time", env=env)
    assert "Approve" not in card.buttons
    await wait_for_texts(await alice.wait_for(f"{name} ·", where="dm"), "Expired", env=env)


async def test_two_people_approve_and_only_then_it_runs(env: Environment, alice: Person, bob: Person, carol: Person):
    name = await make_request(alice)
    card = await find_card(bob, name)
    await wait_for_texts(card, "Needs 2 approvals from @sre", env=env)
    before = jobs_received(env)
    assert "1 of 2" in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval from @sre", "Approved by @bob", env=env)
    assert jobs_received(env) == before
    assert "You approved" in await click_for_reply(carol, "Approve", card)
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_an_approval_may_come_with_a_comment(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice))
    assert "You asked for this yourself" in await click_for_reply(alice, "Approve with a comment", card)
    await bob.click("Approve with a comment", card)
    question = await bob.modal()
    await question.fill({"Comment": "Keep an eye on web05."})
    await question.submit()
    await env.slack.wait_until(lambda: "1 of 2" in question.text)
    await question.close()
    await wait_for_texts(card, "Needs 1 more approval", "Approved by @bob", ": “Keep an eye on web05.”", env=env)


async def test_one_person_counts_once(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice))
    await click_for_reply(bob, "Approve", card)
    assert "You have approved this already" in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval", env=env)


async def test_one_denial_ends_it_with_its_reason(env: Environment, alice: Person, bob: Person, carol: Person):
    name = await make_request(alice)
    card = await find_card(bob, name)
    await click_for_reply(bob, "Approve", card)
    await carol.click("Deny", card)
    question = await carol.modal()
    await question.fill({"Why?": "Not during the release."})
    await question.submit()
    await wait_for_texts(card, "Denied", "Not during the release.", env=env)
    receipt = await alice.wait_for(f"{name} ·", where="dm")
    await wait_for_texts(receipt, "Denied", "@carol", "Not during the release.", env=env)


async def test_a_denial_without_a_reason_is_not_sent(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice))
    await bob.click("Deny", card)
    question = await bob.modal()
    result = await question.submit()
    assert result.errors
    await question.close()
    await wait_for_texts(card, "Waiting for approval", env=env)


async def test_an_approval_can_be_taken_back_until_the_quorum_is_reached(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    card = await find_card(bob, await make_request(alice))
    await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval", env=env)
    assert "does not count any more" in await click_for_reply(bob, "Undo my approval", card)
    await wait_for_texts(card, "Needs 2 approvals", env=env)
    assert "1 of 2" in await click_for_reply(carol, "Approve", card)


async def test_an_edit_voids_the_first_approval_and_shows_what_changed(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    name = await make_request(alice)
    card = await find_card(bob, name)
    await click_for_reply(bob, "Approve", card)
    await alice.click("Edit", card)
    form = await alice.modal()
    await env.slack.wait_until(lambda: "Loading…" not in form.text)
    assert form.value("service") == "nginx"
    await form.fill({"service": "httpd"})
    assert await confirm_request(await press_preview(form)) == name
    await wait_for_texts(card, "Changed: ", "was nginx", "Needs 2 approvals", env=env)
    await env.slack.wait_until(
        lambda: any("Approvals of the earlier content do not count" in m.text for m in card.thread)
    )
    # Bob approved the earlier content, so he may approve again.
    assert "1 of 2" in await click_for_reply(bob, "Approve", card)
    await click_for_reply(carol, "Approve", card)
    await wait_for_texts(card, "Done", env=env)
    assert job_requests(env)[-1].body["job_invocation"]["inputs"]["service"] == "httpd"


async def test_an_edit_that_changes_nothing_voids_nothing(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice))
    await click_for_reply(bob, "Approve", card)
    await alice.click("Edit", card)
    form = await alice.modal()
    await env.slack.wait_until(lambda: "Loading…" not in form.text)
    preview = await press_preview(form)
    await preview.submit()
    assert "Nothing was changed" in preview.text
    await preview.close()
    await wait_for_texts(card, "Needs 1 more approval", env=env)


async def test_changes_can_be_asked_for_with_feedback(env: Environment, alice: Person, bob: Person, carol: Person):
    name = await make_request(alice)
    card = await find_card(bob, name)
    await bob.click("Request changes", card)
    question = await bob.modal()
    await question.fill({"What should be changed?": "Only the web servers, please."})
    await question.submit()
    assert "Only the web servers, please." in (await alice.wait_for(f"Changes to {name}", where="dm")).text
    await click_for_reply(carol, "Approve", card)
    await wait_for_texts(card, "Changes requested by @bob", env=env)


async def test_people_outside_the_group_are_told_who_may_decide(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice))
    assert "You asked for this yourself" in await click_for_reply(alice, "Approve", card)
    env.slack.admin.add_to_channel("dave", "#approvals")
    dave = env.slack.person("dave")
    assert "Only @sre may decide on this" in await click_for_reply(dave, "Approve", card)
    await wait_for_texts(card, "Needs 2 approvals", env=env)


async def test_an_approver_who_left_the_group_no_longer_counts(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    card = await find_card(bob, await make_request(alice))
    await click_for_reply(bob, "Approve", card)
    env.slack.admin.set_group("@sre", ["carol", "dave"])
    await env.slack.wait_for_events()
    try:
        assert "1 of 2" in await click_for_reply(carol, "Approve", card)
        await wait_for_texts(card, "Needs 1 more approval from @sre", env=env)
    finally:
        env.slack.admin.set_group("@sre", ["bob", "carol"])
        await env.slack.wait_for_events()


async def test_a_delegate_decides_in_somebodys_place_but_never_on_their_own_request(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    env.slack.admin.add_to_channel("dave", "#approvals")
    dave = env.slack.person("dave")
    reply = await bob.command(f"/nightshift delegate <@{dave.id}|dave> until tomorrow 18:00")
    await env.slack.wait_until(lambda: reply.ephemeral_texts)
    assert "may decide in your place" in reply.ephemeral_texts[0]
    try:
        card = await find_card(bob, await make_request(alice))
        assert "1 of 2" in await click_for_reply(dave, "Approve", card)
        await wait_for_texts(card, "Approved by @dave", "on behalf of @bob", env=env)
        # Bob has approved through Dave: he is still one person.
        assert "Somebody has decided in your place already" in await click_for_reply(bob, "Approve", card)
        await wait_for_texts(card, "Needs 1 more approval", env=env)
        own = await find_card(bob, await make_request(dave))
        assert "You asked for this yourself" in await click_for_reply(dave, "Approve", own)
    finally:
        off = await bob.command("/nightshift delegate off")
        await env.slack.wait_until(lambda: off.ephemeral_texts)


async def test_an_approved_request_is_moved_to_another_time_and_asked_for_again(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    line = '/foreman run template="Run Command - Script Default" hosts="name = web05.sin.example.com" because=later'
    form = await open_form(alice, line)
    await form.fill({"command": "uptime", "When": "every 3 days at 06:00"})
    name = await confirm_request(await press_preview(form))
    card = await find_card(bob, name)
    for person in (bob, carol):
        await click_for_reply(person, "Approve", card)
    await wait_for_texts(card, "Scheduled", env=env)
    await alice.click("Edit", card)
    form = await alice.modal()
    await env.slack.wait_until(lambda: "Loading…" not in form.text)
    await form.fill({"When": "every 3 days at 07:00"})
    await confirm_request(await press_preview(form))
    await wait_for_texts(card, "Waiting for approval", "Changed: ", "Needs 2 approvals", env=env)


LATER = '/foreman run template="Run Command - Script Default" hosts="{}" when="in 2 hours" because=patch'


async def test_whoever_approved_in_time_is_asked_again_when_somebody_moves_the_start(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    card = await find_card(bob, await make_request(alice, LATER.format("os = Debian"), {"command": "uptime"}))
    before = jobs_received(env)
    assert "1 of 2" in await click_for_reply(bob, "Approve", card)
    env.clock.advance(timedelta(hours=3))
    late = await click_for_modal(carol, "Approve", card, "has passed")
    await late.click("Run it now")
    await eventually(env, lambda: "which reset earlier approvals" in late.text, lambda: late.text)
    await late.close()
    await wait_for_texts(card, "Changed: ", "As soon as approved, was", "Needs 1 more approval from @sre", env=env)
    await eventually(env, lambda: any("It was moved: now." in m.text for m in card.thread))
    assert jobs_received(env) == before, "Bob approved another time"
    assert "You approved" in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_one_of_two_who_drops_it_ends_it(env: Environment, alice: Person, bob: Person, carol: Person):
    card = await find_card(bob, await make_request(alice, LATER.format("os = Ubuntu"), {"command": "uptime"}))
    before = jobs_received(env)
    env.clock.advance(timedelta(hours=3))
    late = await click_for_modal(bob, "Approve", card, "has passed")
    await late.click("Drop it")
    await wait_for_texts(card, "Denied", "@bob", "Dropped, because its start had passed.", env=env)
    await late.close()
    assert "Approve" not in card.buttons
    assert jobs_received(env) == before
