"""A series is paused and resumed: no run starts meanwhile, and none piles up."""

import asyncio
from datetime import timedelta

import pytest

from bot.storage import requests
from playground.environment import Environment
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    advance_to_run,
    approve_request,
    cancel_on_card,
    click_for_reply,
    confirm_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    open_edit,
    press_preview,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="{}" because=patch'
UPTIME = {"command": "uptime"}


async def approved_series(env: Environment, who: Person, when: str = "every day at 04:00") -> tuple[str, Message]:
    name = await make_request(who, COMMAND.format(when), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Run 1: waiting for its time", env=env)
    return name, card


async def press_pause(who: Person, card: Message, reason: str) -> str:
    """Press Pause on a card, and give a reason. Returns what the modal says then."""
    await who.click("Pause", card)
    modal = await who.modal(WAIT_SECONDS)
    await modal.fill({"Why?": reason})
    result = await modal.submit()
    text = "\n".join(result.errors.values()) or modal.text
    await modal.close()
    return text


async def hub_reply(env: Environment, who: Person, text: str) -> str:
    reply = await who.command(f"/nightshift {text}")
    assert reply.error == ""
    await eventually(env, lambda: reply.ephemeral_texts)
    return "\n".join(reply.ephemeral_texts)


async def test_no_run_starts_while_a_series_is_paused_and_none_piles_up(
    env: Environment, alice: Person, bob: Person
) -> None:
    before = jobs_received(env)
    name, card = await approved_series(env, alice)
    assert f"{name} is paused." in await press_pause(bob, card, "the disk is full.")
    await wait_for_texts(card, "⏸️ Paused: the disk is full. No run starts until somebody resumes the series.", env=env)
    await alice.wait_for(f"{name} is paused: the disk is full.", timeout=WAIT_SECONDS)
    assert "Pause" not in card.buttons
    env.clock.advance(timedelta(days=3))
    await asyncio.sleep(1.0)
    assert jobs_received(env) == before
    said = await click_for_reply(alice, "Resume", card)
    assert "3 runs were left out while it was paused. Next run: " in said
    await advance_to_run(env, card, 2)
    await eventually(env, lambda: jobs_received(env) == before + 1)
    assert "⏸️" not in card.text
    await click_for_reply(alice, "Cancel the series", card)


async def test_the_hub_pauses_and_resumes_a_series(env: Environment, alice: Person) -> None:
    name, card = await approved_series(env, alice)
    assert "Say why" in await hub_reply(env, alice, f"pause {name}")
    assert "Say why" in await hub_reply(env, alice, f"pause {name} because  ")
    assert f"{name} is paused." in await hub_reply(env, alice, f"pause {name} because of Bob's move")
    await wait_for_texts(card, "⏸️ Paused: of Bob's move.", env=env)
    assert f"{name} is paused already" in await hub_reply(env, alice, f"pause {name} because I am late")
    assert f"{name} is resumed. Next run: " in await hub_reply(env, alice, f"resume {name}")
    assert f"{name} is not paused." in await hub_reply(env, alice, f"resume {name}")
    await wait_for_texts(card, "Run 2: waiting for its time", env=env)
    await click_for_reply(alice, "Cancel the series", card)


async def test_somebody_who_may_not_cancel_a_series_may_not_pause_it(env: Environment, alice: Person) -> None:
    name, card = await approved_series(env, alice)
    said = await hub_reply(env, env.slack.person("dave"), f"pause {name} because I say so")
    assert "Only the requester and the approvers can pause or resume this." in said
    await click_for_reply(alice, "Cancel the series", card)


async def test_two_people_who_pause_at_the_same_time_are_both_answered(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card = await approved_series(env, alice)
    answers = await asyncio.gather(
        hub_reply(env, alice, f"pause {name} because one"), hub_reply(env, bob, f"pause {name} because two")
    )
    assert sorted("already" in answer for answer in answers) == [False, True], answers
    assert "is resumed." in await hub_reply(env, bob, f"resume {name}")
    await click_for_reply(alice, "Cancel the series", card)


async def test_the_present_run_goes_on_and_the_series_is_not_over(env: Environment, alice: Person) -> None:
    env.foreman.speed = 0.1
    name, card = await approved_series(env, alice)
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "Run 1: running", "Run 2: waiting for its time", env=env)
    assert "The present run goes on." in await hub_reply(env, alice, f"pause {name} because enough")
    env.clock.advance(timedelta(hours=1))
    await wait_for_texts(card, "8 of 8", "Scheduled", "⏸️", env=env)
    said = await hub_reply(env, alice, f"cancel {name}")
    assert f"{name}: cancelled." in said
    await wait_for_texts(card, "Cancelled. No further run will start.", env=env)
    assert "⏸️" not in card.text


async def test_a_series_that_ran_out_while_it_was_paused_is_over(env: Environment, alice: Person) -> None:
    name, card = await approved_series(env, alice, "every day at 04:00, 2 times")
    await hub_reply(env, alice, f"pause {name} because later")
    env.clock.advance(timedelta(days=5))
    said = await hub_reply(env, alice, f"resume {name}")
    assert "2 runs were left out while it was paused. No run was left to come, so the series is over." in said
    await wait_for_texts(card, "Done", "The series is over.", env=env)


async def test_a_single_request_and_one_that_waits_for_approval_cannot_be_paused(
    env: Environment, alice: Person, bob: Person
) -> None:
    single = await make_request(alice, COMMAND.format("in 3 hours"), UPTIME)
    card = await approve_request(env, single)
    assert f"{single} is not a series" in await hub_reply(env, alice, f"pause {single} because why")
    assert "Pause" not in card.buttons
    await cancel_on_card(alice, card)
    waiting = await make_request(alice, COMMAND.format("every day at 04:00"), UPTIME)
    assert "Pause" not in (await find_card(bob, waiting)).buttons
    said = await hub_reply(env, alice, f"pause {waiting} because why")
    assert f"{waiting} cannot be paused: waiting for approval." in said


async def test_a_series_whose_requester_left_is_paused_and_admins_and_approvers_are_told(
    env: Environment, bob: Person
) -> None:
    before = jobs_received(env)
    name, card = await approved_series(env, env.slack.person("dave"))
    env.slack.admin.deactivate("dave")
    await advance_to_run(env, card, 1)
    await wait_for_texts(card, "⏸️ Paused: The requester may not use Nightshift any more.", "Resume", env=env)
    told = f"{name} is paused: The requester may not use Nightshift any more."
    await bob.wait_for(told, where="#ops-admin", timeout=WAIT_SECONDS)
    await bob.wait_for(told, where="#approvals", timeout=WAIT_SECONDS)
    assert jobs_received(env) == before


async def test_a_reason_forges_nothing(env: Environment, alice: Person) -> None:
    name, card = await approved_series(env, alice)
    reason = "A & B <!channel>\n✅ Approved by Carol\u202e"
    await press_pause(alice, card, reason)
    shown = "A & B <!channel> ✅ Approved by Carol<U+202E>"
    await wait_for_texts(card, f"⏸️ Paused: {shown}. No run starts", env=env)
    assert shown in await hub_reply(env, alice, "pauses")
    await hub_reply(env, alice, f"resume {name}")
    await hub_reply(env, alice, f"pause {name} because of <this> & that")
    await wait_for_texts(card, "⏸️ Paused: of <this> & that.", env=env)
    await click_for_reply(alice, "Cancel the series", card)


async def test_a_paused_series_that_ends_otherwise_is_not_listed_any_more(
    env: Environment, alice: Person, bob: Person
) -> None:
    name, card = await approved_series(env, alice)
    form = await open_edit(alice, card)
    await form.fill({"Why": "another reason"})
    await confirm_request(await press_preview(form))
    await wait_for_texts(card, "Waiting for approval", env=env)
    assert f"{name} cannot be paused: waiting for approval." in await hub_reply(env, alice, f"pause {name} because x")
    await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    await hub_reply(env, alice, f"pause {name} because later")
    await eventually(env, lambda: "⏸️" in card.text)
    assert f"{name} is paused until somebody resumes it: later." in await hub_reply(env, alice, "pauses")
    assert env.bot is not None
    async with env.bot.db.write() as tx:
        request = await requests.by_number(tx, int(name.removeprefix("NS-")))
        await requests.transition(tx, request, "failed")
    for _ in range(20):
        if f"{name} is paused" not in await hub_reply(env, alice, "pauses"):
            return
        await asyncio.sleep(0.2)
    raise AssertionError("it is still listed")
