"""A system or everything is paused: every start is held, visibly, and goes on or is missed when the pause ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio

from bot import failpoints
from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.slack.changes import WAIT_SECONDS
from tests.scenarios.steps import (
    JOBS_PATH,
    approve_request,
    eventually,
    find_card,
    jobs_received,
    make_request,
    open_form,
    press_preview,
    say_it_did_not_run,
    wait_for_texts,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"

[[policy.rules]]
name = "OpsRamp's own people"
when = { backend = "opsramp" }
effect = "limit"
may_pause = ["@leads"]
"""
GROUPS = {"leads": ["alice"]}
COMMAND = '/foreman run template="Run Command - Script Default" hosts="name ~ web" when="{}" because=patch'
UPTIME = {"command": "uptime"}


async def hub_reply(env: Environment, who: Person, text: str) -> str:
    reply = await who.command(f"/nightshift {text}")
    assert reply.error == ""
    await eventually(env, lambda: reply.ephemeral_texts)
    return "\n".join(reply.ephemeral_texts)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_stays_paused(env: Environment, bob: Person) -> AsyncIterator[None]:
    yield
    await hub_reply(env, bob, "resume everything")
    await hub_reply(env, bob, "resume foreman.main")


async def approved(env: Environment, who: Person, when: str = "now") -> tuple[str, Message]:
    name = await make_request(who, COMMAND.format(when), UPTIME)
    return name, await approve_request(env, name)


async def test_a_start_is_held_until_somebody_resumes_the_system(env: Environment, alice: Person, bob: Person) -> None:
    before = jobs_received(env)
    said = await hub_reply(env, bob, "pause foreman.main because the switch is being replaced.")
    assert "⏸️ Foreman is paused until somebody resumes it: the switch is being replaced." in said
    told = await bob.wait_for("⏸️ Foreman is paused", where="#ops-admin", timeout=WAIT_SECONDS)
    assert "By @bob" in told.text
    name, card = await approved(env, alice)
    await wait_for_texts(
        card, "Scheduled", "Paused: the switch is being replaced. Held until somebody ends the pause.", env=env
    )
    assert card.text.count("Paused:") == 1
    env.clock.advance(timedelta(hours=3))
    await asyncio.sleep(0.5)
    assert jobs_received(env) == before
    assert "Foreman has been resumed." in await hub_reply(env, bob, "resume foreman.main")
    await bob.wait_for("▶️ Foreman has been resumed.", where="#ops-admin", timeout=WAIT_SECONDS)
    await wait_for_texts(card, "Done", "8 of 8 succeeded", env=env)
    assert jobs_received(env) == before + 1
    assert "Paused" not in card.text, name


async def test_a_pause_ends_by_itself_and_what_it_held_starts(env: Environment, alice: Person, bob: Person) -> None:
    before = jobs_received(env)
    said = await hub_reply(env, bob, "pause everything 2h because of a power cut")
    assert "⏸️ Everything is paused until Mon 11 Jan " in said
    _, card = await approved(env, alice)
    await wait_for_texts(card, "Paused: of a power cut. Held until Mon 11 Jan ", env=env)
    env.clock.advance(timedelta(hours=1, minutes=55))
    await asyncio.sleep(0.5)
    assert jobs_received(env) == before
    env.clock.advance(timedelta(minutes=6))
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
    await bob.wait_for("▶️ Everything has been resumed.", where="#ops-admin", timeout=WAIT_SECONDS)


async def test_what_a_pause_holds_beyond_its_latest_start_is_missed(
    env: Environment, alice: Person, bob: Person
) -> None:
    before = jobs_received(env)
    name = await make_request(alice, COMMAND.format("in 1 hour for 30 minutes"), UPTIME)
    card = await approve_request(env, name)
    await wait_for_texts(card, "Scheduled", env=env)
    await hub_reply(env, bob, "pause foreman.main 4h because disk")
    await wait_for_texts(card, "⏸️ Paused: disk. Held until", env=env)
    env.clock.advance(timedelta(hours=1, minutes=5))
    await eventually(
        env, lambda: "⏸️ Paused" not in card.text and "Paused: disk. Held until" in card.text, lambda: card.text
    )
    env.clock.advance(timedelta(minutes=30))
    await wait_for_texts(card, "Missed: it could not start before", "Paused: disk.", env=env)
    assert jobs_received(env) == before


