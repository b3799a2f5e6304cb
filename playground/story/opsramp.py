"""The scene at an OpsRamp: a job is changed, and the card shows what changes."""

from playground.story.narrator import Narrator

JOB = "Nightly network backup"


async def update(tell: Narrator) -> None:
    """The form opens on what the job is today; the change is read back and told, and no more than that."""
    tell.scene("OpsRamp: a job is updated")
    alice, bob, opsramp = tell.person("alice"), tell.person("bob"), tell.stage.opsramp
    before = opsramp.job_named(JOB)["script"]["configParams"]
    tell.expect(isinstance(before["startupConfigAlert"], bool), "the sandbox's job is not what the story needs")
    wanted = not before["startupConfigAlert"]
    form = await tell.opens(alice, f'/opsramp update job="{JOB}" when=now because="auditors asked for it"')
    await tell.turns_to(alice, form, "What it does", "Alert on startup changes")
    await tell.fills(alice, form, {"Alert on startup changes": wanted})
    preview = await tell.previews(alice, form)
    tell.expect("Alert on startup changes" in preview.text, "the preview does not show what changes")
    name = await tell.asks(alice, preview)
    card = await tell.sees(bob, f"{name} ·", where="#approvals")
    tell.expect("What changes" in card.text, "the card shows no difference")
    await tell.clicks(bob, "Approve", card)
    await tell.becomes(card, "Succeeded")
    await tell.sees(alice, f"{name} ·", where="#results")
    after = opsramp.job_named(JOB)["script"]["configParams"]
    tell.expect(after == {**before, "startupConfigAlert": wanted}, f"the job is now {after}")
