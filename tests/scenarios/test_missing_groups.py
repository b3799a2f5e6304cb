"""User groups that are gone or disabled: what depends on them is refused, the rest works, and admins are told."""

from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import approve_request, jobs_received, make_request, open_form, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "no databases for contractors"
when = { targets = "db*", requester = ["@contractors"] }
effect = "refuse"

[[policy.rules]]
name = "apps are for the app team"
when = { targets = "app*" }
approvers = ["@app-team"]
"""
GROUPS = {"contractors": ["dave"]}
LINE = '/foreman run template="Run Command - Script Default" hosts="name ~ {}" when={} because=patch'
UPTIME = {"command": "uptime"}


async def refusal(who: Person, line: str) -> str:
    """What somebody reads who presses Preview and gets none."""
    form = await open_form(who, line)
    await form.fill(UPTIME)
    await form.submit()
    await who.ws.wait_until(lambda: "Checking what" not in form.text)
    assert not form.container.content.get("submit") or form.container.content["callback_id"] != "preview"
    text = form.text
    await form.close(everything=True)
    return text


async def test_the_bot_starts_without_a_group_and_refuses_what_only_that_group_can_approve(
    env: Environment, alice: Person, bob: Person
):
    await bob.wait_for("there is no user group @app-team in the workspace", where="#ops-admin")
    assert "The user group @app-team cannot be found." in await refusal(alice, LINE.format("app", "now"))
    name = await make_request(alice, LINE.format("web05", "now"), UPTIME)
    await wait_for_texts(await approve_request(env, name), "Done", env=env)


async def test_a_refusal_for_a_group_does_not_end_with_the_group(env: Environment, alice: Person, bob: Person):
    card = await approve_request(env, await make_request(alice, LINE.format("db", '"in 2 hours"'), UPTIME))
    before = jobs_received(env)
    env.slack.admin.set_group("contractors", ["dave"], enabled=False)
    await bob.wait_for("the user group @contractors is disabled", where="#ops-admin")
    assert "a requester who may be from @contractors" in await refusal(alice, LINE.format("db", "now"))
    env.clock.advance(timedelta(hours=2, seconds=5))
    await wait_for_texts(card, "Not started", "a requester who may be from @contractors", env=env)
    assert jobs_received(env) == before


async def test_once_the_group_is_back_the_rule_says_what_it_said(env: Environment, alice: Person):
    env.slack.admin.set_group("contractors", ["dave"])
    name = await make_request(alice, LINE.format("db", "now"), UPTIME)
    await wait_for_texts(await approve_request(env, name), "Done", env=env)
