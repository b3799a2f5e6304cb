"""What policy asks for follows from what a request is; freezes and conflicts are looked at again and again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.steps import asked, card, opened, previewed, reads, sent, told

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

ONE = '/foreman run template="Run Command - Script Default" hosts="name = web05.sin.example.com" when=now because=look'
WEB = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="{}" because=patch'


async def test_what_is_harmless_runs_at_once_until_the_days_budget_is_used_up(on: Stage, alice: Person, bob: Person):
    for _ in range(2):
        name = await asked(alice, ONE, {"command": "uptime"})
        receipt = await alice.wait_for(f"{name} ·", where="dm")
        await reads(receipt, "Succeeded", on=on, timeout=20)
    form = await opened(alice, ONE)
    await form.fill({"command": "uptime"})
    preview = await previewed(form)
    assert "as many as it may; people decide now" in preview.text or "Needs 1 of @sre" in preview.text
    name = await sent(preview)
    await reads(await card(bob, name), "Waiting for approval", on=on)


async def test_more_hosts_need_more_people_and_the_card_says_why(on: Stage, alice: Person, bob: Person):
    form = await opened(alice, '/foreman run template="Run Command - Script Default" hosts="os = RedHat" because=patch')
    await form.fill({"command": "uptime", "Hosts": "name ~ app or name ~ web or name ~ db", "When": "now"})
    preview = await previewed(form)
    assert "Needs 2 of @sre because" in preview.text
    assert "This will notify 2 people" in preview.text
    found = await card(bob, await sent(preview))
    await reads(found, "Needs 2 of @sre because 24 hosts.", "0 of 2", on=on)


async def test_what_policy_refuses_never_becomes_a_request(on: Stage, alice: Person):
    form = await opened(alice, WEB.format("now"))
    await form.fill({"command": "uptime", "Hosts": "name ~ batch"})
    await form.submit()
    await on.slack.until(lambda: "no batch hosts" in form.text)
    assert form.value("command") == "uptime"
    await form.close(everything=True)


async def test_a_frozen_time_is_refused_in_the_form(on: Stage, alice: Person):
    on.clock.jump_to(on.clock.now().replace(year=2031, month=3, day=30, hour=12))
    try:
        form = await opened(alice, WEB.format("tomorrow 10:00"))
        await form.fill({"command": "uptime"})
        await form.submit()
        await on.slack.until(lambda: "quarter end" in form.text)
        await form.close(everything=True)
    finally:
        on.clock.reset()


async def test_a_freeze_with_approvers_of_its_own_asks_them(on: Stage, alice: Person, bob: Person):
    on.clock.jump_to(on.clock.now().replace(year=2031, month=6, day=3, hour=12))
    try:
        form = await opened(alice, WEB.format("now"))
        await form.fill({"command": "uptime"})
        preview = await previewed(form)
        assert "Needs 2 of @sre because" in preview.text
        assert "release week" in preview.text
        await preview.close()
        await (await alice.modal()).close()
    finally:
        on.clock.reset()


async def test_two_requests_on_the_same_hosts_at_the_same_time_are_shown_to_both(on: Stage, alice: Person, bob: Person):
    line = WEB.format("tomorrow 21:00")
    first = await asked(alice, line, {"command": "uptime"})
    form = await opened(on.slack.person("dave"), WEB.format("tomorrow 21:30"))
    await form.fill({"command": "uptime"})
    preview = await previewed(form)
    assert first in preview.text
    assert "web05.sin.example.com" in preview.text
    second = await sent(preview)
    await reads(await card(bob, second), first, on=on)


async def test_hosts_that_came_since_must_be_confirmed(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice, WEB.format("now"), {"command": "uptime"}))
    hosts = on.foreman.state.world.hosts
    hosts.append(replace(hosts[4], id=99_001, name="web99.ber.example.com"))
    try:
        await bob.click("Approve", found)
        look = await bob.modal()
        await on.slack.until(lambda: "web99" in look.text)
        assert "9 hosts, was 8: +web99.ber.example.com" in look.text
        await reads(found, "Waiting for approval", on=on)
        await look.click("Approve anyway")
        await on.slack.until(lambda: "You approved" in look.text)
        await look.close()
        await reads(found, "Approved by @bob", on=on)
    finally:
        del hosts[-1]


async def test_an_approval_after_the_start_asks_what_to_do(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice, WEB.format("in 2 hours"), {"command": "uptime"}))
    on.clock.forward(timedelta(hours=3))
    try:
        await bob.click("Approve", found)
        late = await bob.modal()
        await on.slack.until(lambda: "has passed" in late.text)
        assert len(late.buttons) >= 3
        await reads(found, "Waiting for approval", on=on)
        now = next(words for words in late.buttons if "now" in words.casefold())
        await late.click(now)
        await on.slack.until(lambda: "You approved" in late.text)
        await late.close()
        await reads(found, "Succeeded", on=on, timeout=20)
    finally:
        on.clock.forward(-timedelta(hours=3))


async def test_an_approval_in_the_last_minutes_is_warned_of(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice, WEB.format("in 2 hours"), {"command": "uptime"}))
    on.clock.forward(timedelta(hours=1, minutes=55))
    try:
        await bob.click("Approve", found)
        look = await bob.modal()
        await on.slack.until(lambda: "leaves little time to stop it" in look.text)
        await look.close()
        await reads(found, "Waiting for approval", on=on)
    finally:
        on.clock.forward(-timedelta(hours=1, minutes=55))


async def test_an_approvals_channel_that_is_gone_ends_the_request_visibly(on: Stage, alice: Person, bob: Person):
    on.slack.admin.archive("#approvals")
    try:
        name = await asked(alice, WEB.format("tomorrow 21:00"), {"command": "uptime"})
        receipt = await alice.wait_for(f"{name} ·", where="dm")
        await reads(receipt, "Could not be delivered to the approvers", "Nothing was done", on=on)
        assert "cannot be delivered" in (await bob.wait_for("cannot be delivered", where="#ops-admin")).text
    finally:
        on.slack.channel("#approvals").is_archived = False


async def test_an_emptied_group_fails_closed_and_tells_the_administrators(on: Stage, alice: Person, bob: Person):
    found = await card(bob, await asked(alice, WEB.format("tomorrow 21:00"), {"command": "uptime"}))
    on.slack.admin.set_group("@sre", [])
    await on.slack.heard()
    try:
        assert "may decide" in await told(bob, "Approve", found)
        form = await opened(alice, WEB.format("tomorrow 22:00"))
        await form.fill({"command": "uptime"})
        await form.submit()
        await on.slack.until(lambda: "Nobody could approve this as things are" in form.text)
        await form.close(everything=True)
    finally:
        on.slack.admin.set_group("@sre", ["bob", "carol"])
        await on.slack.heard()
    await reads(found, "Waiting for approval", on=on)
