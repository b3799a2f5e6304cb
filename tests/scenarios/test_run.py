"""A run: progress on the card, its outcome, failures by host, and cancellation."""

import re
from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.slack import Message, Person
from tests.scenarios.steps import (
    RESTART_COMMAND,
    WAIT_SECONDS,
    approve_request,
    cancel_on_card,
    confirm_request,
    eventually,
    find_card,
    find_outcome,
    jobs_received,
    make_request,
    press_preview,
    rerun_button,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
LATER = RESTART_COMMAND.replace("when=now", 'when="tomorrow 21:00"')


async def test_progress_is_shown_while_it_runs(env: Environment, alice: Person) -> None:
    env.foreman.speed = 1.0
    card = await approve_request(env, await make_request(alice))
    await wait_for_texts(card, "Running", "0 of 20 done", env=env)
    env.clock.advance(timedelta(seconds=24))
    await eventually(env, lambda: "0 of 20" not in card.text)
    assert "▰" in card.text
    assert "▱" in card.text
    env.clock.advance(timedelta(seconds=10))
    await wait_for_texts(card, "Done", "20 of 20 succeeded", env=env)
    assert "▱" not in card.text


async def test_the_outcome_comes_once_to_the_results_channel_and_once_to_the_requester(
    env: Environment, alice: Person
) -> None:
    name = await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Done", env=env)
    for where in ("#results", "dm"):
        await find_outcome(alice, name, where=where)
        told = [m.text for m in alice.messages(where) if name in m.text and "20 of 20 succeeded" in m.text]
        assert len([text for text in told if "\nWhen " not in text]) == 1


async def test_failures_are_listed_by_host_in_the_thread(env: Environment, alice: Person) -> None:
    hosts = [host.name for host in env.foreman.state.find_hosts("os = RedHat")]
    env.foreman.fail_hosts(
        {hosts[3]: "No space left on device", hosts[7]: "<!channel> *said* <https://e.vil|yes> & no"}
    )
    name = await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Partly failed", "18 of 20 succeeded, 2 failed", env=env)
    outcome = await alice.wait_for(f"{name} ·", where="#results")
    thread = await alice.wait_for("2 failed", where=outcome)
    assert re.search(rf"• No space left on device.*: {hosts[3]}\n", thread.text)
    assert re.search(rf"• <!channel> \*said\* <https://e.vil\|yes> & no.*: {hosts[7]}\n", thread.text)
    assert all(block["type"] in ("rich_text", "context") for block in thread.blocks)


async def test_a_run_in_which_everything_fails_is_reported_as_failed(env: Environment, alice: Person) -> None:
    env.foreman.fail_hosts(host.name for host in env.foreman.state.find_hosts("os = RedHat"))
    card = await approve_request(env, await make_request(alice))
    await wait_for_texts(card, "Failed", "0 of 20 succeeded, 20 failed", env=env)


async def test_it_can_be_run_again_on_the_hosts_that_failed(env: Environment, alice: Person) -> None:
    hosts = [host.name for host in env.foreman.state.find_hosts("os = RedHat")]
    env.foreman.fail_hosts(hosts[:2])
    name = await make_request(alice)
    await wait_for_texts(await approve_request(env, name), "Partly failed", env=env)
    number = env.foreman.invocations[-1].id
    env.foreman.state.jobs.failing_hosts.clear()
    outcome = await find_card(alice, name, "#results")
    await alice.click(rerun_button(outcome), outcome)
    modal = await alice.modal(WAIT_SECONDS)
    await eventually(env, lambda: "Where" in modal.labels)
    assert modal.value("Where") == f"job_invocation.id = {number} and job_invocation.result = failed"
    await modal.fill({"When": "now", "Why": "once more"})
    preview = await press_preview(modal)
    assert "2 hosts" in preview.text
    await wait_for_texts(await approve_request(env, await confirm_request(preview)), "Done", "2 of 2", env=env)


async def test_a_start_scheduled_in_foreman_is_cancelled_in_time(env: Environment, alice: Person, bob: Person) -> None:
    name = await make_request(alice, LATER, {"service": "nginx"})
    card = await approve_request(env, name)
    await eventually(env, lambda: env.foreman.invocations and env.foreman.invocations[-1].mode == "future")
    await wait_for_texts(card, "Scheduled", env=env)
    job = env.foreman.invocations[-1]
    assert f"{name}: cancel" in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Cancelled", env=env)
    env.clock.move_to(job.start_at + timedelta(minutes=5))
    assert env.foreman.invocations
    assert job.runs is None
    assert card.buttons == ["Edit and request again", "Details"]


async def test_a_start_scheduled_by_nightshift_is_cancelled_in_time(env: Environment, alice: Person) -> None:
    name, before = (
        await make_request(alice, RESTART_COMMAND.replace("=now", '="tomorrow 21:00:30"'), {"service": "nginx"}),
        jobs_received(env),
    )
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    assert f"{name}: cancelled." in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Cancelled", env=env)
    env.clock.advance(timedelta(days=2))
    following = await approve_request(env, await make_request(alice))
    await wait_for_texts(following, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_a_run_is_cancelled_under_way(env: Environment, alice: Person) -> None:
    env.foreman.speed = 1.0
    name = await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Running", env=env)
    assert f"{name}: cancelling." in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Cancelled", env=env)
    assert {run.status(env.clock.now()) for run in env.foreman.invocations[-1].runs or ()} == {"cancelled"}


async def test_only_the_requester_and_the_approvers_cancel(env: Environment, alice: Person) -> None:
    env.foreman.speed = 1.0
    env.slack.admin.add_to_channel("dave", "#approvals")
    name = await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Running", env=env)
    assert "Only the requester and the approvers can cancel this." in await cancel_on_card(
        env.slack.person("dave"), card
    )
    assert f"{name}: cancelling." in await cancel_on_card(env.slack.person("carol"), card)
    await wait_for_texts(card, "Cancelled", env=env)


async def test_what_has_ended_cannot_be_cancelled(env: Environment, alice: Person) -> None:
    name = await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Done", env=env)
    reply = await alice.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: reply.ephemeral_texts)
    assert reply.ephemeral_texts == [f"{name} is already over: done."]


async def test_the_log_of_a_host_is_shown_on_request(env: Environment, alice: Person) -> None:
    hosts = [host.name for host in env.foreman.state.find_hosts("os = RedHat")]
    env.foreman.fail_hosts({hosts[0]: "Unit nginx.service not found."})
    name = await make_request(alice)
    await wait_for_texts(await approve_request(env, name), "Partly failed", env=env)
    outcome: Message = await find_card(alice, name, "#results")
    await alice.click("Details", outcome)
    details = await alice.modal(WAIT_SECONDS)
    await details.click("Results")
    await details.wait_for_text(f"{hosts[0]}: failed")
    assert "Unit nginx.service not found." in details.text
    await details.choose(f"Succeeded {len(hosts) - 1}")
    await eventually(env, lambda: hosts[0] not in details.text, lambda: details.text)
    await details.choose("Failed 1")
    await details.wait_for_text(f"{hosts[0]}: failed")
