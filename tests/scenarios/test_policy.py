"""Policy rules, freezes and conflicts, at the request and at each decision."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.form_filling import fill_pages
from tests.scenarios.steps import (
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    make_request,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "UTC"

[[policy.rules]]
name = "one host is harmless"
when = { max_targets = 1, template = "Run Command*", schedule = "now" }
effect = "approve"
budget = 2

[[policy.rules]]
name = "no batch hosts"
when = { targets = "batch*" }
effect = "refuse"

[[policy.rules]]
name = "many hosts"
when = { min_targets = 15 }
approvers = ["@sre"]
quorum = 2

[[policy.rules]]
name = "brightwater"
when = { facts = { tenants = "Brightwater*" } }
approvers = ["@brightwater"]

[[policy.freezes]]
name = "quarter end"
start = 2031-03-31T00:00:00Z
end = 2031-04-02T00:00:00Z

[[policy.freezes]]
name = "release week"
start = 2031-06-02T00:00:00Z
end = 2031-06-09T00:00:00Z
effect = "ask"
approvers = ["@sre"]
quorum = 2
"""

GROUPS = {"brightwater": ["carol"]}

ONE = '/foreman run template="Run Command - Script Default" hosts="name = web05.sin.example.com" when=now because=look'
WEB = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="{}" because=patch'


async def test_harmless_requests_run_at_once_until_the_daily_budget_is_used_up(
    env: Environment, alice: Person, bob: Person
):
    for _ in range(2):
        name = await make_request(alice, ONE, {"command": "uptime"})
        receipt = await alice.wait_for(f"{name} ·", where="dm")
        await wait_for_texts(receipt, "Done", env=env)
    form = await open_form(alice, ONE)
    await form.fill({"command": "uptime"})
    preview = await press_preview(form)
    assert "as many as it may; people decide now" in preview.text or "Needs 1 of @sre" in preview.text
    name = await confirm_request(preview)
    await wait_for_texts(await find_card(bob, name), "Waiting for approval", env=env)


async def test_more_hosts_need_more_people_and_the_card_says_why(env: Environment, alice: Person, bob: Person):
    form = await open_form(
        alice, '/foreman run template="Run Command - Script Default" hosts="os = RedHat" because=patch'
    )
    await form.fill({"command": "uptime", "Where": "name ~ app or name ~ web or name ~ db", "When": "now"})
    preview = await press_preview(form)
    assert "Needs 2 of @sre because" in preview.text
    assert "This will notify 2 people" in preview.text
    card = await find_card(bob, await confirm_request(preview))
    await wait_for_texts(card, "Needs 2 approvals from @sre", "Rule “many hosts”: 24 hosts", env=env)


@pytest.mark.parametrize("target", [{"Computers": ["BRI-001"]}, {"Tenants": ["Brightwater Farms"]}])
async def test_a_tenants_approvers_are_asked_whether_it_or_its_computer_is_chosen(
    env: Environment, alice: Person, target: dict[str, list[str]]
):
    form = await open_form(alice, "/immybot when=now because=patch")
    item = {"What": "Global software", "Software or task": "Chrome"}
    await fill_pages(form, {"Targets": target, "Maintenance": item})
    preview = await press_preview(form)
    assert "Needs 1 of @brightwater because the tenant Brightwater Farms (rule “brightwater”)." in preview.text
    await preview.close(everything=True)


async def test_what_policy_refuses_never_becomes_a_request(env: Environment, alice: Person):
    form = await open_form(alice, WEB.format("now"))
    await form.fill({"command": "uptime", "Where": "name ~ batch"})
    await form.submit()
    await env.slack.wait_until(lambda: "no batch hosts" in form.text)
    assert form.value("command") == "uptime"
    await form.close(everything=True)


async def test_two_requests_on_the_same_hosts_at_the_same_time_are_shown_to_both(
    env: Environment, alice: Person, bob: Person
):
    line = WEB.format("tomorrow 21:00")
    first = await make_request(alice, line, {"command": "uptime"})
    form = await open_form(env.slack.person("dave"), WEB.format("tomorrow 21:30"))
    await form.fill({"command": "uptime"})
    preview = await press_preview(form)
    assert first in preview.text
    assert "web05.sin.example.com" in preview.text
    second = await confirm_request(preview)
    await wait_for_texts(await find_card(bob, second), first, env=env)


