"""Fills the workspace through its people: a finished request, one that waits, a series."""

from playground.page.state.session import PlaygroundSession
from playground.slack import Message, Person

WAIT_SECONDS = 90.0
FIRST_JOB_SPEED = 40.0
"""Speed of the first job, relative to a real one."""


async def seed_workspace(session: PlaygroundSession) -> None:
    """Make the first requests. Raises TimeoutError or NotVisible if the bot does not react."""
    slack = session.env.slack
    await slack.wait_until(lambda: slack.socket.connections, WAIT_SECONDS)
    alice, bob, carol, dave = (slack.person(name) for name in ("alice", "bob", "carol", "dave"))
    await _post_small_talk(alice, dave)
    speed = session.env.foreman.speed
    session.env.foreman.speed = FIRST_JOB_SPEED
    finished = await _make_request(dave, 'hosts="hostgroup = web"', "now", "Certificates were renewed", "nginx")
    await bob.click("Approve", await bob.wait_for(finished, "#approvals"))
    await _make_request(
        alice, 'hosts="hostgroup = cache"', "every monday at 06:00", "It leaks until it is restarted", "redis"
    )
    series = await carol.wait_for("every", "#approvals", timeout=WAIT_SECONDS)
    await carol.click("Approve", series)
    outcome = await dave.wait_for(finished, "#results", timeout=WAIT_SECONDS)
    await dave.say("Thanks, all of them serve the new certificate now.", "#results", outcome)
    session.env.foreman.speed = max(speed, 5.0)
    await _make_request(alice, 'hosts="hostgroup = db"', "now", "New kernel settings need a restart", "postgresql")
    await bob.wait_for("db", "#approvals", timeout=WAIT_SECONDS)


async def _post_small_talk(alice: Person, dave: Person) -> Message:
    first = await alice.say("Morning! Anything left from last night?", "#ops")
    await dave.say("The web hosts still serve the old certificate, I will have nginx restarted.", "#ops")
    await alice.say("And redis leaks again. Let's restart it every week until the fix is out. :eyes:", "#ops")
    return first


async def _make_request(person: Person, hosts: str, when: str, why: str, service: str) -> str:
    """Ask Foreman to restart a service, from the command to the confirmation. Returns the request's name."""
    line = f'/foreman template="Service Action - Script Default" {hosts} when="{when}" because="{why}"'
    await person.command(line, "#ops")
    modal = await person.modal(timeout=WAIT_SECONDS)
    await modal.wait_for_text("service", timeout=WAIT_SECONDS)
    await modal.fill({"service": service})
    await modal.submit()
    await modal.wait_for_text("Approval", timeout=WAIT_SECONDS)
    await modal.submit()
    await modal.wait_for_text("NS-", timeout=WAIT_SECONDS)
    name = next(word for word in modal.text.split() if word.startswith("NS-")).rstrip(".:")
    await modal.close(everything=True)
    return name
