"""A series: one approval, a run for each occurrence, kept by the scheduler that can keep it exactly."""

import asyncio
from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Person
from tests.scenarios.steps import (
    JOBS_PATH,
    RUN_COMMAND,
    advance_to_run,
    approve_request,
    cancel_on_card,
    click_for_reply,
    eventually,
    find_outcome,
    job_requests,
    jobs_received,
    make_request,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"


async def approve_series(env: Environment, when: str) -> tuple[str, Message]:
    """Make and approve a series. Returns its name and its card."""
    name = await make_request(env.slack.person("alice"), f'{RUN_COMMAND} when="{when}"', {"command": "id"})
    return name, await approve_request(env, name)


async def find_run_outcome(alice: Person, name: str, number: int) -> Message:
    """The message of one run in the results channel."""
    return await find_outcome(alice, name, f"(run {number})")


async def test_a_series_that_foreman_can_keep_exactly_is_scheduled_there(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    name, card = await approve_series(env, "every day at 06:00")
    await wait_for_texts(card, "Foreman holds this series with the cron line 0 6 * * * Europe/Berlin", env=env)
    await eventually(env, lambda: jobs_received(env) == before + 1)
    sent = job_requests(env)[-1].body["job_invocation"]
    assert sent["recurrence"]["purpose"] in sent["description_format"]
    for number in (1, 2):
        logic = env.foreman.logics[-1]
        due = [job.start_at for job in env.foreman.invocations if job.logic is logic and job.runs is None]
        env.clock.move_to(due[-1] + timedelta(minutes=1))
        assert "succeeded" in (await find_run_outcome(alice, name, number)).text
    assert jobs_received(env) == before + 1
    await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", env=env)
    assert env.foreman.logics[-1].state == "cancelled"


async def test_a_series_that_foreman_cannot_keep_is_scheduled_here_with_a_call_for_each_run(
    env: Environment, alice: Person
) -> None:
    before = jobs_received(env)
    name, card = await approve_series(env, "every 2 weeks on wednesday at 03:00")
    await wait_for_texts(card, "Run 1: waiting for its time", env=env)
    assert jobs_received(env) == before
    for number in (1, 2):
        await advance_to_run(env, card, number)
        assert "succeeded" in (await find_run_outcome(alice, name, number)).text
        assert jobs_received(env) == before + number
    first, second = (call.body["job_invocation"] for call in job_requests(env)[-2:])
    assert "recurrence" not in first
    assert first["description_format"] != second["description_format"]
    assert f"{name}: cancelled." in await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", env=env)
    env.clock.advance(timedelta(days=14))
    name, card = await approve_series(env, "now")
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 3


async def test_a_failed_run_does_not_keep_the_next_from_coming(env: Environment, alice: Person) -> None:
    hosts = [host.name for host in env.foreman.state.find_hosts("os = Debian")]
    name, card = await approve_series(env, "every 3 days at 04:00")
    env.foreman.fail_hosts(hosts)
    await advance_to_run(env, card, 1)
    assert "failed" in (await find_run_outcome(alice, name, 1)).text
    env.foreman.state.jobs.failing_hosts.clear()
    await advance_to_run(env, card, 2)
    assert "succeeded" in (await find_run_outcome(alice, name, 2)).text
    await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", env=env)


async def test_a_series_with_an_end_ends(env: Environment, alice: Person) -> None:
    name, card = await approve_series(env, "every 3 days at 04:00, 2 times")
    for number in (1, 2):
        await advance_to_run(env, card, number)
        await find_run_outcome(alice, name, number)
    await wait_for_texts(card, "Done", "The series is over after 2 runs.", env=env)
    assert card.buttons == ["Details", "Open in Foreman", "Repeat"]


async def test_a_present_run_that_cannot_be_cancelled_does_not_keep_the_series_going(
    env: Environment, alice: Person
) -> None:
    env.foreman.speed = 0.001
    name, card = await approve_series(env, "every 3 days at 04:00")
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Run 1: running", env=env)
    before = jobs_received(env)
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, remaining=None))
    answer = await click_for_reply(alice, "Cancel the series", card)
    assert f"{name}: no further run will start." in answer
    assert "The present run could not be cancelled" in answer
    await wait_for_texts(card, "Cancelled", "could not be cancelled", env=env)
    env.foreman.faults.clear()
    reply = await alice.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: "is cancelling job" in "".join(reply.ephemeral_texts))
    assert "(run 1)" in (await find_run_outcome(alice, name, 1)).text
    env.clock.advance(timedelta(days=3, hours=1))
    await asyncio.sleep(1.0)
    assert jobs_received(env) == before


async def test_a_series_that_the_back_end_holds_stays_open_until_it_says_it_is_cancelled(
    env: Environment, alice: Person
) -> None:
    name, card = await approve_series(env, "every day at 05:00")
    await wait_for_texts(card, "Foreman holds this series", env=env)
    await eventually(env, lambda: "Cancel the series" in card.buttons and env.foreman.logics[-1].state == "active")
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, remaining=None))
    assert "The series could not be cancelled" in await click_for_reply(alice, "Cancel the series", card)
    assert "Cancel the series" in card.buttons
    env.foreman.faults.clear()
    assert f"{name}: cancelling." in await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", env=env)
    assert env.foreman.logics[-1].state == "cancelled"


async def test_a_run_that_has_not_left_yet_is_cancelled_with_its_request(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    env.foreman.faults.append(
        Fault("status", JOBS_PATH, "POST", status=429, headers={"Retry-After": "2"}, remaining=None)
    )
    name, card = await approve_series(env, "now")
    await eventually(env, lambda: jobs_received(env) > before and {"Cancel", "Stop"} & set(card.buttons))
    await asyncio.sleep(0.3)
    tried = jobs_received(env)
    assert f"{name}: cancelled." in await cancel_on_card(alice, card)
    env.foreman.faults.clear()
    await wait_for_texts(card, "Cancelled", env=env)
    await asyncio.sleep(2.5)
    assert jobs_received(env) == tried
