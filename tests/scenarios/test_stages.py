"""Several groups, one after the other; reminders, a second group, and approvers who are not there any more."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from playground.slack import Person, User
from playground.slack.cast import TEAM
from playground.stage import Stage
from tests.scenarios.steps import asked, card, opened, previewed, reads, sent, so, told

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
name = "asking alone"
when = { conflicts = true, targets = "batch*" }
effect = "refuse"
because = "other work on the batch hosts"
"""
WEB, DB, APP, BATCH = (
    f'/foreman run template="Run Command - Script Default" hosts="name ~ {name}" when="{{}}" because=patch'
    for name in ("web05", "db01", "app02", "batch")
)
GROUPS = {"@dba": ["dave"], "@leads": ["alice", "carol"]}
UPTIME = {"command": "uptime"}


@pytest.fixture
def dave(on: Stage) -> Person:
    """He is the database administrator."""
    on.slack.admin.invite("dave", "#approvals")
    return on.slack.person("dave")


@pytest.fixture
def later(on: Stage) -> Iterator[None]:
    """The clock is put back after the test."""
    before = on.clock.now()
    yield
    on.clock.jump_to(before)


def calls(on: Stage) -> int:
    return len(on.foreman.received("POST", "/api/job_invocations"))


async def test_one_group_decides_after_the_other(on: Stage, alice: Person, bob: Person, carol: Person, dave: Person):
    form = await opened(alice, DB.format("now"))
    await form.fill(UPTIME)
    preview = await previewed(form)
    assert "Needs 1 of @sre, then 1 of @dba because the target db01" in preview.text
    assert "This will notify 3 people." in preview.text
    found, before = await card(bob, await sent(preview)), calls(on)
    await reads(found, "Stage 1 of 2: 0 of 1 approved by @sre", on=on)
    assert "It is not your turn yet: @sre decides first." in await told(dave, "Approve", found)
    assert "Stage 2 of 2" in await told(bob, "Approve", found)
    await reads(found, "Stage 2 of 2: 0 of 1 approved by @dba", "Approved by @bob", on=on)
    assert "Your stage is complete; now @dba decides." in await told(carol, "Approve", found)
    assert calls(on) == before
    assert "You approved" in await told(dave, "Approve", found)
    await reads(found, "Succeeded", "Approved by @dave", on=on)
    assert calls(on) == before + 1


async def test_the_second_group_ends_it_with_one_denial(on: Stage, alice: Person, bob: Person, dave: Person):
    found, before = await card(bob, await asked(alice, DB.format("now"), UPTIME)), calls(on)
    await told(bob, "Approve", found)
    await reads(found, "Stage 2 of 2", on=on)
    await dave.click("Deny", found)
    question = await dave.modal()
    await question.fill({"Why?": "The backup is running."})
    await question.submit()
    await reads(found, "Denied by @dave", "The backup is running.", on=on)
    assert calls(on) == before


@pytest.mark.usefixtures("later")
async def test_reminders_come_with_growing_gaps_and_then_a_second_group_may_decide(
    on: Stage, alice: Person, bob: Person, carol: Person, dave: Person
):
    name = await asked(dave, WEB.format("now"), UPTIME)
    found = await card(bob, name)
    assert "Only @sre may decide on this" in await told(alice, "Approve", found)

    def reminders() -> list[str]:
        return [message.text for message in found.thread if "still waits for a decision" in message.text]

    for minutes, many in ((59, 0), (2, 1), (118, 1), (2, 2)):
        on.clock.forward(timedelta(minutes=minutes))
        await so(on, lambda many=many: len(reminders()) >= many, lambda: str(reminders()))
        assert len(reminders()) == many
    on.clock.forward(timedelta(hours=1))
    await so(on, lambda: len(reminders()) == 3, lambda: str(reminders()))
    assert "@leads may decide now too." in reminders()[-1]
    await reads(found, "0 of 1 approved by @sre or @leads", on=on)
    assert "You approved" in await told(alice, "Approve", found)
    await reads(found, "Approved by @alice", "Succeeded", on=on)


