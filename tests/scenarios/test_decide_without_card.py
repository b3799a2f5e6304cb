"""A card is never the only way: Home and /nightshift show decide too."""

import pytest

from playground.environment import Environment
from playground.slack import Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import find_card, make_request, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_approver_decides_on_home_and_in_details(env: Environment, alice: Person, bob: Person) -> None:
    approved = await make_request(alice)
    card = await find_card(bob, approved)
    home = await bob.open_home()
    await home.click("Approve")
    pages = await bob.modal(WAIT_SECONDS)
    assert f"Home shows only part of {approved}. This is all that its card shows." in pages.text
    assert all(fact in pages.text for fact in ("restart", "nginx", "20 hosts: ", "Why "))
    assert "{" not in pages.text
    assert "Approved by @bob" not in card.text
    await pages.click("Approve")
    await wait_for_texts(card, "Approved by @bob", env=env)
    bob.ws.stacks.clear()
    denied = await make_request(alice)
    await bob.command(f"/nightshift show {denied}", "#ops")
    details = await bob.modal()
    assert details.buttons[3:8] == ["Approve", "Deny", "Request changes", "Edit", "Send me the file"]
    await details.click("Deny")
    question = await bob.modal()
    await question.fill({"Why?": "not today"})
    await question.submit()
    await wait_for_texts(await find_card(bob, denied, "#approvals"), "Denied", "@bob", env=env)
