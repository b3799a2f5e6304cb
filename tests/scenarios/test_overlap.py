"""A run of a series is still going when the next one is due."""

from datetime import timedelta

import pytest

from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    JOBS_PATH,
    advance_to_run,
    approve_request,
    click_for_reply,
    confirm_request,
    eventually,
    fill_form,
    find_outcome,
    jobs_received,
    make_request,
    open_edit,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "databases one after the other"
when = { targets = "db*" }
approvers = ["@sre"]
overlap = "wait"
"""
COMMAND = (
    '/foreman run template="Run Command - Script Default" hosts="name ~ {}" when="every day at 04:00" because=patch'
)
UPTIME = {"command": "uptime"}
FIELD = "If the last run is still going"
SLOW = 0.00002
"""A speed at which a job takes more than a day."""


async def slow_series(env: Environment, who: Person, overlap: str = "", hosts: str = "web") -> tuple[str, Message]:
    """A series whose first run is going, and will be when the second is due."""
    fill = {**UPTIME, **({FIELD: overlap} if overlap else {})}
    name = await make_request(who, COMMAND.format(hosts), fill)
    card = await approve_request(env, name)
    env.foreman.speed = SLOW
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Run 1: running", "Run 2: waiting for its time", env=env)
    return name, card


def stop_in_foreman(env: Environment) -> None:
    """Let somebody stop the newest job in Foreman itself."""
    jobs = env.foreman.state.jobs
    assert jobs.cancel(jobs.invocations[max(jobs.invocations)], env.clock.now())


async def test_the_next_run_is_skipped_and_that_is_told(env: Environment, alice: Person, bob: Person) -> None:
    before = jobs_received(env)
    name, card = await slow_series(env, alice)
    assert FIELD not in card.text
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Run 2: missed", "Skipped: the run of Tue 12 Jan 04:00 CET is still going.", env=env)
    await wait_for_texts(card, "Run 3: waiting for its time", env=env)
    told = f"{name}, run 2: Skipped: the run of Tue 12 Jan 04:00 CET is still going."
    await bob.wait_for(told, where="#approvals", timeout=WAIT_SECONDS)
    assert jobs_received(env) == before + 1
    await click_for_reply(alice, "Cancel the series", card)


async def test_the_next_run_waits_until_the_last_has_ended(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    _, card = await slow_series(env, alice, "Wait for it")
    await wait_for_texts(card, f"{FIELD} Wait for it", env=env)
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Waiting: the run of", "is still going. Retrying until", env=env)
    assert jobs_received(env) == before + 1
    stop_in_foreman(env)
    await wait_for_texts(card, "8 cancelled", env=env)
    env.clock.advance(timedelta(seconds=20))
    await eventually(env, lambda: jobs_received(env) == before + 2, lambda: card.text)
    await wait_for_texts(card, "Run 3: waiting for its time", env=env)
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_run_that_waited_until_its_latest_start_is_missed(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    _, card = await slow_series(env, alice, "Wait for it")
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Waiting: the run of", env=env)
    env.clock.advance(timedelta(hours=1, minutes=1))
    await wait_for_texts(card, "Run 2: missed", "Missed: it could not start before", "Waiting: the run of", env=env)
    assert jobs_received(env) == before + 1
    await click_for_reply(alice, "Cancel the series", card)


async def test_both_run_if_that_was_chosen(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    _, card = await slow_series(env, alice, "Start anyway")
    await advance_to_run(env, card, 2)
    await eventually(env, lambda: jobs_received(env) == before + 2, lambda: card.text)
    await wait_for_texts(card, "Run 1: running", "Run 2: running", env=env)
    await click_for_reply(alice, "Cancel the series", card)


async def test_policy_is_stricter_than_the_choice(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    _, card = await slow_series(env, alice, "Start anyway", hosts="db")
    await wait_for_texts(card, f"{FIELD} Wait for it", env=env)
    assert "Start anyway" not in card.text
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Waiting: the run of", env=env)
    assert jobs_received(env) == before + 1
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_run_of_unknown_outcome_counts_as_going(env: Environment, alice: Person) -> None:
    before = jobs_received(env)
    name = await make_request(alice, COMMAND.format("web"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Run 1: waiting for its time", env=env)
    env.foreman.faults.append(Fault("status", JOBS_PATH, "POST", status=500, remaining=1))
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Run 1: not known whether it started", "Run 2: waiting for its time", env=env)
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Run 2: missed", "may still be going.", env=env)
    assert jobs_received(env) == before + 1
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_changed_choice_is_approved_again_and_shown(env: Environment, alice: Person) -> None:
    name = await make_request(alice, COMMAND.format("web"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Run 1: waiting for its time", env=env)
    form = await open_edit(alice, card)
    await fill_form(form, {FIELD: "Start anyway"})
    await confirm_request(await press_preview(form))
    await wait_for_texts(card, "Waiting for approval", f"{FIELD} Start anyway, was (empty)", env=env)


async def test_an_approver_ends_a_run_that_does_not_seem_to_end(env: Environment, alice: Person, bob: Person) -> None:
    before = jobs_received(env)
    name, card = await slow_series(env, alice, "Wait for it")
    assert "It has ended: go on" not in card.buttons
    await advance_to_run(env, card, 2)
    await wait_for_texts(card, "Waiting: the run of", env=env)
    await eventually(env, lambda: "It has ended: go on" in card.buttons)
    assert "another approver has to say this" in await click_for_reply(alice, "It has ended: go on", card)
    assert jobs_received(env) == before + 1
    said = await click_for_reply(bob, "It has ended: go on", card)
    assert f"{name}, run 1: marked as ended. The next run may start." in said
    await eventually(env, lambda: jobs_received(env) == before + 2, lambda: card.text)
    await wait_for_texts(card, "Marked as ended by hand.", "Run 3: waiting for its time", env=env)
    assert "It has ended: go on" not in card.buttons
    await find_outcome(alice, name, "(run 1)", where=None)
    await click_for_reply(alice, "Cancel the series", card)
