"""An emergency runs first, in spite of a freeze that lets it, and is reviewed by somebody who did not take part."""

import pytest

from playground.environment import Environment
from playground.slack import Outcome, Person
from tests.scenarios.steps import (
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    find_outcome,
    open_form,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "outage"
when = { targets = "web*" }
effect = "emergency"
review_by = ["@sre"]

[[policy.freezes]]
name = "year of rest"
start = 2027-01-01T00:00:00Z
end = 2027-12-31T00:00:00Z
except = "emergency"
"""
COMMAND = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when=now because=outage'


async def expect(env: Environment, reply: Outcome, text: str) -> None:
    await eventually(env, lambda: text in "".join(reply.ephemeral_texts))


async def test_an_emergency_runs_now_and_is_reviewed_afterwards(env: Environment, alice: Person, bob: Person) -> None:
    form = await open_form(alice, f"{COMMAND} emergency=yes")
    await form.fill({"command": "uptime"})
    preview = await press_preview(form)
    assert "Emergency. Approved at once:" in preview.text
    assert "It runs in spite of the freeze “year of rest”" in preview.text
    name = await confirm_request(preview)
    card = await find_card(bob, name)
    await wait_for_texts(
        card, "Emergency: Run Command: uptime on", f"{name} ·", "Done", "@sre must review it by", env=env
    )
    outcome = await find_outcome(alice, name, where=None)
    assert "Emergency: @sre must review it within" in outcome.text
    await expect(env, await bob.command("/nightshift reviews"), f"{name} · Emergency: Run Command: uptime on")
    assert "You took part in this" in await click_for_reply(alice, "Review", card)
    await expect(env, await bob.command(f"/nightshift review {name}"), "Say what you found")
    await expect(env, await bob.command(f"/nightshift review {name} because the disk was full"), "You have reviewed")
    await wait_for_texts(card, "Reviewed", "the disk was full", env=env)
    assert "Review" not in card.buttons


async def test_without_the_box_the_freeze_holds(env: Environment, alice: Person) -> None:
    form = await open_form(alice, COMMAND)
    await form.fill({"command": "uptime"})
    await form.submit()
    await env.slack.wait_until(lambda: "year of rest" in form.text)
    await form.close(everything=True)
