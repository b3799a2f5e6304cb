"""A series that Foreman keeps is paused: it is taken out of Foreman, and Nightshift keeps it once it is resumed."""

import asyncio
from datetime import timedelta

import pytest

from bot.usecases.jobs import check_starts
from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    JOBS_PATH,
    advance_to_run,
    approve_request,
    click_for_reply,
    eventually,
    jobs_received,
    make_request,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
COMMAND = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="{}" because=patch'
UPTIME = {"command": "uptime"}


async def hub_reply(env: Environment, who: Person, text: str) -> str:
    reply = await who.command(f"/nightshift {text}")
    assert reply.error == ""
    await eventually(env, lambda: reply.ephemeral_texts)
    return "\n".join(reply.ephemeral_texts)


async def kept_series(env: Environment, who: Person) -> tuple[str, Message]:
    """A series that was approved and handed to Foreman."""
    earlier = len(env.foreman.logics)
    name = await make_request(who, COMMAND.format("every day at 05:00"), UPTIME)
    card = await approve_request(env, name)
    await eventually(env, lambda: len(env.foreman.logics) > earlier)
    await wait_for_texts(card, "Scheduled in Foreman.", "The series: waiting in the back end", env=env)
    await eventually(env, lambda: "Pause" in card.buttons, lambda: card.text)
    return name, card


async def test_it_is_stopped_in_foreman_and_goes_on_from_here(env: Environment, alice: Person) -> None:
    name, card = await kept_series(env, alice)
    before = jobs_received(env)
    assert f"{name} is paused. No run starts until somebody resumes it." in await hub_reply(
        env, alice, f"pause {name} because disk"
    )
    assert env.foreman.logics[-1].state == "cancelled"
    await wait_for_texts(card, "Scheduled", "⏸️ Paused: disk.", "The series: cancelled", env=env)
    env.clock.advance(timedelta(days=2))
    await asyncio.sleep(1.5)
    assert "Scheduled" in card.text
    assert jobs_received(env) == before
    said = await click_for_reply(alice, "Resume", card)
    assert "2 runs were left out while it was paused. Next run:" in said
    await wait_for_texts(card, "Nightshift has kept this series since it was paused.", env=env)
    await advance_to_run(env, card, 1)
    await eventually(env, lambda: jobs_received(env) == before + 1, lambda: card.text)
    await wait_for_texts(card, "8 of 8", env=env)
    await click_for_reply(alice, "Cancel the series", card)


async def test_what_foreman_does_not_confirm_is_told_and_tried_again(
    env: Environment, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, card = await kept_series(env, alice)
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, remaining=None))
    said = await hub_reply(env, alice, f"pause {name} because disk")
    assert f"{name} is paused." in said
    assert "But Foreman has not confirmed that it stops the series, so a run may start there." in said
    told = f"{name} is paused, but Foreman has not confirmed that it stops the series"
    await bob.wait_for(told, where="#ops-admin", timeout=WAIT_SECONDS)
    await alice.wait_for(told, timeout=WAIT_SECONDS)
    assert "has not confirmed yet that it stopped" in await hub_reply(env, alice, f"resume {name}")
    env.foreman.faults.clear()
    env.clock.advance(check_starts.LEASE + timedelta(seconds=1))
    await eventually(env, lambda: env.foreman.logics[-1].state == "cancelled")
    await wait_for_texts(card, "Scheduled", "⏸️ Paused: disk.", "The series: cancelled", env=env)
    assert "is resumed. Next run:" in await hub_reply(env, alice, f"resume {name}")
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_series_that_was_stopped_there_although_the_answer_was_lost_is_not_lost(
    env: Environment, alice: Person
) -> None:
    name, card = await kept_series(env, alice)
    env.foreman.faults.append(Fault("cut_after", "/cancel", "POST", remaining=1))
    await hub_reply(env, alice, f"pause {name} because disk")
    await eventually(env, lambda: env.foreman.logics[-1].state == "cancelled")
    await asyncio.sleep(1.0)
    env.clock.advance(check_starts.LEASE + timedelta(seconds=1))
    await wait_for_texts(card, "Scheduled", "⏸️ Paused: disk.", "The series: cancelled", env=env)
    assert "is resumed. Next run:" in await hub_reply(env, alice, f"resume {name}")
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_paused_series_is_cancelled_while_foreman_has_not_confirmed_the_pause(
    env: Environment, alice: Person
) -> None:
    name, card = await kept_series(env, alice)
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, remaining=None))
    await hub_reply(env, alice, f"pause {name} because disk")
    env.foreman.faults.clear()
    await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", env=env)
    assert env.foreman.logics[-1].state == "cancelled"


