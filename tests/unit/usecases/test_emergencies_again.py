"""Emergencies are bounded, and reviewers are told once more of one that was edited while it was held."""

from datetime import timedelta

import pytest

from bot.forms import EMERGENCY
from bot.storage import messages
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.jobs.tell_reviewers import tell_reviewers
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "outage"
when = { operation = "foreman.run", targets = "web*" }
effect = "emergency"
review_by = ["@leads"]
budget = 2
"""
GROUPS = {"@leads": ["dave"]}
YES = {EMERGENCY: True}


async def admin_notes(bot: Harness) -> list[str]:
    async with bot.services.db.write() as tx:
        due = await messages.claim(tx, bot.now, timedelta(seconds=1), "reader")
    return [str(m.facts["text"]) for m in due if m.recipient == "#ops-admin"]


async def test_after_the_budget_of_a_day_people_decide_and_admins_are_told_of_the_last(bot: Harness) -> None:
    first, last = [await bot.request(**YES) for _ in range(2)]
    assert (first.state, last.state) == ("scheduled", "scheduled")
    draft, preview = await preview_draft(bot.services, await bot.draft(**YES), await bot.actor("alice"))
    assert "people decide now" in str(preview.requirement.reasons)
    third = await bot.submit(draft)
    assert (third.state, third.is_emergency) == ("awaiting_approval", True)
    assert third.requirement.stages[0].names == ("@sre",)
    notes = await admin_notes(bot)
    assert notes == [f"{last.name} is the last emergency that the rule “outage” lets start today without an approval."]
    bot.forward(days=1)
    assert (await bot.request(**YES)).state == "scheduled"


async def test_reviewers_are_told_again_of_one_that_its_requester_edited(bot: Harness) -> None:
    bot.forward(days=7)
    request, alice = await bot.request(**YES), await bot.actor("alice")
    await tell_reviewers(bot.services)
    draft = await edit_request(bot.services, request.id, alice)
    draft = await apply_form_state(bot.services, draft, alice, {"inputs.command": "reboot"}, {})
    assert (await bot.submit(draft)).state == "scheduled"
    for _ in range(2):
        await tell_reviewers(bot.services)
    told = [m for m in await bot.messages(request, "note") if m.recipient == "U0DAVE" and not m.parent_id]
    assert len(told) == 2
    texts = [str(message.facts["text"]) for message in told]
    assert sorted("It has changed since it was requested." in text for text in texts) == [False, True]
