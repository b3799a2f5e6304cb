"""What was asked is looked at again: later, late, in another hour, on other hosts, and after many runs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.usecases.keep_time import tell_stuck
from playground.slack import Message, Modal, Person
from playground.stage import Stage
from tests.scenarios.steps import approved, asked, card, opened, previewed, reads, sent, so, to_its_time, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "3d"

[[policy.rules]]
name = "no databases by day"
when = { targets = "db*", hours = "11:00-18:00" }
effect = "refuse"
because = "customers use them"

[[policy.rules]]
name = "apps by day"
when = { targets = "app*", hours = "11:00-18:00" }
approvers = ["@leads"]
quorum = 2

[[policy.rules]]
name = "series"
when = { schedule = "series" }
effect = "limit"
renew_after_runs = 2

[[policy.rules]]
name = "one at a time"
when = { targets = "batch04*", max_targets = 1, schedule = "now" }
effect = "approve"
budget = 1
"""
GROUPS = {"@leads": ["bob", "carol"]}
UPTIME = {"command": "uptime"}
LINE = '/foreman run template="Run Command - Script Default" hosts="name ~ {}" when="{}" because=patch'


@pytest.fixture(autouse=True)
def clock(on: Stage) -> Iterator[None]:
    """Each test begins on the morning of the same Monday, ten o'clock in Berlin."""
    before = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
    on.clock.jump_to(before)
    yield
    on.clock.jump_to(before)


def calls(on: Stage) -> int:
    return len(on.foreman.received("POST", "/api/job_invocations"))


async def looked_at(who: Person, button: str, message: Message, *texts: str) -> Modal:
    """Press a button that is answered with something to look at."""
    await who.click(button, message)
    modal = await who.modal()
    await who.ws.until(lambda: all(text in modal.text for text in texts))
    return modal


async def edited(who: Person, found: Message) -> Modal:
    """Open the form of a request again."""
    await who.click("Edit", found)
    form = await who.modal()
    await who.ws.until(lambda: "One moment" not in form.text)
    return form


async def test_a_start_at_once_that_is_approved_in_a_forbidden_hour_is_not_made(on: Stage, alice: Person, bob: Person):
    found, before = await card(bob, await asked(alice, LINE.format("db01", "now"), UPTIME)), calls(on)
    on.clock.forward(timedelta(hours=2))
    refusal = "The rule “no databases by day” refuses this because of customers use them."
    assert refusal in await told(bob, "Approve", found)
    await reads(found, "Waiting for approval", on=on)
    on.clock.forward(timedelta(hours=8))
    assert "You approved" in await told(bob, "Approve", found)
    await reads(found, "Succeeded", on=on)
    assert calls(on) == before + 1


async def test_a_start_at_once_that_needs_more_people_by_then_is_put_before_them(
    on: Stage, alice: Person, bob: Person, carol: Person
):
    name = await asked(alice, LINE.format("app02", "now"), UPTIME)
    found, before = await card(bob, name), calls(on)
    on.clock.forward(timedelta(hours=2))
    answer = await told(bob, "Approve", found)
    assert "policy asks for more then. Needs 2 of @leads because" in answer
    assert "“Edit” on its card puts it before them." in answer
    preview = await previewed(await edited(alice, found))
    assert await sent(preview) == name
    await reads(found, "0 of 2 approved by @leads", on=on)
    await told(bob, "Approve", found)
    assert calls(on) == before
    await told(carol, "Approve", found)
    await reads(found, "Succeeded", on=on)


async def test_a_preview_that_was_left_open_into_another_hour_is_not_sent(on: Stage, alice: Person):
    form = await opened(alice, LINE.format("db01", "now"))
    await form.fill(UPTIME)
    preview = await previewed(form)
    on.clock.forward(timedelta(hours=2))
    await preview.submit()
    assert "Not sent" in preview.text
    assert "The rule “no databases by day” refuses this" in preview.text
    await preview.close()
    await (await alice.modal()).close(everything=True)


