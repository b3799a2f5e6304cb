"""Stop means stop: nothing more starts here, what runs in the back end is cancelled there, and both are told."""

import asyncio
from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Person
from tests.scenarios.steps import (
    JOBS_PATH,
    RESTART_COMMAND,
    RUN_COMMAND,
    advance_to_run,
    approve_request,
    cancel_on_card,
    click_for_reply,
    eventually,
    jobs_received,
    make_request,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
expires = "8h"
overlap = "start"

[[policy.rules]]
name = "debian"
when = { schedule = "series" }
effect = "limit"
renew_after_runs = 1
"""
UNAVAILABLE = [
    pytest.param(Fault("status", "/cancel", "POST", status=500, remaining=None), id="500"),
    pytest.param(Fault("cut", "/cancel", "POST", remaining=None), id="cut"),
]


@pytest.mark.parametrize("fault", UNAVAILABLE)
async def test_a_run_whose_back_end_does_not_answer_is_said_not_to_be_cancelled(
    env: Environment, alice: Person, fault: Fault
) -> None:
    env.foreman.speed = 0.001
    name = await make_request(alice)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Running", env=env)
    env.foreman.faults.append(fault)
    answer = await cancel_on_card(alice, card)
    assert f"{name}: The present run could not be cancelled:" in answer
    assert f"Try again with /nightshift cancel {name}." in answer
    await wait_for_texts(card, "Running", "The present run could not be cancelled", env=env)
    env.foreman.faults.clear()
    assert f"{name}: cancelling. Foreman is cancelling job" in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Cancelled", env=env)


async def test_a_start_that_the_back_end_holds_is_cancelled_there_or_said_not_to_be(
    env: Environment, alice: Person
) -> None:
    name = await make_request(alice, RESTART_COMMAND.replace("=now", '="tomorrow 21:00"'), {"service": "nginx"})
    card = await approve_request(env, name)
    await eventually(env, lambda: env.foreman.invocations and env.foreman.invocations[-1].mode == "future")
    job = env.foreman.invocations[-1]
    await wait_for_texts(card, "Scheduled", env=env)
    env.foreman.faults.append(Fault("cut", "/cancel", "POST", remaining=None))
    assert "could not be cancelled" in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Scheduled", "could not be cancelled", env=env)
    env.foreman.faults.clear()
    assert f"{name}: cancelling." in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Cancelled", env=env)
    env.clock.advance(timedelta(days=2))
    assert env.foreman.invocations
    assert job.runs is None


async def test_a_run_that_is_being_started_is_cancelled_once_the_back_end_has_it(
    env: Environment, alice: Person
) -> None:
    env.foreman.speed = 0.001
    before = jobs_received(env)
    name = await make_request(alice)
    env.foreman.faults.append(Fault("slow", f"{JOBS_PATH}$", "POST", seconds=1.5))
    card = await approve_request(env, name)
    await eventually(env, lambda: jobs_received(env) > before and {"Cancel", "Stop"} & set(card.buttons))
    assert f"{name}: cancelling. Foreman is cancelling job" in await cancel_on_card(alice, card)
    await wait_for_texts(card, "Cancelled", env=env)
    assert jobs_received(env) == before + 1


async def test_a_run_of_unknown_outcome_that_turns_up_is_cancelled(env: Environment, alice: Person) -> None:
    env.foreman.speed = 0.001
    name = await make_request(alice)
    env.foreman.faults += [
        Fault("cut_after", f"{JOBS_PATH}$", "POST"),
        Fault("status", f"^{JOBS_PATH}", "GET", status=403, remaining=None),
    ]
    card = await approve_request(env, name)
    await wait_for_texts(card, "Outcome unknown", env=env)
    env.foreman.faults.clear()
    reply = await alice.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: reply.ephemeral_texts)
    assert f"Foreman is cancelling job {env.foreman.invocations[-1].id}" in reply.ephemeral_texts[0]
    await wait_for_texts(card, "Cancelled", env=env)


async def test_a_series_that_is_withdrawn_while_it_waits_for_approval_again_stops_at_once(
    env: Environment, alice: Person
) -> None:
    env.foreman.speed = 0.00001
    line = f'{RUN_COMMAND} when="every 3 days at 04:00"'
    name = await make_request(alice, line, {"command": "id"})
    card = await approve_request(env, name)
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Run 1: running", "Run 2: waiting for its time", env=env)
    before = jobs_received(env)
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Waiting for approval", "policy asks again after 1", env=env)
    answer = await click_for_reply(alice, "Withdraw", card)
    assert f"{name} is withdrawn. Foreman is cancelling job" in answer
    await wait_for_texts(card, "Withdrawn", "Foreman is cancelling job", env=env)
    await eventually(env, lambda: env.foreman.invocations[-1].cancelled)
    env.clock.advance(timedelta(days=7))
    await asyncio.sleep(1.0)
    assert jobs_received(env) == before


async def test_a_series_that_nobody_approves_again_says_that_its_present_run_goes_on(
    env: Environment, alice: Person
) -> None:
    env.foreman.speed = 0.00001
    name = await make_request(alice, f'{RUN_COMMAND} when="every 3 days at 05:00"', {"command": "id"})
    card = await approve_request(env, name)
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Run 1: running", "Run 2: waiting for its time", env=env)
    before = jobs_received(env)
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Waiting for approval", env=env)
    env.clock.advance(timedelta(hours=9))
    await wait_for_texts(card, "Expired", "no further run will start. The present run goes on", env=env)
    reply = await alice.command(f"/nightshift cancel {name}")
    await eventually(env, lambda: "Foreman is cancelling job" in "".join(reply.ephemeral_texts))
    assert jobs_received(env) == before
