"""Policy chooses who keeps the time of approved work, and the card says what that means."""

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import confirm_request, find_card, open_form, press_preview, wait_for_texts

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "Foreman may keep the time of small work"
when = { max_targets = 10 }
effect = "limit"
scheduler = "backend"

[[policy.rules]]
name = "databases are checked at their start"
when = { targets = "db*" }
effect = "limit"
scheduler = "nightshift"
"""
COMMAND = '/foreman run template="Run Command - Script Default" hosts="{}" when="{}" because=patch'
UPTIME = {"command": "uptime"}
IN_FOREMAN = "Scheduled in Foreman."
HERE = "Nightshift holds the start and checks everything again right before it."


async def timing_of(env: Environment, who: Person, hosts: str, when: str = "tomorrow 21:00") -> str:
    """Request it, and return what the preview says of its timing. The card says it too, unless it is the usual one."""
    form = await open_form(who, COMMAND.format(hosts, when))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    shown = IN_FOREMAN if IN_FOREMAN in preview.text else HERE
    card = await find_card(who, await confirm_request(preview))
    if shown == IN_FOREMAN:
        await wait_for_texts(card, shown, env=env)
    assert ("Timing" in card.text) == (shown == IN_FOREMAN)
    return shown


async def test_a_rule_leaves_small_work_to_foreman(env: Environment, alice: Person) -> None:
    assert await timing_of(env, alice, "name ~ web") == IN_FOREMAN


async def test_other_work_stays_with_the_setting_of_the_system(env: Environment, alice: Person) -> None:
    assert await timing_of(env, alice, "name ~ e") == HERE


async def test_nightshift_wins_where_rules_disagree(env: Environment, alice: Person) -> None:
    assert await timing_of(env, alice, "name ~ db") == HERE


async def test_a_job_with_foremans_own_timing_is_left_to_foreman(env: Environment, alice: Person) -> None:
    start = "2027-02-01T21:00:00Z"
    line = COMMAND.format("name ~ db", "now") + f" start_at={start}"
    form = await open_form(alice, line)
    await form.fill(UPTIME)
    preview = await press_preview(form)
    assert "Foreman holds the start, as its own fields say." in preview.text
    assert IN_FOREMAN in preview.text