async def test_a_decision_is_taken_back_before_the_next_group_has_decided(
    on: Stage, alice: Person, bob: Person, carol: Person, dave: Person
):
    found = await card(bob, await asked(alice, DB.format("now"), UPTIME))
    await told(bob, "Approve", found)
    await reads(found, "Stage 2 of 2", on=on)
    assert "You have said nothing" in await told(carol, "Take back", found)
    assert "does not count any more" in await told(bob, "Take back", found)
    await reads(found, "Stage 1 of 2: 0 of 1", "(taken back)", on=on)
    assert "It is not your turn yet" in await told(dave, "Approve", found)
    await told(carol, "Approve", found)
    await reads(found, "Stage 2 of 2", on=on)
    stale = carol.look(found)
    button = stale.button("Take back")
    await told(dave, "Approve", found)
    await reads(found, "Succeeded", on=on)
    reply = await stale.press(button)
    await so(on, lambda: reply.ephemeral)
    assert "It is too late to take that back" in reply.ephemeral[0]


async def test_an_approver_who_is_deactivated_is_passed_over_and_the_others_are_asked(
    on: Stage, alice: Person, bob: Person, carol: Person, dave: Person
):
    """Dave and carol must both approve. Once dave has gone nobody else could: people are told, and whoever takes his
    place in the group decides in his stead, without anybody asking again."""
    name = await asked(alice, APP.format("now"), UPTIME)
    found, before = await card(bob, name), calls(on)
    await told(dave, "Approve", found)
    await reads(found, "1 of 2 approved by @dba or U0CAROL", on=on)
    on.slack.admin.deactivate("dave")
    await on.slack.heard()
    try:
        # What he said counts no more, and her word alone is not enough.
        assert "0 of 2" not in await told(carol, "Approve", found)
        await reads(found, "1 of 2 approved", "only 1 of them can approve it now", on=on)
        assert calls(on) == before
        on.slack.admin.set_group("@dba", ["dave", "bob"])
        await on.slack.heard()
        assert "You approved" in await told(bob, "Approve", found)
        await reads(found, "Succeeded", on=on)
        assert calls(on) == before + 1
    finally:
        on.slack.admin.change_user("dave", deleted=False)
        await on.slack.heard()
        on.slack.admin.set_group("@dba", ["dave"])
        await on.slack.heard()


@pytest.mark.usefixtures("later")
async def test_a_delegation_begins_at_once_ends_on_its_day_and_is_told(
    on: Stage, alice: Person, bob: Person, carol: Person, dave: Person
):
    reply = await bob.command(f"/nightshift delegate <@{dave.id}|dave> until wednesday")
    await so(on, lambda: reply.ephemeral)
    # Bob lives in New York, and a day counts whole.
    assert "Until Thu 14 Jan 2027 00:00 EST" in reply.ephemeral[0]
    found = await card(bob, await asked(alice, WEB.format("now"), UPTIME))
    assert "You approved" in await told(dave, "Approve", found)
    await reads(found, "Approved by @dave", "on behalf of @bob", on=on)
    on.clock.jump_to(datetime(2027, 1, 14, 5, 1, tzinfo=UTC))
    found = await card(bob, await asked(alice, WEB.format("now"), UPTIME))
    assert "you are not one of them" in await told(dave, "Approve", found)
    await told(bob, "Approve", found)


async def test_policy_may_refuse_what_meets_other_work(on: Stage, alice: Person, dave: Person):
    await asked(alice, BATCH.format("tomorrow 21:00"), UPTIME)
    form = await opened(dave, BATCH.format("tomorrow 21:30"))
    await form.fill(UPTIME)
    await form.submit()
    refusal = "The rule “asking alone” refuses this because of other work on the batch hosts."
    await so(on, lambda: refusal in form.text, lambda: form.text)
    await form.close(everything=True)


async def test_seven_people_will_be_notified(on: Stage, alice: Person):
    names = [f"duty{number}" for number in range(7)]
    for number, name in enumerate(names):
        on.slack.admin.add_user(User(f"U0DUTY{number}", name, name.title(), TEAM.id))
    on.slack.admin.set_group("@sre", names)
    await on.slack.heard()
    try:
        form = await opened(alice, WEB.format("now"))
        await form.fill(UPTIME)
        preview = await previewed(form)
        assert "This will notify 7 people." in preview.text
        await preview.close()
        await form.close(everything=True)
    finally:
        on.slack.admin.set_group("@sre", ["bob", "carol"])
        await on.slack.heard()
