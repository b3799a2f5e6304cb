"""People choose their own notifications, quiet hours, time zone and clock."""

import pytest

from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.steps import approve_request, eventually, find_card, make_request, open_form, press_preview

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_people_choose_counts_from_then_on(env: Environment, alice: Person, bob: Person) -> None:
    await alice.command("/nightshift settings", "#ops")
    modal = await alice.modal()
    await modal.fill({"Time zone of the times you type": "Middle/Earth"})
    assert "is not a time zone" in str((await modal.submit()).errors)
    await modal.fill({"Time zone of the times you type": "asia/tokyo"})
    await modal.pick("Results of your requests by direct message", "None")
    await modal.pick("Clock", "24 hours: 21:00")
    await modal.submit()
    await modal.wait_for_text("Saved.")
    await modal.close()
    await bob.command("/nightshift settings", "#ops")
    theirs = await bob.modal()
    await theirs.pick("Approvals that need you", "Direct message and channel")
    await theirs.submit()
    await theirs.wait_for_text("Saved.")
    await theirs.close()
    form = await open_form(alice, '/foreman template="Run Command - Script Default" hosts="name ~ db11" because=so')
    await form.fill({"When": "tomorrow at 9", "command": "uptime"})
    preview = await press_preview(form)
    assert "09:00 JST (Asia/Tokyo)" in preview.text
    await preview.close()
    alice.ws.stacks.clear()
    name = await make_request(alice)
    copy = await find_card(bob, name, "dm")
    assert copy.buttons[:2] == ["Approve", "Deny"]
    card = await approve_request(env, name)
    await eventually(env, lambda: "Done" in card.text and bob.find_message(f"{name} ·", "#results"))
    assert not [
        m for m in alice.direct_messages if name in m.text and "succeeded" in m.text and "\nWhen " not in m.text
    ]
    await alice.command("/nightshift settings", "#ops")
    shown = await alice.modal()
    assert shown.value("Time zone of the times you type") == "Asia/Tokyo"
