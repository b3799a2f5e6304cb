"""The scenes at a Foreman: now, later, denied, one's own, two approvers, two failed hosts, a series."""

from datetime import timedelta

from playground.slack import Message
from playground.story.narrator import Narrator

RESTART = 'run template="Service Action - Script Default"'
A_RUN = timedelta(seconds=35)
"""A sandbox job takes 20 to 30 seconds on each host."""


async def now(tell: Narrator) -> None:
    """Asked for, approved, run, reported back."""
    tell.scene("A request for now")
    alice = tell.person("alice")
    made = len(tell.stage.foreman.invocations)
    form = await tell.opens(alice, f'/foreman {RESTART} hosts="os = RedHat" when=now because="the certificate is new"')
    await tell.fills(alice, form, {"service": "nginx"})
    preview = await tell.previews(alice, form)
    card = await _approved(tell, await tell.asks(alice, preview), by="bob")
    await tell.becomes(card, "0 succeeded")
    tell.stage.clock.forward(timedelta(seconds=24))
    tell.says("\n(24 seconds later)")
    await tell.until(lambda: "0 succeeded" not in card.text, "no host was ever done")
    await tell.becomes(card, "▰")
    await _ends(tell, card, "Succeeded")
    await tell.sees(alice, "succeeded", where="dm")
    tell.expect(len(tell.stage.foreman.invocations) == made + 1, "Foreman did not get exactly one job")


async def later(tell: Narrator) -> None:
    """Foreman holds the start; nothing runs before it has come."""
    tell.scene("A request for later")
    alice, clock, made = tell.person("alice"), tell.stage.clock, len(tell.stage.foreman.invocations)
    line = f'/foreman {RESTART} hosts="hostgroup = web" when="tomorrow 21:00" because="patches need it"'
    form = await tell.opens(alice, line)
    await tell.fills(alice, form, {"service": "httpd"})
    card = await _approved(tell, await tell.asks(alice, await tell.previews(alice, form)), by="carol")
    await tell.until(lambda: len(tell.stage.foreman.invocations) > made, "Foreman got no job")
    await tell.becomes(card, "Scheduled")
    job = tell.stage.foreman.invocations[-1]
    tell.expect(job.mode == "future" and job.runs is None, "Foreman does not hold the start")
    clock.jump_to(job.start_at + timedelta(seconds=5))
    tell.says("\n(it is tomorrow, 21:00)")
    await tell.becomes(card, "Running")
    await _ends(tell, card, "Succeeded")


async def denied(tell: Narrator) -> None:
    """A denial has a reason, and the requester reads it."""
    tell.scene("A denial with its reason")
    alice, bob = tell.person("alice"), tell.person("bob")
    made = len(tell.stage.foreman.invocations)
    form = await tell.opens(alice, '/foreman run template="Power Action - Script Default" hosts="name ~ db" when=now')
    await tell.fills(alice, form, {"Why": "they feel slow"})
    name = await tell.asks(alice, await tell.previews(alice, form))
    card = await tell.sees(bob, f"{name} ·", where="#approvals")
    await tell.clicks(bob, "Deny", card)
    await tell.answers(bob, {"Why?": "The databases are never restarted during the day."})
    await tell.becomes(card, "Denied")
    receipt = await tell.sees(alice, f"{name} ·", where="dm")
    await tell.becomes(receipt, "never restarted during the day")
    tell.expect(len(tell.stage.foreman.invocations) == made, "Foreman got a job that was denied")


async def two_approvers(tell: Narrator) -> None:
    """Two must approve, and an edit between them voids the first word."""
    tell.scene("A quorum of two, and an edit in between")
    alice, bob, carol = tell.person("alice"), tell.person("bob"), tell.person("carol")
    made = len(tell.stage.foreman.invocations)
    line = '/foreman run template="Power Action - Script Default" hosts="name ~ cache" when=now because="new firmware"'
    form = await tell.opens(alice, line)
    name = await tell.asks(alice, await tell.previews(alice, form))
    card = await tell.sees(bob, f"{name} ·", where="#approvals")
    await tell.clicks(bob, "Approve", card)
    await tell.becomes(card, "1 of 2 approved by @sre")
    await tell.clicks(alice, "Edit", card)
    edited = await alice.modal()
    await tell.until(lambda: "One moment" not in edited.text, "the form never came")
    await tell.fills(alice, edited, {"Hosts": "name ~ batch"})
    await tell.asks(alice, await tell.previews(alice, edited))
    await tell.becomes(card, "0 of 2 approved by @sre")
    tell.expect("name ~ cache" in card.text and "name ~ batch" in card.text, "the card does not show what changed")
    tell.expect(len(tell.stage.foreman.invocations) == made, "Foreman got a job that was not approved")
    await tell.clicks(bob, "Approve", card)
    await tell.becomes(card, "1 of 2 approved by @sre")
    await tell.clicks(carol, "Approve", card)
    await _ends(tell, card, "Succeeded")
    tell.expect(len(tell.stage.foreman.invocations) == made + 1, "Foreman did not get exactly one job")