async def test_a_start_on_another_system_is_not_held(env: Environment, alice: Person, bob: Person) -> None:
    before = jobs_received(env)
    await hub_reply(env, bob, "pause opsramp.main because disk")
    _, card = await approved(env, alice)
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1
    await hub_reply(env, bob, "resume OpsRamp")


async def test_a_pause_between_the_checks_and_the_call_wins(
    env: Environment, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = jobs_received(env)
    paused: list[asyncio.Task[str]] = []
    allow: list[Callable[[], None]] = []
    assert env.bot is not None
    slots = env.bot.services.backends.require("foreman.main").send_slots
    for _ in range(4):
        await slots.acquire()
    allow += [slots.release] * 4

    def hit(point: str) -> None:
        if point == failpoints.AFTER_PREPARE and not paused:
            paused.append(asyncio.ensure_future(hub_reply(env, bob, "pause foreman.main because smoke")))

    monkeypatch.setattr(failpoints, "hit", hit)
    _, card = await approved(env, alice)
    await eventually(env, lambda: paused and paused[0].done())
    for release in allow:
        release()
    await wait_for_texts(card, "Scheduled", "Paused: smoke. Held until somebody ends the pause.", env=env)
    assert jobs_received(env) == before
    await hub_reply(env, bob, "resume foreman.main")
    await wait_for_texts(card, "Done", env=env)
    assert jobs_received(env) == before + 1


async def test_a_call_that_did_not_arrive_is_not_repeated_during_a_pause(
    env: Environment, alice: Person, bob: Person
) -> None:
    fault = Fault("status", JOBS_PATH, "POST", status=429, headers={"Retry-After": "1"}, remaining=None)
    env.foreman.faults.append(fault)
    before = jobs_received(env)
    _, card = await approved(env, alice)
    await eventually(env, lambda: jobs_received(env) > before)
    await hub_reply(env, bob, "pause foreman.main because smoke")
    env.foreman.faults.clear()
    await wait_for_texts(card, "Paused: smoke.", env=env)
    tried = jobs_received(env)
    await asyncio.sleep(1.5)
    assert jobs_received(env) == tried
    await hub_reply(env, bob, "resume foreman.main")
    await wait_for_texts(card, "Done", env=env)


async def test_a_retry_of_an_unknown_run_is_held_too(env: Environment, alice: Person, bob: Person) -> None:
    env.foreman.faults.append(Fault("status", JOBS_PATH, "POST", status=500, remaining=1))
    before = jobs_received(env)
    _, card = await approved(env, alice)
    await wait_for_texts(card, "Outcome unknown", env=env)
    said = await hub_reply(env, bob, "pause foreman.main because smoke")
    assert "Not stopped: 1 run that began before." in said
    assert "starts once the pause ends" in await say_it_did_not_run(alice, card, "Start it now")
    await wait_for_texts(card, "Paused: smoke.", env=env)
    assert jobs_received(env) == before + 1
    await hub_reply(env, bob, "resume foreman.main")
    await wait_for_texts(card, "Done", env=env)


async def test_it_is_shown_on_home_at_the_preview_and_on_the_card_that_waits(
    env: Environment, alice: Person, bob: Person
) -> None:
    waiting = await make_request(alice, COMMAND.format("now"), UPTIME)
    card = await find_card(bob, waiting)
    await hub_reply(env, bob, "pause foreman.main because smoke")
    await wait_for_texts(card, "⏸️ Paused: smoke. Held until somebody ends the pause.", env=env)
    home = await alice.open_home()
    await eventually(env, lambda: "⏸️ Foreman is paused until somebody resumes it: smoke." in home.text)
    form = await open_form(alice, COMMAND.format("now"))
    await form.fill(UPTIME)
    preview = await press_preview(form)
    assert "⚠️ Foreman is paused until somebody resumes it: smoke. Its start would be held." in preview.text
    await preview.close()
    await form.close()
    assert "⏸️ Foreman is paused until somebody resumes it: smoke." in await hub_reply(env, alice, "pauses")
    await hub_reply(env, bob, "resume foreman.main")
    await eventually(env, lambda: "⏸️" not in card.text)
    assert "Nothing is paused." in await hub_reply(env, alice, "pauses")


async def test_only_those_whom_policy_names_may_pause(env: Environment, alice: Person, bob: Person) -> None:
    assert "Only @sre may pause or resume foreman.main." in await hub_reply(env, alice, "pause foreman.main because no")
    assert "Only @sre may pause or resume everything." in await hub_reply(env, alice, "pause everything because no")
    assert "OpsRamp is paused" in await hub_reply(env, alice, "pause opsramp.main because no")
    await hub_reply(env, bob, "pause everything because smoke")
    said = await hub_reply(env, alice, "resume OpsRamp")
    assert "OpsRamp has been resumed." in said
    assert "⏸️ Everything is paused" in said
    assert "Only @sre" in await hub_reply(env, alice, "resume everything")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("pause foremen.main because x", "There is no system “foremen.main” here. Did you mean foreman.main?"),
        ("pause mainframe99 because x", "There are foreman.main, opsramp.main, immybot.main and everything."),
        ("pause because x", "Say which system: foreman.main"),
        ("pause NS-1 2h because x", "A series is paused until somebody resumes it, so leave out “2h”."),
        ("pause foreman.main", "Say why"),
        ("pause foreman.main 2h because", "Say why"),
        ("pause foreman.main until yesterday because x", "That has passed."),
        (
            "pause foreman.main until tomorrow 8 because x",
            "08:00 EST or Tue 12 Jan 2027 20:00 EST? Say it",
        ),
        ("pause foreman.main until every day because x", "does not name one moment."),
        ("pause foreman.main for a bit because x", "Say how long, such as 2h, or until when"),
        ("pause foreman.main 0h because x", "“0h” has passed already."),
        ("pause foreman.main 99999999999w because x", "An end is at most 366 days ahead."),
        ("resume foreman.main", "Foreman is not paused."),
        ("resume foreman.main now", "“now” was not understood. Try: /nightshift resume foreman.main"),
    ],
)
async def test_what_is_not_clear_is_answered_and_nothing_is_paused(
    env: Environment, bob: Person, text: str, answer: str
) -> None:
    assert answer in await hub_reply(env, bob, text)
    assert "Nothing is paused." in await hub_reply(env, bob, "pauses")


