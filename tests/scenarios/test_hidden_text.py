"""A request with more text than its card has room for: nobody approves what they were not shown."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.storage.tables import disclosures
from playground.environment import Environment
from playground.slack import Message, Modal, Person
from tests.scenarios.steps import (
    WAIT_SECONDS,
    click_for_reply,
    confirm_request,
    find_card,
    job_requests,
    jobs_received,
    make_request,
    press_preview,
    read_pages,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "machines in two places are for two"
when = { targets = "db*" }
approvers = ["@sre"]
quorum = 2
"""
LINE = '/foreman template="Run Command - Script Default" hosts="name ~ web" when=now because=patch'
HARMFUL_END = "; rm -rf /srv"
LONG_COMMAND = "echo " + "fine, " * 495 + HARMFUL_END
"""A command of nearly 3,000 characters, which is as many as a form takes."""


LONG_LINE = LINE.replace("name ~ web", "name ~ web" + " or name = nowhere.example.com" * 100)
"""Makes a request that takes more than one page of Details."""


async def request_long(env: Environment, who: Person, line: str = LINE) -> tuple[str, Message]:
    name = await make_request(who, line, {"command": LONG_COMMAND})
    return name, await find_card(env.slack.person("bob"), name)


async def press_approve(who: Person, card: Message) -> Modal:
    """Press Approve on a card that asks to read all first. Returns the pages."""
    await who.click("Approve", card)
    modal = await who.modal(WAIT_SECONDS)
    await modal.wait_for_text("Read all of it, then approve")
    return modal


async def read_all(env: Environment, who: Person, card: Message) -> str:
    """Open Details from a card, go to its last page and close it. Returns all that was shown."""
    before = await records(env, who)
    await who.click("Read all", card)
    modal = await who.modal(WAIT_SECONDS)
    text = await read_pages(modal)
    await modal.close()
    await wait_for_record(env, who, before)
    return text


async def records(env: Environment, who: Person) -> int:
    """How often it is on record that a person was shown all of a request."""
    assert env.bot is not None
    async with env.bot.db.read() as tx:
        mine = select(func.count()).select_from(disclosures).where(disclosures.c.user == who.id)
        return int(await tx.scalar(mine) or 0)


async def wait_for_record(env: Environment, who: Person, before: int) -> None:
    """Wait until the bot has recorded what Slack has just shown."""
    async with asyncio.timeout(WAIT_SECONDS):
        while await records(env, who) == before:
            await asyncio.sleep(0.01)


def joined(text: str) -> str:
    """A text without the line breaks between its pieces."""
    return text.replace("\n", "")


