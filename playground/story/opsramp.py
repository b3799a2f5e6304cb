"""The scene with OpsRamp: a job is changed, and the card shows the difference."""

from playground.story.narrator import Narrator

JOB = "Nightly network backup"


async def update(narrator: Narrator) -> None:
    """The form opens on what the job is today; the change is read back and told, and no more than that."""
    narrator.scene("OpsRamp: a job is updated")
    alice, bob, opsramp = narrator.person("alice"), narrator.person("bob"), narrator.env.opsramp
    before = opsramp.job_by_name(JOB)["script"]["configParams"]
    narrator.check(isinstance(before["startupConfigAlert"], bool), "the sandbox's job is not what the story needs")
    wanted = not before["startupConfigAlert"]
    form = await narrator.open_form(alice, f'/opsramp update job="{JOB}" when=now because="auditors asked for it"')
    await narrator.go_to_page(alice, form, "More options", "Alert on startup changes")
    await narrator.fill(alice, form, {"Alert on startup changes": wanted})
    preview = await narrator.preview(alice, form)
    narrator.check("Alert on startup changes" in preview.text, "the preview does not show what changes")
    name = await narrator.confirm(alice, preview)
    card = await narrator.wait_for_message(bob, f"{name} ·", where="#approvals")
    narrator.check("What changes" in card.text, "the card shows no difference")
    await narrator.approve(bob, card)
    await narrator.wait_for_text(card, "Done")
    await narrator.wait_for_message(alice, f"{name} ·", where="#results")
    after = opsramp.job_by_name(JOB)["script"]["configParams"]
    narrator.check(after == {**before, "startupConfigAlert": wanted}, f"the job is now {after}")