@pytest.mark.parametrize(
    ("end", "read_as"),
    [
        ("until tomorrow 8:00", r"Tue 12 Jan 08:00 EST"),
        ("for 90 minutes", r"Mon 11 Jan "),
        ("1h30m", r"Mon 11 Jan "),
        ("until friday", r"Sat 16 Jan 00:00 EST"),
    ],
)
async def test_an_end_is_read_and_said_back(env: Environment, bob: Person, end: str, read_as: str) -> None:
    assert f"is paused until {read_as}" in await hub_reply(env, bob, f"pause foreman.main {end} because disk")


async def test_two_pauses_of_the_same_both_count(env: Environment, alice: Person, bob: Person, carol: Person) -> None:
    before = jobs_received(env)
    answers = await asyncio.gather(
        hub_reply(env, bob, "pause foreman.main 1h because one"),
        hub_reply(env, carol, "pause foreman.main 2h because two"),
    )
    assert sorted("It was paused already until" in answer for answer in answers) == [False, True], answers
    _, card = await approved(env, alice)
    await wait_for_texts(card, "Paused: two. Held until", env=env)
    env.clock.advance(timedelta(hours=1, minutes=10))
    await asyncio.sleep(0.5)
    assert jobs_received(env) == before
    env.clock.advance(timedelta(hours=1))
    await wait_for_texts(card, "Done", env=env)


async def test_a_clock_that_is_set_back_lets_nothing_start(env: Environment, alice: Person, bob: Person) -> None:
    before = jobs_received(env)
    await hub_reply(env, bob, "pause foreman.main 2h because disk")
    _, card = await approved(env, alice)
    await wait_for_texts(card, "Paused: disk.", env=env)
    env.clock.advance(timedelta(hours=-5))
    await asyncio.sleep(1.5)
    assert jobs_received(env) == before
    env.clock.advance(timedelta(hours=5))
    await hub_reply(env, bob, "resume foreman.main")
    await wait_for_texts(card, "Done", env=env)
