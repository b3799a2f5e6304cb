"""The main road of each back end, to be travelled over each transport and on each database."""

import asyncio
from datetime import timedelta

from playground.slack import Person
from playground.stage import Stage
from tests.scenarios.filling import fill_pages
from tests.scenarios.steps import (
    RESTART,
    WAIT,
    approved,
    asked,
    card,
    opened,
    previewed,
    reads,
    sent,
    so,
    to_its_time,
    told,
    turned,
)

JOBS = "/api/job_invocations"
COMMAND = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so'


def made(on: Stage) -> int:
    """How many jobs Foreman was asked for."""
    return len(on.foreman.received("POST", JOBS))


async def test_now(on: Stage, alice: Person) -> None:
    before, name = made(on), await asked(alice)
    found = await approved(on, name)
    await reads(found, "Approved by @bob", "Succeeded", "20 of 20", on=on)
    for where in ("#results", "dm"):
        await alice.wait_for(f"{name} · Foreman: Run a Foreman job: succeeded", where=where, timeout=WAIT)
    assert made(on) == before + 1


async def test_later(on: Stage, alice: Person) -> None:
    before = made(on)
    found = await approved(on, await asked(alice, f'{COMMAND} when="tomorrow 21:00"', {"command": "id"}))
    await so(on, lambda: made(on) == before + 1)
    job = on.foreman.invocations[-1]
    await reads(found, "Scheduled", on=on)
    assert job.runs is None
    on.clock.jump_to(job.start_at + timedelta(minutes=1))
    await reads(found, "Succeeded", on=on)


async def test_a_denial_with_its_reason(on: Stage, alice: Person, bob: Person) -> None:
    before, name = made(on), await asked(alice)
    found = await card(bob, name)
    await bob.click("Deny", found)
    question = await bob.modal(WAIT)
    await question.fill({"Why?": "Not today."})
    await question.submit()
    await reads(found, "Denied by @bob", "Not today.", on=on)
    await reads(await card(alice, name, "dm"), "Not today.", on=on)
    assert made(on) == before


async def test_ones_own(on: Stage, bob: Person) -> None:
    name = await asked(bob)
    found = await card(bob, name)
    assert "You asked for this yourself" in await told(bob, "Approve", found)
    await approved(on, name, by="carol")
    await reads(found, "Succeeded", on=on)


async def test_two_failed_hosts(on: Stage, alice: Person) -> None:
    hosts = [host.name for host in on.foreman.state.find_hosts("os = RedHat")]
    on.foreman.fail_hosts({hosts[0]: "No space left on device", hosts[1]: "Connection refused"})
    name = await asked(alice)
    await reads(await approved(on, name), "Partly failed", "18 succeeded · 2 failed", on=on)
    thread = await alice.wait_for("2 failed", where=await card(alice, name, "#results"), timeout=WAIT)
    assert f"{hosts[0]}: No space left on device" in thread.text
    assert f"{hosts[1]}: Connection refused" in thread.text


async def test_a_series_held_by_nightshift(on: Stage, alice: Person) -> None:
    before = made(on)
    name = await asked(alice, f'{COMMAND} when="every 3 days at 12:00"', {"command": "id"})
    found = await approved(on, name)
    await reads(found, "Run 1: waiting for its time", on=on)
    for number in (1, 2):
        await to_its_time(on, found, number)
        await alice.wait_for(f"{name} · run {number} ·", where="#results", timeout=WAIT)
        await reads(found, f"Run {number + 1}: waiting for its time", on=on)
    assert made(on) == before + 2
    assert "cancelled" in await told(alice, "Cancel the series", found)
    await reads(found, "Cancelled", on=on)


async def test_two_approvers_at_once(on: Stage, alice: Person, bob: Person, carol: Person) -> None:
    before, name = made(on), await asked(alice)
    found = await card(bob, name)
    answers = await asyncio.gather(told(bob, "Approve", found), told(carol, "Approve", found))
    assert sorted("You approved" in text for text in answers) == [False, True]
    await reads(found, "Succeeded", on=on)
    assert made(on) == before + 1


async def test_searching_paging_and_errors_in_the_form(on: Stage, alice: Person) -> None:
    modal = await opened(alice, '/foreman when=now because=so hosts="name = nowhere"')
    assert await modal.search("Template", "service") == ["Service Action - Script Default"]
    await modal.pick("Template", "Service Action - Script Default")
    await modal.fill({"service": "nginx"})
    await turned(modal, "Advanced", "Hosts at a time")
    await modal.fill({"Hosts at a time": "3"})
    await turned(modal, "Basics", "service")
    assert list((await modal.submit()).errors) == ["Hosts"]
    await modal.fill({"Hosts": "name ~ web"})
    preview = await previewed(modal)
    assert '"concurrency_level": 3' in preview.text
    await reads(await approved(on, await sent(preview)), "Succeeded", on=on)


async def test_a_job_of_opsramp_is_updated(on: Stage, alice: Person) -> None:
    wanted = "75" if on.opsramp.job_named("Restart print spooler")["script"]["parameters"][1]["value"] != "75" else "80"
    modal = await opened(alice, '/opsramp update job="Restart print spooler" when=now because=so')
    await fill_pages(modal, {"Script parameters": {"Timeout": wanted}})
    found = await approved(on, await sent(await previewed(modal)))
    await reads(found, "What changes", "Succeeded", "it holds what was sent", on=on)
    assert on.opsramp.job_named("Restart print spooler")["script"]["parameters"][1]["value"] == wanted


async def test_maintenance_of_immybot_with_a_failed_action(on: Stage, alice: Person) -> None:
    on.immybot.fail_computers({"DUN-002": [("Chrome", "Exit code 1603")]})
    modal = await opened(alice, "/immybot when=now because=so")
    pages = {
        "Targets": {"Computers": ["DUN-001", "DUN-002"]},
        "Maintenance": {"Maintenance type": "Global software", "Maintenance identifier": "Chrome"},
    }
    await fill_pages(modal, pages)
    name = await sent(await previewed(modal))
    found = await approved(on, name)
    await reads(found, "Running", on=on)
    on.clock.forward(timedelta(seconds=20))
    await reads(found, "Partly failed", "1 succeeded · 1 failed", on=on)
    thread = await alice.wait_for("DUN-002", where=await card(alice, name, "#results"), timeout=WAIT)
    assert "Exit code 1603" in thread.text


async def test_the_hub_and_the_home_tab(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice)
    reply = await bob.command("/nightshift approvals")
    await so(on, lambda: reply.ephemeral)
    assert f"{name} ·" in reply.ephemeral[0]
    home = await bob.home()
    await so(on, lambda: name in home.text)
    assert RESTART not in home.text
    withdrawn = await alice.command(f"/nightshift cancel {name}")
    await so(on, lambda: withdrawn.ephemeral)
    assert withdrawn.ephemeral == [f"{name} is withdrawn."]
