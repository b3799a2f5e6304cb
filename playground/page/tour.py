"""Brings the workspace to life through its people: something finished, something that waits, a series."""

from playground.page.backstage import Backstage
from playground.slack import Message, Person

PATIENCE = 90.0
QUICK = 40.0
"""How much faster than life the first job runs."""


async def fill(backstage: Backstage) -> None:
    """Play the first scenes. Raises TimeoutError or NotOnScreen where the bot does not play along."""
    slack = backstage.on.slack
    await slack.until(lambda: slack.socket.connections, PATIENCE)
    alice, bob, carol, dave = (slack.person(name) for name in ("alice", "bob", "carol", "dave"))
    await _chatter(alice, dave)
    speed = backstage.on.foreman.speed
    backstage.on.foreman.speed = QUICK
    finished = await _ask(dave, 'hosts="hostgroup = web"', "now", "Certificates were renewed", "nginx")
    await bob.click("Approve", await bob.wait_for(finished, "#approvals"))
    await _ask(alice, 'hosts="hostgroup = cache"', "every monday at 06:00", "It leaks until it is restarted", "redis")
    series = await carol.wait_for("every", "#approvals", timeout=PATIENCE)
    await carol.click("Approve", series)
    outcome = await dave.wait_for(finished, "#results", timeout=PATIENCE)
    await dave.say("Thanks, all of them serve the new certificate now.", "#results", outcome)
    backstage.on.foreman.speed = max(speed, 5.0)
    await _ask(alice, 'hosts="hostgroup = db"', "now", "New kernel settings need a restart", "postgresql")
    await bob.wait_for("db", "#approvals", timeout=PATIENCE)


async def _chatter(alice: Person, dave: Person) -> Message:
    first = await alice.say("Morning! Anything left from last night?", "#ops")
    await dave.say("The web hosts still serve the old certificate, I will have nginx restarted.", "#ops")
    await alice.say("And redis leaks again. Let's restart it every week until the fix is out. :eyes:", "#ops")
    return first


async def _ask(person: Person, hosts: str, when: str, why: str, service: str) -> str:
    """Ask Foreman to restart a service, from the command to the confirmation. Returns the request's name."""
    line = f'/foreman template="Service Action - Script Default" {hosts} when="{when}" because="{why}"'
    await person.command(line, "#ops")
    modal = await person.modal(timeout=PATIENCE)
    await modal.shows("service", timeout=PATIENCE)
    await modal.fill({"service": service})
    await modal.submit()
    await modal.shows("Approval", timeout=PATIENCE)
    await modal.submit()
    await modal.shows("NS-", timeout=PATIENCE)
    name = next(word for word in modal.text.split() if word.startswith("NS-")).rstrip(".:")
    await modal.close(everything=True)
    return name