async def test_two_previews_of_the_last_of_a_budget_are_one_run(on: Stage, alice: Person, bob: Person):
    dave = on.slack.person("dave")
    previews = []
    for person in (alice, dave):
        form = await opened(person, LINE.format("batch04", "now"))
        await form.fill(UPTIME)
        previews.append(await previewed(form))
        assert "[Run it]" in previews[-1].text
    name = await sent(previews[0])
    await reads(await card(alice, name, "dm"), "Succeeded", on=on)
    await previews[1].submit()
    assert "Not sent" in previews[1].text
    assert "Policy asks for more than when this was previewed. Needs 1 of @sre" in previews[1].text
    await previews[1].close()
    await (await dave.modal()).close(everything=True)


async def test_a_requester_whose_groups_cannot_be_looked_up_is_told_so(on: Stage, alice: Person):
    form = await opened(alice, LINE.format("web05", "now"))
    await form.fill(UPTIME)
    preview = await previewed(form)
    assert on.bot is not None
    on.bot.people.forget_groups()
    on.slack.faults.refuse("usergroups.list", "internal_error", times=None)
    await preview.submit()
    assert "Slack does not tell who is in which group (internal_error). Try again soon." in preview.text
    on.slack.faults.clear()
    await preview.close()
    await (await alice.modal()).close(everything=True)


async def test_an_approval_after_the_start_moves_it_to_the_next_slot(on: Stage, alice: Person, bob: Person):
    found, before = await card(bob, await asked(alice, LINE.format("web05", "at 22:00"), UPTIME)), calls(on)
    on.clock.jump_to(datetime(2027, 1, 12, 6, 0, tzinfo=UTC))
    late = await looked_at(bob, "Approve", found, "The start, Mon 11 Jan 2027 22:00 CET, has passed.")
    assert late.buttons[:3] == ["Run it now", "Run it Tue 12 Jan 2027 22:00 CET", "Drop it"]
    await late.click("Run it Tue 12 Jan 2027 22:00 CET")
    await so(on, lambda: "You approved" in late.text, lambda: late.text)
    await late.close()
    await reads(found, "Scheduled", "Tue 12 Jan 2027 22:00 CET", on=on)
    assert calls(on) == before
    on.clock.jump_to(datetime(2027, 1, 12, 21, 0, 5, tzinfo=UTC))
    await reads(found, "Succeeded", on=on)
    assert calls(on) == before + 1


async def test_a_comment_given_with_a_late_approval_stands_on_the_card(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice, LINE.format("web05", "at 22:00"), UPTIME))
    on.clock.jump_to(datetime(2027, 1, 12, 6, 0, tzinfo=UTC))
    await bob.click("Approve with a comment", found)
    question = await bob.modal()
    await question.fill({"What should be known?": "Watch the <!channel> disk."})
    await question.submit()
    await so(on, lambda: "has passed" in question.text, lambda: question.text)
    await question.click("Run it now")
    await so(on, lambda: "You approved" in question.text, lambda: question.text)
    await question.close()
    await reads(found, "Approved by @bob", ": Watch the <!channel> disk.", "Succeeded", on=on)


async def test_an_approval_after_the_start_may_drop_it(on: Stage, alice: Person, bob: Person):
    name, before = await asked(alice, LINE.format("web05", "at 22:00"), UPTIME), calls(on)
    found = await card(bob, name)
    on.clock.jump_to(datetime(2027, 1, 12, 6, 0, tzinfo=UTC))
    late = await looked_at(bob, "Approve", found, "has passed")
    await late.click("Drop it")
    await reads(found, "Approved too late, and dropped as the approver chose.", on=on)
    await late.close()
    assert calls(on) == before


async def test_a_late_approval_cannot_run_it_now_in_a_forbidden_hour(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice, LINE.format("db01", "at 22:00"), UPTIME))
    on.clock.jump_to(datetime(2027, 1, 12, 12, 0, tzinfo=UTC))
    late = await looked_at(bob, "Approve", found, "has passed")
    await late.click("Run it now")
    await so(on, lambda: "The rule “no databases by day” refuses this" in late.text, lambda: late.text)
    await late.close()
    await reads(found, "Waiting for approval", on=on)


