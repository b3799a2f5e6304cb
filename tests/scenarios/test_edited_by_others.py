"""Somebody else edits a request: policy is evaluated for all authors, and others must approve."""

from typing import Any

import pytest

from playground.environment import Environment
from playground.slack import Message, Person
from tests.scenarios.steps import (
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    wait_for_texts,
)

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


async def edit(who: Person, card: Message, fill: dict[str, Any]) -> None:
    """Open a request's form from its card, change fields and open the preview."""
    await who.click("Edit", card)
    form = await who.modal()
    await who.ws.wait_until(lambda: "Loading…" not in form.text)
    await form.fill(fill)
    await form.submit()
    await who.ws.wait_until(lambda: "Checking what" not in form.text)


async def two_hosts(env: Environment, alice: Person, bob: Person) -> tuple[str, Message]:
    """A request of Alice's that needs an approval."""
    name = await make_request(alice, LINE.format("web", "now"), {"command": "uptime"})
    return name, await find_card(bob, name)


async def test_what_an_approver_edits_does_not_run_with_the_requesters_rights(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    name, found = await two_hosts(env, alice, bob)
    before = jobs_received(env)
    await edit(bob, found, {"Where": "name = web05.sin.example.com", "command": "reboot"})
    preview = await bob.modal()
    assert "[Run now]" not in preview.text, preview.text
    assert await confirm_request(preview) == name
    await wait_for_texts(found, "Waiting for approval", "edited by @bob", "Needs 1 approval from @sre", env=env)
    assert jobs_received(env) == before
    assert "You have edited this request, so others decide." in await click_for_reply(bob, "Approve", found)
    assert "You approved" in await click_for_reply(carol, "Approve", found)
    await wait_for_texts(found, "Done", "edited by @bob", env=env)
    assert jobs_received(env) == before + 1


async def test_the_requesters_own_later_edit_does_not_make_it_hers_alone_again(
    env: Environment, alice: Person, bob: Person
) -> None:
    _, found = await two_hosts(env, alice, bob)
    before = jobs_received(env)
    await edit(bob, found, {"Where": "name = web05.sin.example.com", "command": "reboot"})
    await confirm_request(await bob.modal())
    await wait_for_texts(found, "edited by @bob", env=env)
    await edit(alice, found, {"command": "reboot now"})
    preview = await alice.modal()
    assert "[Run now]" not in preview.text, preview.text
    await confirm_request(preview)
    await wait_for_texts(found, "Waiting for approval", "Needs 1 approval from @sre", env=env)
    assert jobs_received(env) == before


async def test_an_edit_that_overtakes_a_preview_is_not_approved_by_a_rule(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, found = await two_hosts(env, alice, bob)
    before = jobs_received(env)
    await edit(alice, found, {"Where": "name = web05.sin.example.com"})
    preview = await alice.modal()
    assert "[Run now]" in preview.text
    await edit(bob, found, {"command": "reboot"})
    await confirm_request(await bob.modal())
    await wait_for_texts(found, "edited by @bob", env=env)
    await preview.submit()
    await eventually(env, lambda: "Not sent" in preview.text, lambda: preview.text)
    await preview.close(everything=True)
    await wait_for_texts(found, "Waiting for approval", env=env)
    assert jobs_received(env) == before
    assert f"{name} is withdrawn." in await click_for_reply(alice, "Withdraw", found)


async def test_who_may_not_ask_for_it_may_not_edit_a_request_into_it(
    env: Environment, alice: Person, bob: Person
) -> None:
    _, found = await two_hosts(env, alice, bob)
    await edit(bob, found, {"Where": "name ~ db"})
    form = await bob.modal()
    await eventually(env, lambda: "may ask for this" in form.text, lambda: form.text)
    await form.close(everything=True)
    await wait_for_texts(found, "Waiting for approval", env=env)


async def test_an_earlier_editor_is_still_an_author_after_somebody_elses_edit(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    env.slack.admin.set_group("@sre", ["bob", "carol", "dave"])
    await env.slack.wait_for_events()
    try:
        _, found = await two_hosts(env, alice, bob)
        before = jobs_received(env)
        await edit(bob, found, {"command": "rm -rf /var/log"})
        await confirm_request(await bob.modal())
        await wait_for_texts(found, "edited by @bob", env=env)
        await edit(carol, found, {"command": "rm -rf /var/log/*"})
        await confirm_request(await carol.modal())
        await wait_for_texts(found, "edited by @bob, @carol", env=env)
        for author in (bob, carol):
            assert "You have edited this request, so others decide." in await click_for_reply(author, "Approve", found)
        assert jobs_received(env) == before
    finally:
        env.slack.admin.set_group("@sre", ["bob", "carol"])
        await env.slack.wait_for_events()


async def test_an_edit_that_leaves_nobody_to_approve_is_not_saved(env: Environment, alice: Person, bob: Person) -> None:
    env.slack.admin.set_group("@sre", ["bob"])
    await env.slack.wait_for_events()
    try:
        _, found = await two_hosts(env, alice, bob)
        await edit(bob, found, {"command": "reboot"})
        form = await bob.modal()
        await eventually(env, lambda: "Nobody could approve this" in form.text, lambda: form.text)
        await form.close(everything=True)
    finally:
        env.slack.admin.set_group("@sre", ["bob", "carol"])
        await env.slack.wait_for_events()
    assert await approve_request(env, name_on(found))


def name_on(card: Message) -> str:
    """The name of the request on a card."""
    return card.text.partition(" ·")[0].split()[-1]