async def own(tell: Narrator) -> None:
    """An approver asks; somebody else has to approve."""
    tell.scene("Approving one's own request")
    bob = tell.person("bob")
    line = f'/foreman {RESTART} hosts="name ~ cache" when=now because="a leak"'
    form = await tell.opens(bob, line)
    await tell.fills(bob, form, {"service": "redis"})
    name = await tell.asks(bob, await tell.previews(bob, form))
    card = await tell.sees(bob, f"{name} ·", where="#approvals")
    reply = await tell.clicks(bob, "Approve", card)
    tell.expect("You asked for this yourself" in " ".join(reply.ephemeral), f"bob was not refused: {reply.ephemeral}")
    tell.expect("Waiting for approval" in card.text, "the card has changed")
    await _approved(tell, name, by="carol")
    await _ends(tell, card, "Succeeded")


async def failed_hosts(tell: Narrator) -> None:
    """Two of eight hosts fail; the thread says which and why."""
    tell.scene("A run with two failed hosts")
    alice, foreman = tell.person("alice"), tell.stage.foreman
    hosts = [host.name for host in foreman.state.find_hosts("hostgroup = app")]
    foreman.fail_hosts({hosts[0]: "Unit chronyd.service not found.", hosts[1]: "No space left on device"})
    line = '/foreman run template="Run Command - Script Default" hosts="hostgroup = app" when=now because="drift"'
    form = await tell.opens(alice, line)
    await tell.fills(alice, form, {"command": "systemctl restart chronyd"})
    name = await tell.asks(alice, await tell.previews(alice, form))
    card = await _approved(tell, name, by="bob")
    outcome = await _ends(tell, card, "Partly failed")
    thread = await tell.sees(alice, "2 failed", where=outcome)
    tell.expect(all(host in thread.text for host in hosts[:2]), "the thread does not name the hosts that failed")
    foreman.state.jobs.failing.clear()


async def series(tell: Narrator) -> None:
    """Approved once; runs every day until it is cancelled."""
    tell.scene("A series")
    alice, stage = tell.person("alice"), tell.stage
    line = '/foreman run template="Run Command - Script Default" hosts="os = Debian" when="every day at 06:00"'
    form = await tell.opens(alice, line)
    await tell.fills(alice, form, {"command": "apt-get clean", "Why": "the disks fill up"})
    name = await tell.asks(alice, await tell.previews(alice, form))
    card = await _approved(tell, name, by="bob")
    await tell.becomes(card, "waiting in the back end")
    for number in (1, 2):
        logic = stage.foreman.logics[-1]
        waiting = [job.start_at for job in stage.foreman.invocations if job.logic is logic and job.runs is None]
        stage.clock.jump_to(waiting[-1] + A_RUN)
        tell.says(f"\n(it is 06:00 of day {number})")
        await tell.sees(alice, f"{name} · run {number} ·", where="#results")
    await tell.becomes(card, "Run 2")
    await tell.clicks(alice, "Cancel the series", await tell.sees(alice, f"{name} ·", where="#approvals"))
    await tell.becomes(card, "Cancelled")
    tell.expect(logic.state == "cancelled", f"the series goes on in Foreman: it is {logic.state}")


async def _approved(tell: Narrator, name: str, by: str) -> Message:
    """Somebody approves a request. Returns its card."""
    person = tell.person(by)
    card = await tell.sees(person, f"{name} ·", where="#approvals")
    reply = await tell.clicks(person, "Approve", card)
    tell.expect(f"You approved {name}" in " ".join(reply.ephemeral), f"{by} could not approve: {reply.ephemeral}")
    return card


async def _ends(tell: Narrator, card: Message, how: str) -> Message:
    """The run is over: the card and the results channel say how. Returns the message in the results channel."""
    await tell.until(lambda: "Running" in card.text or how in card.text, f"it never ran; there is:\n{card.text}")
    tell.stage.clock.forward(A_RUN)
    tell.says("\n(half a minute later)")
    await tell.becomes(card, how)
    name = card.text.split()[1]
    return await tell.sees(tell.person("alice"), f"{name} ·", where="#results")
