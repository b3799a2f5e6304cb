"""Preflight: a request is checked again later, late, in another hour, on other hosts, and after many runs."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.usecases.jobs.alert_unapprovable import alert_unapprovable
from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import (
    advance_to_run,
    approve_request,
    click_for_modal,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    find_outcome,
    go_to_page,
    jobs_received,
    make_request,
    open_edit_form,
    open_form,
    press_preview,
    wait_for_texts,
)

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
def morning(env: Environment) -> datetime:
    """Each test begins on the next morning, ten o'clock in Berlin. Returns that instant."""
    start = (env.clock.now() + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0)
    env.clock.move_to(start)
    return start


def format_day(day: datetime) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


async def test_a_start_at_once_that_is_approved_in_a_forbidden_hour_is_not_made(
    env: Environment, alice: Person, bob: Person
):
    card = await find_card(bob, await make_request(alice, LINE.format("db01", "now"), UPTIME))
    before = jobs_received(env)
    env.clock.advance(timedelta(hours=2))
    refusal = "The rule “no databases by day” refuses this: customers use them."
    assert refusal in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Waiting for approval", env=env)
    env.clock.advance(timedelta(hours=8))
    assert "You approved" in await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_a_start_at_once_that_needs_more_people_by_then_is_reopened_for_approval(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    name = await make_request(alice, LINE.format("app02", "now"), UPTIME)
    card, before = await find_card(bob, name), jobs_received(env)
    env.clock.advance(timedelta(hours=2))
    answer = await click_for_reply(bob, "Approve", card)
    assert "Policy asks for more now. Needs 2 of @leads because" in answer
    assert "This was put before its approvers again." in answer
    await wait_for_texts(card, "Needs 2 approvals from @leads", env=env)
    await click_for_reply(bob, "Approve", card)
    assert jobs_received(env) == before
    await click_for_reply(carol, "Approve", card)
    await wait_for_texts(card, "Done", env=env)


async def test_a_preview_that_was_left_open_into_another_hour_is_not_sent(env: Environment, alice: Person):
    form = await open_form(alice, LINE.format("db01", "now"))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    env.clock.advance(timedelta(hours=2))
    await preview.submit()
    assert "Not sent" in preview.text
    assert "The rule “no databases by day” refuses this" in preview.text
    await preview.close()
    await (await alice.modal()).close(everything=True)


async def test_two_previews_of_the_last_of_a_budget_are_one_run(env: Environment, alice: Person, bob: Person):
    dave = env.slack.person("dave")
    previews = []
    for person in (alice, dave):
        form = await open_form(person, LINE.format("batch04", "now"))
        await form.fill(UPTIME)
        previews.append(await press_preview(form))
        assert "[Run now]" in previews[-1].text
    name = await confirm_request(previews[0])
    await wait_for_texts(await find_card(alice, name, "dm"), "Done", env=env)
    await previews[1].submit()
    assert "Not sent" in previews[1].text
    assert "Policy asks for more than when this was previewed. Needs 1 of @sre" in previews[1].text
    await previews[1].close()
    await (await dave.modal()).close(everything=True)


async def test_a_requester_whose_groups_cannot_be_looked_up_is_told_so(env: Environment, alice: Person):
    form = await open_form(alice, LINE.format("web05", "now"))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    assert env.bot is not None
    env.bot.directory.invalidate_groups()
    env.slack.faults.fail_with_code("usergroups.list", "internal_error", times=None)
    await preview.submit()
    assert "Slack does not tell who is in which group (internal_error). Try again soon." in preview.text
    env.slack.faults.clear()
    await preview.close()
    await (await alice.modal()).close(everything=True)


async def test_an_approval_after_the_start_moves_it_to_the_next_slot(
    env: Environment, alice: Person, bob: Person, morning: datetime
):
    today, tomorrow = format_day(morning), format_day(morning + timedelta(days=1))
    card = await find_card(bob, await make_request(alice, LINE.format("web05", "at 22:00"), UPTIME))
    before = jobs_received(env)
    env.clock.move_to(morning + timedelta(hours=21))
    late = await click_for_modal(bob, "Approve", card, f"The start, {today} 22:00 CET, has passed.")
    assert late.buttons[:3] == ["Run it now", f"Run it {tomorrow} 22:00 CET", "Drop it"]
    await late.click(f"Run it {tomorrow} 22:00 CET")
    await eventually(env, lambda: "You approved" in late.text, lambda: late.text)
    await late.close()
    await wait_for_texts(card, "Scheduled", f"{tomorrow.removesuffix(' 2027')}, 22:00 CET", env=env)
    assert jobs_received(env) == before
    env.clock.move_to(morning + timedelta(hours=36, seconds=5))
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_a_comment_given_with_a_late_approval_is_shown_on_the_card(
    env: Environment, alice: Person, bob: Person, morning: datetime
):
    card = await find_card(bob, await make_request(alice, LINE.format("web05", "at 22:00"), UPTIME))
    env.clock.move_to(morning + timedelta(hours=21))
    await bob.click("Approve with a comment", card)
    question = await bob.modal()
    await question.fill({"Comment": "Watch the <!channel> disk."})
    await question.submit()
    await eventually(env, lambda: "has passed" in question.text, lambda: question.text)
    await question.click("Run it now")
    await eventually(env, lambda: "You approved" in question.text, lambda: question.text)
    await question.close()
    await wait_for_texts(card, "Approved by @bob", ": “Watch the <!channel> disk.”", "Done", env=env)


async def test_an_approval_after_the_start_may_drop_it(env: Environment, alice: Person, bob: Person, morning: datetime):
    name, before = await make_request(alice, LINE.format("web05", "at 22:00"), UPTIME), jobs_received(env)
    card = await find_card(bob, name)
    env.clock.move_to(morning + timedelta(hours=21))
    late = await click_for_modal(bob, "Approve", card, "has passed")
    await late.click("Drop it")
    await wait_for_texts(card, "Denied", "@bob", "Dropped, because its start had passed.", env=env)
    await late.close()
    assert jobs_received(env) == before


async def test_a_late_approval_cannot_run_it_now_in_a_forbidden_hour(
    env: Environment, alice: Person, bob: Person, morning: datetime
):
    card = await find_card(bob, await make_request(alice, LINE.format("db01", "at 22:00"), UPTIME))
    env.clock.move_to(morning + timedelta(hours=27))
    late = await click_for_modal(bob, "Approve", card, "has passed")
    await late.click("Run it now")
    await eventually(env, lambda: "The rule “no databases by day” refuses this" in late.text, lambda: late.text)
    await late.close()
    await wait_for_texts(card, "Waiting for approval", env=env)


@pytest.mark.parametrize(("more", "asks"), [(1, False), (9, True)])
async def test_targets_resolved_again_may_change_a_little(
    env: Environment, alice: Person, bob: Person, more: int, asks: bool
):
    form = await open_form(alice, LINE.format("web05", "at 22:00"))
    await form.fill({**UPTIME, "Where": "name ~ app or name ~ web or name ~ db"})
    await go_to_page(form, "More options", "Match hosts")
    await form.fill({"Match hosts": "Dynamic query"})
    card = await find_card(bob, await confirm_request(await press_preview(form)))
    await wait_for_texts(card, "24 hosts", "(worked out again when it starts)", env=env)
    hosts = env.foreman.state.world.hosts
    hosts += [replace(hosts[4], id=99_000 + n, name=f"web9{n}.ber.example.com") for n in range(more)]
    try:
        answer = await click_for_reply(bob, "Approve", card)
        if asks:
            assert f"Targets: 24 hosts → {24 + more} hosts: +web90.ber.example.com" in answer
            await wait_for_texts(card, f"{24 + more} hosts", "Changed: ", env=env)
            answer = await click_for_reply(bob, "Approve", card)
        assert "You approved" in answer
        await wait_for_texts(card, "Scheduled", "Approved by @bob", env=env)
    finally:
        del hosts[-more:]


async def test_a_series_must_be_approved_again_after_some_runs(env: Environment, alice: Person, bob: Person):
    form = await open_form(alice, LINE.format("web05", "every day at 06:00"))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    assert "A series needs a new approval after 2 runs." in preview.text
    assert "Nightshift holds this series" in preview.text
    name = await confirm_request(preview)
    card, before = await approve_request(env, name), jobs_received(env)
    for number in (1, 2):
        await advance_to_run(env, card, number)
        await eventually(env, lambda number=number: jobs_received(env) == before + number)
        await find_outcome(alice, name, f"(run {number})")
    await advance_to_run(env, card, 3)
    why = "This series has made 2 runs since it was approved; policy asks again after 2."
    await wait_for_texts(card, "Waiting for approval", why, "Needs 1 approval from @sre", env=env)
    await eventually(env, lambda: any(f"{name} must be approved again." in message.text for message in card.thread))
    assert jobs_received(env) == before + 2
    assert "You approved" in await click_for_reply(bob, "Approve", card)
    await advance_to_run(env, card, 4)
    await eventually(env, lambda: jobs_received(env) == before + 3)
    await find_outcome(alice, name, "(run 4)")
    assert f"{name}: cancelled." in await click_for_reply(alice, "Cancel the series", card)


async def test_content_that_is_changed_back_must_be_approved_again(
    env: Environment, alice: Person, bob: Person, carol: Person
):
    env.clock.advance(timedelta(hours=2))
    name = await make_request(alice, LINE.format("app02", "now"), UPTIME)
    card = await find_card(bob, name)
    await click_for_reply(bob, "Approve", card)
    await wait_for_texts(card, "Needs 1 more approval from @leads", env=env)
    for command in ("df -h", "uptime"):
        form = await open_edit_form(alice, card)
        await form.fill({"command": command})
        await confirm_request(await press_preview(form))
        await wait_for_texts(card, "Changed: ", "Needs 2 approvals from @leads", env=env)
    assert "1 of 2" in await click_for_reply(carol, "Approve", card)


async def test_administrators_are_told_of_a_group_that_became_empty(env: Environment, alice: Person, bob: Person):
    name = await make_request(alice, LINE.format("web05", "at 22:00"), UPTIME)
    card = await find_card(bob, name)
    env.slack.admin.set_group("@sre", [])
    await env.slack.wait_for_events()
    try:
        assert env.bot is not None
        await eventually(env, lambda: "Waiting" in card.text)
        assert "may decide" in await click_for_reply(bob, "Approve", card)
        await alert_unapprovable(env.bot.services)
        words = f"{name} cannot be approved by anybody now"
        assert "nobody of them can approve it now" in (await bob.wait_for(words, where="#ops-admin")).text
    finally:
        env.slack.admin.set_group("@sre", ["bob", "carol"])
        await env.slack.wait_for_events()
    assert "You approved" in await click_for_reply(bob, "Approve", card)
