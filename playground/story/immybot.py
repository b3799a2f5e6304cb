"""The scene at an ImmyBot: maintenance on two computers, one of which has a failing action."""

from datetime import timedelta

from playground.story.narrator import Narrator

REASON = "The installer ended with exit code 1603."


async def maintenance(tell: Narrator) -> None:
    """The outcome names the computer, the action and ImmyBot's reason."""
    tell.scene("ImmyBot: maintenance with a failed action")
    alice, bob, immybot = tell.person("alice"), tell.person("bob"), tell.stage.immybot
    immybot.fail_computers({"ALD-002": [("Chrome", REASON)]})
    made = len(immybot.sessions)
    form = await tell.opens(alice, '/immybot when=now because="a hole in the browser"')
    await tell.fills(alice, form, {"Computers": ["ALD-001", "ALD-002"]})
    await tell.turns_to(alice, form, "Maintenance", "Maintenance type")
    await tell.fills(alice, form, {"Maintenance type": "Global software", "Maintenance identifier": "Chrome"})
    name = await tell.asks(alice, await tell.previews(alice, form))
    card = await tell.sees(bob, f"{name} ·", where="#approvals")
    await tell.clicks(bob, "Approve", card)
    await tell.becomes(card, "Running")
    tell.stage.clock.forward(immybot.pace + timedelta(seconds=1))
    tell.says("\n(ten seconds later)")
    await tell.becomes(card, "Partly failed")
    outcome = await tell.sees(alice, f"{name} ·", where="#results")
    thread = await tell.sees(alice, "ALD-002", where=outcome)
    tell.expect(REASON in thread.text, "the thread does not say why it failed")
    tell.expect(len(immybot.sessions) == made + 2, "ImmyBot did not get exactly two sessions")
