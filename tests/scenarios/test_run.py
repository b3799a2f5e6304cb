"""The run: progress on the card, the outcome where people look, failures by host, and how it is stopped."""

from datetime import timedelta

import pytest

from playground.slack import Message, Person
from playground.stage import Stage
from tests.scenarios.steps import RESTART, WAIT, approved, asked, card, previewed, reads, sent, so, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

JOBS = "/api/job_invocations"
LATER = RESTART.replace("when=now", 'when="tomorrow 21:00"')


async def test_progress_is_shown_while_it_runs(on: Stage, alice: Person) -> None:
    on.foreman.speed = 1.0
    found = await approved(on, await asked(alice))
    await reads(found, "Running", "0 of 20 · 0 succeeded · 0 failed · 20 pending", on=on)
    on.clock.forward(timedelta(seconds=24))
    await so(on, lambda: "0 of 20" not in found.text)
    assert "▰" in found.text
    assert "▱" in found.text
    on.clock.forward(timedelta(seconds=10))
    await reads(found, "Succeeded", "20 of 20 · 20 succeeded · 0 failed", on=on)
    assert "▱" not in found.text


async def test_the_outcome_comes_once_to_the_results_channel_and_once_to_the_requester(
    on: Stage, alice: Person
) -> None:
    name = await asked(alice)
    found = await approved(on, name)
    await reads(found, "Succeeded", on=on)
    for where in ("#results", "dm"):
        await alice.wait_for(f"{name} · Foreman: Run a Foreman job: succeeded", where=where, timeout=WAIT)
        outcomes = [m for m in alice.messages(where) if f"{name} ·" in m.text and ": succeeded" in m.text]
        assert len(outcomes) == 1


async def test_the_failures_stand_by_host_in_the_thread(on: Stage, alice: Person) -> None:
    hosts = [host.name for host in on.foreman.state.find_hosts("os = RedHat")]
    on.foreman.fail_hosts({hosts[3]: "No space left on device", hosts[7]: "<!channel> *said* <https://e.vil|yes> & no"})
    name = await asked(alice)
    found = await approved(on, name)
    await reads(found, "Partly failed", "18 succeeded · 2 failed", on=on)
    outcome = await alice.wait_for(f"{name} ·", where="#results", timeout=WAIT)
    thread = await alice.wait_for("2 failed", where=outcome, timeout=WAIT)
    assert f"{hosts[3]}: No space left on device" in thread.text
    assert f"{hosts[7]}: <!channel> *said* <https://e.vil|yes> & no" in thread.text
    assert all(block["type"] in ("rich_text", "context") for block in thread.blocks)


async def test_a_run_where_everything_fails_is_told_as_failed(on: Stage, alice: Person) -> None:
    on.foreman.fail_hosts(host.name for host in on.foreman.state.find_hosts("os = RedHat"))
    found = await approved(on, await asked(alice))
    await reads(found, "Failed", "0 succeeded · 20 failed", on=on)


async def test_it_can_be_run_again_on_the_hosts_that_failed(on: Stage, alice: Person) -> None:
    hosts = [host.name for host in on.foreman.state.find_hosts("os = RedHat")]
    on.foreman.fail_hosts(hosts[:2])
    name = await asked(alice)
    await reads(await approved(on, name), "Partly failed", on=on)
    number = on.foreman.invocations[-1].id
    on.foreman.state.jobs.failing.clear()
    await alice.click("Run again on the failed ones", await card(alice, name, "#results"))
    modal = await alice.modal(WAIT)
    await so(on, lambda: "Hosts" in modal.labels)
    assert modal.value("Hosts") == f"job_invocation.id = {number} and job_invocation.result = failed"
    await modal.fill({"When": "now", "Why": "once more"})
    preview = await previewed(modal)
    assert "2 hosts" in preview.text
    await reads(await approved(on, await sent(preview)), "Succeeded", "2 of 2", on=on)


async def test_what_foreman_holds_is_cancelled_before_it_starts(on: Stage, alice: Person, bob: Person) -> None:
    name = await asked(alice, LATER, {"service": "nginx"})
    found = await approved(on, name)
    await so(on, lambda: on.foreman.invocations and on.foreman.invocations[-1].mode == "future")
    await reads(found, "Scheduled", on=on)
    job = on.foreman.invocations[-1]
    assert f"{name}: cancel" in await told(alice, "Cancel", found)
    await reads(found, "Cancelled", on=on)
    on.clock.jump_to(job.start_at + timedelta(minutes=5))
    assert on.foreman.invocations
    assert job.runs is None
    assert found.buttons == ["Show details"]


async def test_what_nightshift_holds_is_cancelled_before_it_starts(on: Stage, alice: Person) -> None:
    name, before = await asked(alice, RESTART.replace("=now", '="tomorrow 21:00:30"'), {"service": "nginx"}), made(on)
    found = await approved(on, name)
    await reads(found, "Scheduled", "Nightshift holds the start", on=on)
    assert f"{name}: cancelled." in await told(alice, "Cancel", found)
    await reads(found, "Cancelled", on=on)
    on.clock.forward(timedelta(days=2))
    following = await approved(on, await asked(alice))
    await reads(following, "Succeeded", on=on)
    assert made(on) == before + 1


async def test_a_run_is_cancelled_under_way(on: Stage, alice: Person) -> None:
    on.foreman.speed = 1.0
    name = await asked(alice)
    found = await approved(on, name)
    await reads(found, "Running", on=on)
    assert f"{name}: cancelling." in await told(alice, "Cancel", found)
    await reads(found, "Cancelled", on=on)
    assert {run.status(on.clock.now()) for run in on.foreman.invocations[-1].runs or ()} == {"cancelled"}


async def test_only_the_requester_and_the_approvers_cancel(on: Stage, alice: Person) -> None:
    on.foreman.speed = 1.0
    on.slack.admin.invite("dave", "#approvals")
    name = await asked(alice)
    found = await approved(on, name)
    await reads(found, "Running", on=on)
    assert "Only the requester and the approvers can cancel this." in await told(
        on.slack.person("dave"), "Cancel", found
    )
    assert f"{name}: cancelling." in await told(on.slack.person("carol"), "Cancel", found)
    await reads(found, "Cancelled", on=on)


async def test_what_has_ended_cannot_be_cancelled(on: Stage, alice: Person) -> None:
    name = await asked(alice)
    found = await approved(on, name)
    await reads(found, "Succeeded", on=on)
    reply = await alice.command(f"/nightshift cancel {name}")
    await so(on, lambda: reply.ephemeral)
    assert reply.ephemeral == [f"{name} is already over: succeeded."]


async def test_the_log_of_a_host_is_shown_on_request(on: Stage, alice: Person) -> None:
    hosts = [host.name for host in on.foreman.state.find_hosts("os = RedHat")]
    on.foreman.fail_hosts({hosts[0]: "Unit nginx.service not found."})
    name = await asked(alice)
    await reads(await approved(on, name), "Partly failed", on=on)
    outcome: Message = await card(alice, name, "#results")
    await alice.click("Show details", outcome)
    details = await alice.modal(WAIT)
    assert f"{hosts[0]}: failed" in details.text


def made(on: Stage) -> int:
    """How many jobs Foreman was asked for."""
    return len(on.foreman.received("POST", JOBS))