async def test_hosts_that_came_since_are_asked_about_again_once(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice, WEB.format("now"), {"command": "uptime"}))
    hosts = env.foreman.state.world.hosts
    hosts.append(replace(hosts[4], id=99_001, name="web99.ber.example.com"))
    try:
        answer = await click_for_reply(bob, "Approve", card)
        assert "Targets: 8 hosts → 9 hosts: +web99.ber.example.com" in answer
        assert "This was put before its approvers again." in answer
        await wait_for_texts(card, "Waiting for approval", "9 hosts", "web99.ber.example.com", env=env)
        assert "You approved" in await click_for_reply(bob, "Approve", card)
        await wait_for_texts(card, "Done", env=env)
    finally:
        del hosts[-1]


async def test_an_approval_after_the_start_asks_what_to_do(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice, WEB.format("in 2 hours"), {"command": "uptime"}))
    env.clock.advance(timedelta(hours=3))
    await bob.click("Approve", card)
    late = await bob.modal()
    await env.slack.wait_until(lambda: "has passed" in late.text)
    assert len(late.buttons) >= 3
    await wait_for_texts(card, "Waiting for approval", env=env)
    now = next(words for words in late.buttons if "now" in words.casefold())
    await late.click(now)
    await env.slack.wait_until(lambda: "You approved" in late.text)
    await late.close()
    await wait_for_texts(card, "Done", env=env)


async def test_an_approval_in_the_last_minutes_is_warned_of(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice, WEB.format("in 2 hours"), {"command": "uptime"}))
    env.clock.advance(timedelta(hours=1, minutes=55))
    await bob.click("Approve", card)
    modal = await bob.modal()
    await env.slack.wait_until(lambda: "leaves little time to stop it" in modal.text)
    await modal.close()
    await wait_for_texts(card, "Waiting for approval", env=env)


async def test_where_the_approvers_channel_is_gone_they_get_the_card_as_a_direct_message(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    env.slack.admin.archive("#approvals")
    try:
        name = await make_request(alice, WEB.format("tomorrow 21:00"), {"command": "uptime"})
        copy = await find_card(bob, name, "dm")
        assert copy.buttons[:2] == ["Approve", "Deny"]
        await find_card(carol, name, "dm")
        told = await bob.wait_for("cannot be delivered", where="#ops-admin")
        assert f"about {name}" in told.text
    finally:
        env.slack.admin.unarchive("#approvals")
    card = await find_card(bob, name)
    await bob.click("Deny", copy)
    question = await bob.modal()
    await question.fill({"Why?": "no"})
    await question.submit()
    await wait_for_texts(card, "Denied", "@bob", env=env)


async def test_a_card_that_was_deleted_is_posted_again(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice, WEB.format("tomorrow 21:00"), {"command": "uptime"})
    card = await find_card(bob, name)
    card.channel.remove(card)
    await bob.command(f"/nightshift show {name}", "#ops")
    bob.ws.stacks.clear()
    await alice.click("Withdraw", await find_card(alice, name, "dm"))
    again = await bob.wait_for(f"{name} ·", "#approvals")
    assert again is not card
    assert "Withdrawn" in again.text


async def test_an_emptied_group_fails_closed_and_tells_the_administrators(env: Environment, alice: Person, bob: Person):
    card = await find_card(bob, await make_request(alice, WEB.format("tomorrow 21:00"), {"command": "uptime"}))
    env.slack.admin.set_group("@sre", [])
    await env.slack.wait_for_events()
    try:
        assert "may decide" in await click_for_reply(bob, "Approve", card)
        form = await open_form(alice, WEB.format("tomorrow 22:00"))
        await form.fill({"command": "uptime"})
        await form.submit()
        await env.slack.wait_until(lambda: "Nobody could approve this now" in form.text)
        await form.close(everything=True)
    finally:
        env.slack.admin.set_group("@sre", ["bob", "carol"])
        await env.slack.wait_for_events()
    await wait_for_texts(card, "Waiting for approval", env=env)


async def test_a_frozen_time_is_refused_in_the_form(env: Environment, alice: Person):
    env.clock.move_to(datetime(2031, 3, 30, 12, 0, tzinfo=UTC))
    form = await open_form(alice, WEB.format("tomorrow 10:00"))
    await form.fill({"command": "uptime"})
    await form.submit()
    await eventually(env, lambda: "quarter end" in form.text, lambda: form.text)
    await form.close(everything=True)


async def test_a_freeze_with_approvers_of_its_own_asks_them(env: Environment, alice: Person, bob: Person):
    env.clock.move_to(datetime(2031, 6, 3, 12, 0, tzinfo=UTC))
    form = await open_form(alice, WEB.format("now"))
    await form.fill({"command": "uptime"})
    preview = await press_preview(form)
    assert "Needs 2 of @sre because" in preview.text
    assert "release week" in preview.text
    await preview.close()
    await (await alice.modal()).close()