@pytest.mark.parametrize(("more", "asks"), [(1, False), (9, True)])
async def test_targets_worked_out_anew_may_change_a_little(
    on: Stage, alice: Person, bob: Person, more: int, asks: bool
):
    query = {"Hosts": "name ~ app or name ~ web or name ~ db", "Hosts are matched": "Dynamic query"}
    form = await opened(alice, LINE.format("web05", "at 22:00"))
    await form.fill({**UPTIME, **query})
    found = await card(bob, await sent(await previewed(form)))
    await reads(found, "24 hosts", "(worked out again when it starts)", on=on)
    hosts = on.foreman.state.world.hosts
    hosts += [replace(hosts[4], id=99_000 + n, name=f"web9{n}.ber.example.com") for n in range(more)]
    try:
        if asks:
            look = await looked_at(bob, "Approve", found, f"{24 + more} hosts, was 24: +web90.ber.example.com")
            await look.click("Approve anyway")
            await so(on, lambda: "You approved" in look.text, lambda: look.text)
            await look.close()
        else:
            assert "You approved" in await told(bob, "Approve", found)
    finally:
        del hosts[-more:]
    await reads(found, "Approved by @bob", on=on)


async def test_a_series_is_asked_for_again_after_some_runs(on: Stage, alice: Person, bob: Person):
    form = await opened(alice, LINE.format("web05", "every day at 06:00"))
    await form.fill(UPTIME)
    preview = await previewed(form)
    assert "A series needs a new approval after 2 runs." in preview.text
    assert "Nightshift holds this series" in preview.text
    name = await sent(preview)
    found, before = await approved(on, name), calls(on)
    for number in (1, 2):
        await to_its_time(on, found, number)
        await so(on, lambda number=number: calls(on) == before + number)
        await alice.wait_for(f"{name} · run {number} ·", where="#results")
    await to_its_time(on, found, 3)
    why = "This series has run 2 times since it was approved; policy asks again after 2."
    await reads(found, "Waiting for approval", why, "0 of 1 approved by @sre", on=on)
    await so(on, lambda: any(f"{name} must be approved again." in message.text for message in found.thread))
    assert calls(on) == before + 2
    assert "You approved" in await told(bob, "Approve", found)
    await to_its_time(on, found, 4)
    await so(on, lambda: calls(on) == before + 3)
    await alice.wait_for(f"{name} · run 4 ·", where="#results")
    assert f"{name}: cancelled." in await told(alice, "Cancel the series", found)


async def test_content_that_comes_back_is_approved_anew(on: Stage, alice: Person, bob: Person, carol: Person):
    on.clock.forward(timedelta(hours=2))
    name = await asked(alice, LINE.format("app02", "now"), UPTIME)
    found = await card(bob, name)
    await told(bob, "Approve", found)
    await reads(found, "1 of 2 approved by @leads", on=on)
    for revision, command in ((2, "df -h"), (3, "uptime")):
        form = await edited(alice, found)
        await form.fill({"command": command})
        await sent(await previewed(form))
        await reads(found, f"Changed in revision {revision}", "0 of 2 approved by @leads", on=on)
    assert "1 of 2" in await told(carol, "Approve", found)


async def test_administrators_hear_of_a_group_that_empties(on: Stage, alice: Person, bob: Person):
    name = await asked(alice, LINE.format("web05", "at 22:00"), UPTIME)
    found = await card(bob, name)
    on.slack.admin.set_group("@sre", [])
    await on.slack.heard()
    try:
        assert on.bot is not None
        await so(on, lambda: "Waiting" in found.text)
        assert "may decide" in await told(bob, "Approve", found)
        await tell_stuck(on.bot.services)
        words = f"{name} cannot be approved by anybody as things are"
        assert "only 0 of them can approve it now" in (await bob.wait_for(words, where="#ops-admin")).text
    finally:
        on.slack.admin.set_group("@sre", ["bob", "carol"])
        await on.slack.heard()
    assert "You approved" in await told(bob, "Approve", found)
