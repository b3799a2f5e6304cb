"""Two of @sre must approve: what is counted, what is not, and what an edit does to it."""

from datetime import timedelta

import pytest

from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.steps import asked, card, opened, previewed, reads, sent, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
quorum = 2
expires = "8h"
reminders = ["1h", "3h"]
"""


async def test_nobody_decides_in_time_and_everybody_was_reminded(on: Stage, alice: Person, bob: Person):
    name = await asked(alice)
    found = await card(bob, name)
    try:
        on.clock.forward(timedelta(minutes=61))
        await on.slack.until(lambda: any("still waits for a decision" in m.text for m in found.thread), 30)
        on.clock.forward(timedelta(hours=8))
        await reads(found, "Expired without a decision", "Nobody decided in time", on=on, timeout=30)
        assert "Approve" not in found.buttons
        await reads(await alice.wait_for(f"{name} ·", where="dm"), "Expired", on=on, timeout=30)
    finally:
        on.clock.forward(-timedelta(hours=9, minutes=1))


async def test_two_people_approve_and_only_then_it_runs(on: Stage, alice: Person, bob: Person, carol: Person):
    name = await asked(alice)
    found = await card(bob, name)
    await reads(found, "0 of 2 approved by @sre", on=on)
    before = len(on.foreman.received("POST", "/api/job_invocations"))
    assert "1 of 2" in await told(bob, "Approve", found)
    await reads(found, "1 of 2 approved by @sre", "Approved by @bob", on=on)
    assert len(on.foreman.received("POST", "/api/job_invocations")) == before
    assert "You approved" in await told(carol, "Approve", found)
    await reads(found, "Succeeded", on=on, timeout=15)
    assert len(on.foreman.received("POST", "/api/job_invocations")) == before + 1


async def test_an_approval_may_come_with_a_comment(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice))
    assert "You asked for this yourself" in await told(alice, "Approve with a comment", found)
    await bob.click("Approve with a comment", found)
    question = await bob.modal()
    await question.fill({"What should be known?": "Keep an eye on web05."})
    await question.submit()
    await on.slack.until(lambda: "1 of 2" in question.text)
    await question.close()
    await reads(found, "1 of 2", "Approved by @bob", ": Keep an eye on web05.", on=on)


async def test_one_person_counts_once(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice))
    await told(bob, "Approve", found)
    assert "You have approved this already" in await told(bob, "Approve", found)
    await reads(found, "1 of 2", on=on)


async def test_one_denial_ends_it_with_its_reason(on: Stage, alice: Person, bob: Person, carol: Person):
    name = await asked(alice)
    found = await card(bob, name)
    await told(bob, "Approve", found)
    await carol.click("Deny", found)
    question = await carol.modal()
    await question.fill({"Why?": "Not during the release."})
    await question.submit()
    await reads(found, "Denied", "Not during the release.", on=on)
    receipt = await alice.wait_for(f"{name} ·", where="dm")
    await reads(receipt, "Denied by @carol", "Not during the release.", on=on)


async def test_a_denial_without_a_reason_is_not_sent(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice))
    await bob.click("Deny", found)
    question = await bob.modal()
    result = await question.submit()
    assert result.errors
    await question.close()
    await reads(found, "Waiting for approval", on=on)


async def test_a_word_can_be_taken_back_until_the_quorum_is_reached(
    on: Stage, alice: Person, bob: Person, carol: Person
):
    found = await card(bob, await asked(alice))
    await told(bob, "Approve", found)
    await reads(found, "1 of 2", on=on)
    assert "does not count any more" in await told(bob, "Take back", found)
    await reads(found, "0 of 2", on=on)
    assert "1 of 2" in await told(carol, "Approve", found)


async def test_an_edit_voids_the_first_approval_and_shows_what_changed(
    on: Stage, alice: Person, bob: Person, carol: Person
):
    name = await asked(alice)
    found = await card(bob, name)
    await told(bob, "Approve", found)
    await alice.click("Edit", found)
    form = await alice.modal()
    await on.slack.until(lambda: "One moment" not in form.text)
    assert form.value("service") == "nginx"
    await form.fill({"service": "httpd"})
    assert await sent(await previewed(form)) == name
    await reads(found, "Changed in revision 2", "nginx → httpd", "0 of 2", on=on)
    await on.slack.until(lambda: any("Approvals of the earlier content do not count" in m.text for m in found.thread))
    # Bob's word was on the earlier content, so he may speak again.
    assert "1 of 2" in await told(bob, "Approve", found)
    await told(carol, "Approve", found)
    await reads(found, "Succeeded", on=on, timeout=15)
    assert (
        on.foreman.received("POST", "/api/job_invocations")[-1].body["job_invocation"]["inputs"]["service"] == "httpd"
    )


async def test_an_edit_that_changes_nothing_voids_nothing(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice))
    await told(bob, "Approve", found)
    await alice.click("Edit", found)
    form = await alice.modal()
    await on.slack.until(lambda: "One moment" not in form.text)
    preview = await previewed(form)
    await preview.submit()
    assert "Nothing was changed" in preview.text
    await preview.close()
    await reads(found, "1 of 2", on=on)


async def test_changes_can_be_asked_for_with_feedback(on: Stage, alice: Person, bob: Person, carol: Person):
    name = await asked(alice)
    found = await card(bob, name)
    await bob.click("Request changes", found)
    question = await bob.modal()
    await question.fill({"What should be changed?": "Only the web servers, please."})
    await question.submit()
    assert "Only the web servers, please." in (await alice.wait_for(f"Changes to {name}", where="dm")).text
    await told(carol, "Approve", found)
    await reads(found, "changes asked for", on=on)


async def test_strangers_are_told_who_may_decide(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice))
    assert "You asked for this yourself" in await told(alice, "Approve", found)
    on.slack.admin.invite("dave", "#approvals")
    dave = on.slack.person("dave")
    assert "Only @sre may decide on this" in await told(dave, "Approve", found)
    await reads(found, "0 of 2", on=on)


async def test_whoever_leaves_the_group_does_not_count_any_more(on: Stage, alice: Person, bob: Person, carol: Person):
    found = await card(bob, await asked(alice))
    await told(bob, "Approve", found)
    on.slack.admin.set_group("@sre", ["carol", "dave"])
    await on.slack.heard()
    try:
        assert "1 of 2" in await told(carol, "Approve", found)
        await reads(found, "1 of 2 approved by @sre", on=on)
    finally:
        on.slack.admin.set_group("@sre", ["bob", "carol"])
        await on.slack.heard()


async def test_a_delegate_decides_in_somebodys_place_but_never_on_their_own_request(
    on: Stage, alice: Person, bob: Person, carol: Person
):
    on.slack.admin.invite("dave", "#approvals")
    dave = on.slack.person("dave")
    reply = await bob.command(f"/nightshift delegate <@{dave.id}|dave> until tomorrow 18:00")
    await on.slack.until(lambda: reply.ephemeral)
    assert "may decide in your place" in reply.ephemeral[0]
    try:
        found = await card(bob, await asked(alice))
        assert "1 of 2" in await told(dave, "Approve", found)
        await reads(found, "Approved by @dave", "on behalf of @bob", on=on)
        # Bob's own word stands for the one that was given in his place: he is still one person.
        assert "1 of 2" in await told(bob, "Approve", found)
        own = await card(bob, await asked(dave))
        assert "You asked for this yourself" in await told(dave, "Approve", own)
    finally:
        off = await bob.command("/nightshift delegate off")
        await on.slack.until(lambda: off.ephemeral)


async def test_an_approved_request_is_moved_to_another_time_and_asked_for_again(
    on: Stage, alice: Person, bob: Person, carol: Person
):
    line = '/foreman run template="Run Command - Script Default" hosts="name = web05.sin.example.com" because=later'
    form = await opened(alice, line)
    await form.fill({"command": "uptime", "When": "every 3 days at 06:00"})
    name = await sent(await previewed(form))
    found = await card(bob, name)
    for person in (bob, carol):
        await told(person, "Approve", found)
    await reads(found, "Scheduled", on=on)
    await alice.click("Edit", found)
    form = await alice.modal()
    await on.slack.until(lambda: "One moment" not in form.text)
    await form.fill({"When": "every 3 days at 07:00"})
    await sent(await previewed(form))
    await reads(found, "Waiting for approval", "Changed in revision 2", "0 of 2", on=on)
