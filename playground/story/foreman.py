"""The scenes with Foreman: now, later, denied, one's own, two approvers, two failed hosts, a series."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playground.slack import Message
from playground.story.narrator import Narrator

RESTART = 'run template="Service Action - Script Default"'
RUN_DURATION = timedelta(seconds=35)
"""A sandbox job takes 20 to 30 seconds on each host."""


async def run_now(narrator: Narrator) -> None:
    """Request, approval, run, report."""
    narrator.scene("A request for now")
    alice = narrator.person("alice")
    made = len(narrator.env.foreman.invocations)
    form = await narrator.open_form(
        alice, f'/foreman {RESTART} hosts="os = RedHat" when=now because="the certificate is new"'
    )
    await narrator.fill(alice, form, {"service": "nginx"})
    preview = await narrator.preview(alice, form)
    card = await _approve(narrator, await narrator.confirm(alice, preview), by="bob")
    await narrator.wait_for_text(card, "0 of ")
    narrator.env.clock.advance(timedelta(seconds=24))
    narrator.write_line("\n(24 seconds later)")
    await narrator.wait_until(lambda: "\n0 of " not in card.text, "no host was ever done")
    await narrator.wait_for_text(card, "▰")
    await _wait_for_end(narrator, card, "Done")
    await narrator.wait_for_message(alice, "succeeded", where="dm")
    narrator.check(len(narrator.env.foreman.invocations) == made + 1, "Foreman did not get exactly one job")


async def run_later(narrator: Narrator) -> None:
    """Nightshift holds the start; Foreman gets nothing before it has come."""
    narrator.scene("A request for later")
    alice, clock, made = narrator.person("alice"), narrator.env.clock, len(narrator.env.foreman.invocations)
    line = f'/foreman {RESTART} hosts="hostgroup = web" when="tomorrow 21:00" because="patches need it"'
    form = await narrator.open_form(alice, line)
    await narrator.fill(alice, form, {"service": "httpd"})
    card = await _approve(narrator, await narrator.confirm(alice, await narrator.preview(alice, form)), by="carol")
    await narrator.wait_for_text(card, "Scheduled")
    narrator.check(len(narrator.env.foreman.invocations) == made, "Foreman got a job before its time")
    clock.move_to(_next_time(clock.now() + timedelta(days=1), 21))
    narrator.write_line("\n(it is tomorrow, 21:00)")
    await _wait_for_job(narrator, made)
    await narrator.wait_for_text(card, "Running")
    await _wait_for_end(narrator, card, "Done")


async def deny_with_reason(narrator: Narrator) -> None:
    """A denial has a reason, and the requester reads it."""
    narrator.scene("A denial with its reason")
    alice, bob = narrator.person("alice"), narrator.person("bob")
    made = len(narrator.env.foreman.invocations)
    form = await narrator.open_form(
        alice, '/foreman run template="Power Action - Script Default" hosts="name ~ db" when=now'
    )
    await narrator.fill(alice, form, {"Why": "they feel slow"})
    name = await narrator.confirm(alice, await narrator.preview(alice, form))
    card = await narrator.wait_for_message(bob, f"{name} ·", where="#approvals")
    await narrator.click(bob, "Deny", card)
    await narrator.answer_modal(bob, {"Why?": "The databases are never restarted during the day."})
    await narrator.wait_for_text(card, "Denied")
    receipt = await narrator.wait_for_message(alice, f"{name} ·", where="dm")
    await narrator.wait_for_text(receipt, "never restarted during the day")
    narrator.check(len(narrator.env.foreman.invocations) == made, "Foreman got a job that was denied")


async def two_approvers(narrator: Narrator) -> None:
    """Two must approve, and an edit in between voids the first approval."""
    narrator.scene("A quorum of two, and an edit in between")
    alice, bob, carol = narrator.person("alice"), narrator.person("bob"), narrator.person("carol")
    made = len(narrator.env.foreman.invocations)
    line = '/foreman run template="Power Action - Script Default" hosts="name ~ cache" when=now because="new firmware"'
    form = await narrator.open_form(alice, line)
    name = await narrator.confirm(alice, await narrator.preview(alice, form))
    card = await narrator.wait_for_message(bob, f"{name} ·", where="#approvals")
    await narrator.click(bob, "Approve", card)
    await narrator.wait_for_text(card, "Needs 1 more approval from @sre")
    await narrator.click(alice, "Edit", card)
    edited = await alice.modal()
    await narrator.wait_until(lambda: "Loading…" not in edited.text, "the form never came")
    await narrator.fill(alice, edited, {"Where": "name ~ batch"})
    await narrator.confirm(alice, await narrator.preview(alice, edited))
    await narrator.wait_for_text(card, "Needs 2 approvals from @sre")
    narrator.check("name ~ cache" in card.text and "name ~ batch" in card.text, "the card does not show what changed")
    narrator.check(len(narrator.env.foreman.invocations) == made, "Foreman got a job that was not approved")
    await narrator.click(bob, "Approve", card)
    await narrator.wait_for_text(card, "Needs 1 more approval from @sre")
    await narrator.click(carol, "Approve", card)
    await _wait_for_end(narrator, card, "Done")
    narrator.check(len(narrator.env.foreman.invocations) == made + 1, "Foreman did not get exactly one job")


async def own_request_refused(narrator: Narrator) -> None:
    """An approver asks; somebody else has to approve."""
    narrator.scene("Approving one's own request")
    bob = narrator.person("bob")
    line = f'/foreman {RESTART} hosts="name ~ cache" when=now because="a leak"'
    form = await narrator.open_form(bob, line)
    await narrator.fill(bob, form, {"service": "redis"})
    name = await narrator.confirm(bob, await narrator.preview(bob, form))
    card = await narrator.wait_for_message(bob, f"{name} ·", where="#approvals")
    reply = await narrator.click(bob, "Approve", card)
    narrator.check(
        "You asked for this yourself" in " ".join(reply.ephemeral_texts),
        f"bob was not refused: {reply.ephemeral_texts}",
    )
    narrator.check("Waiting for approval" in card.text, "the card has changed")
    await _approve(narrator, name, by="carol")
    await _wait_for_end(narrator, card, "Done")


async def failed_hosts(narrator: Narrator) -> None:
    """Two of eight hosts fail; the thread says which and why."""
    narrator.scene("A run with two failed hosts")
    alice, foreman = narrator.person("alice"), narrator.env.foreman
    hosts = [host.name for host in foreman.state.find_hosts("hostgroup = app")]
    foreman.fail_hosts({hosts[0]: "Unit chronyd.service not found.", hosts[1]: "No space left on device"})
    line = '/foreman run template="Run Command - Script Default" hosts="hostgroup = app" when=now because="drift"'
    form = await narrator.open_form(alice, line)
    await narrator.fill(alice, form, {"command": "systemctl restart chronyd"})
    name = await narrator.confirm(alice, await narrator.preview(alice, form))
    card = await _approve(narrator, name, by="bob")
    outcome = await _wait_for_end(narrator, card, "Partly failed")
    thread = await narrator.wait_for_message(alice, "2 failed", where=outcome)
    narrator.check(all(host in thread.text for host in hosts[:2]), "the thread does not name the hosts that failed")
    foreman.state.jobs.failing_hosts.clear()


async def series(narrator: Narrator) -> None:
    """Approved once; runs every day until it is cancelled."""
    narrator.scene("A series")
    alice, stage = narrator.person("alice"), narrator.env
    line = '/foreman run template="Run Command - Script Default" hosts="os = Debian" when="every day at 06:00"'
    form = await narrator.open_form(alice, line)
    await narrator.fill(alice, form, {"command": "apt-get clean", "Why": "the disks fill up"})
    name = await narrator.confirm(alice, await narrator.preview(alice, form))
    card = await _approve(narrator, name, by="bob")
    for number in (1, 2):
        await narrator.wait_for_text(card, f"Run {number}: waiting for its time")
        made = len(stage.foreman.invocations)
        stage.clock.move_to(_next_time(stage.clock.now(), 6))
        narrator.write_line(f"\n(it is 06:00 of day {number})")
        await _wait_for_job(narrator, made)
        stage.clock.advance(RUN_DURATION)
        await narrator.wait_for_message(alice, f"(run {number})", where="#results")
    await narrator.wait_for_text(card, "Run 2")
    await narrator.click(
        alice, "Cancel the series", await narrator.wait_for_message(alice, f"{name} ·", where="#approvals")
    )
    await narrator.answer_modal(alice, {})
    await narrator.wait_for_text(card, "Cancelled")
    made = len(stage.foreman.invocations)
    stage.clock.move_to(_next_time(stage.clock.now(), 7))
    narrator.check(len(stage.foreman.invocations) == made, "the series goes on")


async def _wait_for_job(narrator: Narrator, made: int) -> None:
    """Wait until Foreman has more jobs than before."""
    await narrator.wait_until(lambda: len(narrator.env.foreman.invocations) > made, "Foreman got no job")


def _next_time(after: datetime, hour: int) -> datetime:
    """The next instant at which it is some seconds past a full hour in Berlin, where alice is."""
    local = after.astimezone(ZoneInfo("Europe/Berlin"))
    today = local.replace(hour=hour, minute=0, second=5, microsecond=0)
    return (today if today > local else today + timedelta(days=1)).astimezone(UTC)


async def _approve(narrator: Narrator, name: str, by: str) -> Message:
    """Somebody approves a request. Returns its card."""
    person = narrator.person(by)
    card = await narrator.wait_for_message(person, f"{name} ·", where="#approvals")
    reply = await narrator.click(person, "Approve", card)
    narrator.check(
        f"You approved {name}" in " ".join(reply.ephemeral_texts), f"{by} could not approve: {reply.ephemeral_texts}"
    )
    return card


async def _wait_for_end(narrator: Narrator, card: Message, status: str) -> Message:
    """The run is over: the card and the results channel say how. Returns the message in the results channel."""
    await narrator.wait_until(
        lambda: "Running" in card.text or status in card.text, f"it never ran; there is:\n{card.text}"
    )
    narrator.env.clock.advance(RUN_DURATION)
    narrator.write_line("\n(half a minute later)")
    await narrator.wait_for_text(card, status)
    found = re.search(r"NS-\d+", card.text)
    narrator.check(found, f"the card has no number: {card.text}")
    name = found[0] if found else ""
    return await narrator.wait_for_message(narrator.person("alice"), f"{name} ·", where="#results")