async def test_a_cancellation_that_foreman_does_not_confirm_ends_no_pause_and_is_asked_for_again(
    env: Environment, alice: Person
) -> None:
    name, card = await kept_series(env, alice)
    env.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, remaining=None))
    await hub_reply(env, alice, f"pause {name} because disk")
    assert "The series could not be cancelled" in await hub_reply(env, alice, f"cancel {name}")
    assert f"{name} is paused" in await hub_reply(env, alice, "pauses")
    await wait_for_texts(card, "⏸️ Paused: disk.", "The series could not be cancelled", env=env)
    env.foreman.faults.clear()
    env.clock.advance(check_starts.LEASE + timedelta(seconds=1))
    await wait_for_texts(card, "Cancelled", f"{name} was cancelled.", env=env)
    assert env.foreman.logics[-1].state == "cancelled"
    async with asyncio.timeout(WAIT_SECONDS):
        while name in await hub_reply(env, alice, "pauses"):
            await asyncio.sleep(0.05)


async def handed_over(env: Environment, who: Person) -> tuple[str, Message, asyncio.Event]:
    """A series that was approved, and whose call Foreman answers once the event is set."""
    answers = asyncio.Event()
    env.foreman.faults.append(Fault("slow", JOBS_PATH, "POST", until=answers))
    before = jobs_received(env)
    name = await make_request(who, COMMAND.format("every day at 05:00"), UPTIME)
    card = await approve_request(env, name)
    await eventually(env, lambda: jobs_received(env) == before + 1)
    return name, card, answers


async def test_a_series_that_is_paused_while_it_is_handed_over_is_taken_out_after_that(
    env: Environment, alice: Person
) -> None:
    earlier = len(env.foreman.logics)
    name, card, answers = await handed_over(env, alice)
    said = await hub_reply(env, alice, f"pause {name} because disk")
    assert "It is just being handed to Foreman, and is taken out again after that." in said
    assert "The present run" not in said
    answers.set()
    await wait_for_texts(card, "Scheduled", "⏸️ Paused: disk.", "The series: cancelled", env=env)
    assert [logic.state for logic in env.foreman.logics[earlier:]] == ["cancelled"]
    assert "is resumed. Next run:" in await hub_reply(env, alice, f"resume {name}")
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_series_that_is_resumed_while_it_is_handed_over_goes_on(env: Environment, alice: Person) -> None:
    name, card, answers = await handed_over(env, alice)
    await hub_reply(env, alice, f"pause {name} because disk")
    assert "is resumed. Its back end goes on with it." in await hub_reply(env, alice, f"resume {name}")
    answers.set()
    await wait_for_texts(card, "Scheduled", "The series: waiting in the back end", env=env)
    assert env.foreman.logics[-1].state == "active"
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_run_that_has_just_started_in_foreman_goes_on_and_is_watched(
    env: Environment, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, card = await kept_series(env, alice)
    monkeypatch.setattr(env.foreman, "speed", 0.0001)
    job = env.foreman.invocations[-1]
    env.clock.move_to(job.start_at - timedelta(minutes=10))
    await wait_for_texts(card, "· checked", env=env)
    env.clock.move_to(job.start_at + timedelta(seconds=1))
    await hub_reply(env, alice, f"pause {name} because disk")
    await wait_for_texts(card, "0 of 8", "The series: cancelled", env=env)
    assert not job.cancelled
    assert f"Foreman is cancelling job {job.id}" in await click_for_reply(alice, "Cancel the series", card)
    await wait_for_texts(card, "Cancelled", "8 cancelled", env=env)