async def test_a_long_command_is_not_approved_before_the_approver_was_shown_its_end(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card = await request_long(env, alice)
    assert HARMFUL_END not in card.text
    assert f"{len(LONG_COMMAND) - 300:,} more characters" in card.text
    assert "Part of it does not fit here. Read all before you approve." in card.text
    assert card.buttons[:3] == ["Read all", "Approve", "Deny"]
    before = jobs_received(env)
    pages = await press_approve(bob, card)
    assert "Waiting for approval" in card.text
    assert LONG_COMMAND in joined(await read_pages(pages))
    await pages.click("Approve")
    await pages.wait_for_text(f"You approved {name}.")
    await wait_for_texts(card, "Approved by @bob", "Done", env=env)
    assert jobs_received(env) == before + 1
    assert HARMFUL_END in json.dumps(job_requests(env)[-1].body)


async def test_who_has_read_all_approves_on_the_card(env: Environment, alice: Person, bob: Person) -> None:
    name, card = await request_long(env, alice)
    assert LONG_COMMAND in joined(await read_all(env, bob, card))
    assert f"You approved {name}." in await click_for_reply(bob, "Approve", card)


async def test_what_one_approver_has_read_does_not_count_for_another(
    env: Environment, alice: Person, bob: Person, carol: Person
) -> None:
    name, card = await request_long(env, alice, LINE.replace("name ~ web", "name ~ db"))
    await read_all(env, bob, card)
    assert f"You approved {name}. 1 of 2 approved by @sre." in await click_for_reply(bob, "Approve", card)
    pages = await press_approve(carol, card)
    await wait_for_texts(card, "Needs 1 more approval", env=env)
    await read_pages(pages)
    await pages.click("Approve")
    await wait_for_texts(card, "Approved by @bob and @carol", "Done", env=env)


async def test_an_edit_makes_the_approver_read_again(env: Environment, alice: Person, bob: Person) -> None:
    _, card = await request_long(env, alice)
    await read_all(env, bob, card)
    await edit(alice, card, {"command": LONG_COMMAND + " /home"})
    await wait_for_texts(card, "Changed: ", env=env)
    pages = await press_approve(bob, card)
    assert "Waiting for approval" in card.text
    assert (LONG_COMMAND + " /home") in joined(await read_pages(pages))
    await pages.click("Approve")
    await wait_for_texts(card, "Approved by @bob", env=env)


async def test_pages_of_an_edited_request_approve_nothing(env: Environment, alice: Person, bob: Person) -> None:
    name, card = await request_long(env, alice)
    pages = await press_approve(bob, card)
    await read_pages(pages)
    await edit(alice, card, {"command": "uptime"})
    await wait_for_texts(card, "Changed: ", env=env)
    await pages.click("Approve")
    await pages.wait_for_text(f"{name} has been changed since this card was shown.")
    assert "Waiting for approval" in card.text


async def test_the_first_of_several_pages_is_not_all(env: Environment, alice: Person, bob: Person) -> None:
    name, card = await request_long(env, alice, LONG_LINE)
    before = await records(env, bob)
    await bob.click("Read all", card)
    modal = await bob.modal(WAIT_SECONDS)
    assert "Page 1 of " in modal.text
    await modal.close()
    # Time for a record that must not come.
    await asyncio.sleep(0.3)
    assert await records(env, bob) == before
    pages = await press_approve(bob, card)
    assert "Approve" not in pages.buttons
    text = await read_pages(pages)
    assert LONG_COMMAND in joined(text)
    assert " or name = nowhere.example.com" * 100 in joined(text)
    await pages.click("Previous page")
    await pages.wait_for_text("Next page")
    assert "Approve" not in pages.buttons
    await read_pages(pages)
    await pages.click("Approve")
    await pages.wait_for_text(f"You approved {name}.")


async def test_the_file_shows_everything_too(env: Environment, alice: Person, bob: Person) -> None:
    name, card = await request_long(env, alice, LONG_LINE)
    before = await records(env, bob)
    await bob.click("Read all", card)
    modal = await bob.modal(WAIT_SECONDS)
    await modal.click("Send me the file")
    await modal.wait_for_text("The file is in your direct messages")
    await wait_for_record(env, bob, before)
    sent = bob.direct_messages[-1].files[0]
    assert sent.name == f"{name}-revision-1.txt"
    assert f"| {LONG_COMMAND}\n" in (sent.data or b"").decode()
    await modal.close(everything=True)
    assert f"You approved {name}." in await click_for_reply(bob, "Approve", card)


async def test_an_approval_with_a_comment_keeps_it_while_all_is_read(
    env: Environment, alice: Person, bob: Person
) -> None:
    _, card = await request_long(env, alice)
    await bob.click("Approve with a comment", card)
    modal = await bob.modal(WAIT_SECONDS)
    await modal.fill({"Comment": "only tonight"})
    await modal.submit()
    await modal.wait_for_text("Read all of it, then approve")
    await read_pages(modal)
    await modal.click("Approve")
    await wait_for_texts(card, "Approved by @bob", "only tonight", env=env)


async def test_a_denial_needs_no_reading(env: Environment, alice: Person, bob: Person) -> None:
    _, card = await request_long(env, alice)
    await bob.click("Deny", card)
    question = await bob.modal(WAIT_SECONDS)
    await question.fill({"Why?": "no"})
    await question.submit()
    await wait_for_texts(card, "Denied", "@bob", env=env)


async def test_the_button_of_a_card_from_before_still_leads_to_the_approval(
    env: Environment, alice: Person, bob: Person
) -> None:
    """An earlier card had Approve as its first button, with the same value, and showed as little."""
    _, card = await request_long(env, alice)
    surface = bob.surface_of(card)
    await surface.press(surface.button("Approve"))
    pages = await bob.modal(WAIT_SECONDS)
    assert LONG_COMMAND in joined(await read_pages(pages))
    await pages.click("Approve")
    await wait_for_texts(card, "Approved by @bob", env=env)


async def edit(who: Person, card: Message, fill: dict[str, Any]) -> None:
    """Edit a request from its card."""
    await who.click("Edit", card)
    form = await who.modal()
    await who.ws.wait_until(lambda: "Loading…" not in form.text, WAIT_SECONDS)
    await form.fill(fill)
    await confirm_request(await press_preview(form))
