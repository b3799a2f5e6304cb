"""Somebody else edits a request: policy is asked about everyone who wrote it, and what they wrote is for others to
approve."""

from typing import Any

import pytest

from playground.slack import Message, Person
from playground.stage import Stage
from tests.scenarios.steps import approved, asked, card, reads, sent, so, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "alice may run one host"
when = { max_targets = 1, requester = "@desk", schedule = "now" }
effect = "approve"

[[policy.rules]]
name = "databases are for alice"
when = { targets = "db*" }
may_request = ["@desk"]
"""

GROUPS = {"@desk": ["alice"]}
LINE = '/foreman run template="Run Command - Script Default" hosts="name ~ {}" when="{}" because=patch'


def calls(on: Stage) -> list[Any]:
    return on.foreman.received("POST", "/api/job_invocations")


async def edit(who: Person, found: Message, fill: dict[str, Any]) -> None:
    """Open a request's form from its card, change something and look at the preview."""
    await who.click("Edit", found)
    form = await who.modal()
    await who.ws.until(lambda: "One moment" not in form.text)
    await form.fill(fill)
    await form.submit()
    await who.ws.until(lambda: "Asking the back end" not in form.text)


async def two_hosts(on: Stage, alice: Person, bob: Person) -> tuple[str, Message]:
    """A request of Alice's that needs an approval."""
    name = await asked(alice, LINE.format("web", "now"), {"command": "uptime"})
    return name, await card(bob, name)


async def test_what_an_approver_edits_does_not_run_with_the_requesters_rights(
    on: Stage, alice: Person, bob: Person, carol: Person
) -> None:
    name, found = await two_hosts(on, alice, bob)
    before = len(calls(on))
    await edit(bob, found, {"Hosts": "name = web05.sin.example.com", "command": "reboot"})
    preview = await bob.modal()
    assert "[Run it]" not in preview.text, preview.text
    assert await sent(preview) == name
    await reads(found, "Waiting for approval", "edited by @bob", "0 of 1 approved by @sre", on=on)
    assert len(calls(on)) == before
    assert "You have edited this request, so others decide." in await told(bob, "Approve", found)
    assert "You approved" in await told(carol, "Approve", found)
    await reads(found, "Succeeded", "edited by @bob", on=on)
    assert len(calls(on)) == before + 1


async def test_the_requesters_own_later_edit_does_not_make_it_hers_alone_again(
    on: Stage, alice: Person, bob: Person
) -> None:
    _, found = await two_hosts(on, alice, bob)
    before = len(calls(on))
    await edit(bob, found, {"Hosts": "name = web05.sin.example.com", "command": "reboot"})
    await sent(await bob.modal())
    await reads(found, "edited by @bob", on=on)
    await edit(alice, found, {"command": "reboot now"})
    preview = await alice.modal()
    assert "[Run it]" not in preview.text, preview.text
    await sent(preview)
    await reads(found, "Waiting for approval", "0 of 1 approved by @sre", on=on)
    assert len(calls(on)) == before


async def test_an_edit_that_overtakes_a_preview_is_not_approved_by_a_rule(
    on: Stage, alice: Person, bob: Person
) -> None:
    name, found = await two_hosts(on, alice, bob)
    before = len(calls(on))
    await edit(alice, found, {"Hosts": "name = web05.sin.example.com"})
    preview = await alice.modal()
    assert "[Run it]" in preview.text
    await edit(bob, found, {"command": "reboot"})
    await sent(await bob.modal())
    await reads(found, "edited by @bob", on=on)
    await preview.submit()
    await so(on, lambda: "Not sent" in preview.text, lambda: preview.text)
    await preview.close(everything=True)
    await reads(found, "Waiting for approval", on=on)
    assert len(calls(on)) == before
    assert f"{name} is withdrawn." in await told(alice, "Withdraw", found)


async def test_who_may_not_ask_for_it_may_not_edit_a_request_into_it(on: Stage, alice: Person, bob: Person) -> None:
    _, found = await two_hosts(on, alice, bob)
    await edit(bob, found, {"Hosts": "name ~ db"})
    form = await bob.modal()
    await so(on, lambda: "may ask for this" in form.text, lambda: form.text)
    await form.close(everything=True)
    await reads(found, "Waiting for approval", on=on)


async def test_an_earlier_editor_is_still_an_author_after_somebody_elses_edit(
    on: Stage, alice: Person, bob: Person, carol: Person
) -> None:
    on.slack.admin.set_group("@sre", ["bob", "carol", "dave"])
    await on.slack.heard()
    try:
        _, found = await two_hosts(on, alice, bob)
        before = len(calls(on))
        await edit(bob, found, {"command": "rm -rf /var/log"})
        await sent(await bob.modal())
        await reads(found, "edited by @bob", on=on)
        await edit(carol, found, {"command": "rm -rf /var/log/*"})
        await sent(await carol.modal())
        await reads(found, "edited by @bob, @carol", on=on)
        for author in (bob, carol):
            assert "You have edited this request, so others decide." in await told(author, "Approve", found)
        assert len(calls(on)) == before
    finally:
        on.slack.admin.set_group("@sre", ["bob", "carol"])
        await on.slack.heard()


async def test_an_edit_that_leaves_nobody_to_approve_is_not_saved(on: Stage, alice: Person, bob: Person) -> None:
    on.slack.admin.set_group("@sre", ["bob"])
    await on.slack.heard()
    try:
        _, found = await two_hosts(on, alice, bob)
        await edit(bob, found, {"command": "reboot"})
        form = await bob.modal()
        await so(on, lambda: "Nobody could approve this" in form.text, lambda: form.text)
        await form.close(everything=True)
    finally:
        on.slack.admin.set_group("@sre", ["bob", "carol"])
        await on.slack.heard()
    assert await approved(on, name_on(found))


def name_on(found: Message) -> str:
    """The name of the request on a card."""
    return found.text.partition(" ·")[0].split()[-1]
