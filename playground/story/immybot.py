"""The scene with ImmyBot: maintenance on two computers, one of which has a failing action."""

from datetime import timedelta

from playground.story.narrator import Narrator

REASON = "The installer ended with exit code 1603."


async def maintenance(narrator: Narrator) -> None:
    """The outcome names the computer, the action and ImmyBot's reason."""
    narrator.scene("ImmyBot: maintenance with a failed action")
    alice, bob, immybot = narrator.person("alice"), narrator.person("bob"), narrator.env.immybot
    immybot.fail_computers({"ALD-002": [("Chrome", REASON)]})
    made = len(immybot.sessions)
    form = await narrator.open_form(alice, '/immybot when=now because="a hole in the browser"')
    await narrator.fill(alice, form, {"Computers": ["ALD-001", "ALD-002"]})
    await narrator.fill(alice, form, {"What": "Global software", "Software or task": "Chrome"})
    name = await narrator.confirm(alice, await narrator.preview(alice, form))
    card = await narrator.wait_for_message(bob, f"{name} ·", where="#approvals")
    await narrator.approve(bob, card)
    await narrator.wait_for_text(card, "Running")
    narrator.env.clock.advance(immybot.session_duration + timedelta(seconds=1))
    narrator.write_line("\n(ten seconds later)")
    await narrator.wait_for_text(card, "Partly failed")
    outcome = await narrator.wait_for_message(alice, f"{name} ·", where="#results")
    thread = await narrator.wait_for_message(alice, "ALD-002", where=outcome)
    narrator.check(REASON in thread.text, "the thread does not say why it failed")
    narrator.check(len(immybot.sessions) == made + 2, "ImmyBot did not get exactly two sessions")
