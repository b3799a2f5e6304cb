"""A series: one approval, a run for each occurrence, held by whoever can hold it exactly, stopped as a whole."""

from datetime import timedelta

import pytest

from playground.sandbox import Fault
from playground.slack import Message, Person
from playground.stage import Stage, settle
from tests.scenarios.steps import WAIT, approved, asked, reads, so, to_its_time, told

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = '/foreman template="Run Command - Script Default" hosts="os = Debian" because=so'
JOBS = "/api/job_invocations"


def made(on: Stage) -> int:
    """How many jobs Foreman was asked for."""
    return len(on.foreman.received("POST", JOBS))


async def asked_for(on: Stage, when: str) -> tuple[str, Message]:
    """A series, asked for and approved: its name and its card."""
    name = await asked(on.slack.person("alice"), f'{COMMAND} when="{when}"', {"command": "id"})
    return name, await approved(on, name)


async def outcome(alice: Person, name: str, number: int) -> Message:
    """What the results channel says of one run."""
    return await alice.wait_for(f"{name} · run {number} ·", where="#results", timeout=WAIT)


async def test_what_foreman_can_hold_exactly_is_held_there(on: Stage, alice: Person) -> None:
    before = made(on)
    name, card = await asked_for(on, "every day at 06:00")
    await reads(card, "Foreman holds this series with the cron line 0 6 * * * Europe/Berlin", on=on)
    await so(on, lambda: made(on) == before + 1)
    sent = on.foreman.received("POST", JOBS)[-1].body["job_invocation"]
    assert sent["recurrence"]["purpose"] in sent["description_format"]
    for number in (1, 2):
        logic = on.foreman.logics[-1]
        due = [job.start_at for job in on.foreman.invocations if job.logic is logic and job.runs is None]
        on.clock.jump_to(due[-1] + timedelta(minutes=1))
        assert "succeeded" in (await outcome(alice, name, number)).text
    assert made(on) == before + 1
    await told(alice, "Cancel the series", card)
    await reads(card, "Cancelled", on=on)
    assert on.foreman.logics[-1].state == "cancelled"


async def test_what_foreman_cannot_hold_is_held_here_and_each_run_is_a_call_of_its_own(
    on: Stage, alice: Person
) -> None:
    before = made(on)
    name, card = await asked_for(on, "every 2 weeks on wednesday at 03:00")
    await reads(card, "Nightshift holds", "Run 1: waiting for its time", on=on)
    assert made(on) == before
    for number in (1, 2):
        await to_its_time(on, card, number)
        assert "succeeded" in (await outcome(alice, name, number)).text
        assert made(on) == before + number
    first, second = (call.body["job_invocation"] for call in on.foreman.received("POST", JOBS)[-2:])
    assert "recurrence" not in first
    assert first["description_format"] != second["description_format"]
    assert f"{name}: cancelled." in await told(alice, "Cancel the series", card)
    await reads(card, "Cancelled", on=on)
    on.clock.forward(timedelta(days=14))
    name, card = await asked_for(on, "now")
    await reads(card, "Succeeded", on=on)
    assert made(on) == before + 3


async def test_a_failed_run_does_not_keep_the_next_from_coming(on: Stage, alice: Person) -> None:
    hosts = [host.name for host in on.foreman.state.find_hosts("os = Debian")]
    name, card = await asked_for(on, "every 3 days at 04:00")
    on.foreman.fail_hosts(hosts)
    await to_its_time(on, card, 1)
    assert "failed" in (await outcome(alice, name, 1)).text
    on.foreman.state.jobs.failing.clear()
    await to_its_time(on, card, 2)
    assert "succeeded" in (await outcome(alice, name, 2)).text
    await told(alice, "Cancel the series", card)
    await reads(card, "Cancelled", on=on)


async def test_a_series_with_an_end_ends(on: Stage, alice: Person) -> None:
    name, card = await asked_for(on, "every 3 days at 04:00, 2 times")
    for number in (1, 2):
        await to_its_time(on, card, number)
        await outcome(alice, name, number)
    await reads(card, "Succeeded", "The series is over after 2 runs.", on=on)
    assert card.buttons == ["Show details"]


async def test_a_present_run_that_cannot_be_cancelled_does_not_keep_the_series_going(on: Stage, alice: Person) -> None:
    on.foreman.speed = 0.001
    name, card = await asked_for(on, "every 3 days at 04:00")
    await to_its_time(on, card, 1)
    await reads(card, "Run 1: ▱▱", on=on)
    before = made(on)
    on.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, times=None))
    answer = await told(alice, "Cancel the series", card)
    assert f"{name}: no further run will start." in answer
    assert "The present run could not be cancelled" in answer
    await reads(card, "Cancelled", "could not be cancelled", on=on)
    on.foreman.faults.clear()
    reply = await alice.command(f"/nightshift cancel {name}")
    await so(on, lambda: "is cancelling job" in "".join(reply.ephemeral))
    assert "run 1" in (await outcome(alice, name, 1)).text
    on.clock.forward(timedelta(days=3, hours=1))
    await settle(1.0)
    assert made(on) == before


async def test_a_series_that_the_back_end_holds_stays_open_until_it_says_it_is_cancelled(
    on: Stage, alice: Person
) -> None:
    name, card = await asked_for(on, "every day at 05:00")
    await reads(card, "Foreman holds this series", on=on)
    await so(on, lambda: "Cancel the series" in card.buttons and on.foreman.logics[-1].state == "active")
    on.foreman.faults.append(Fault("status", "/cancel", "POST", status=500, times=None))
    assert "The series could not be cancelled" in await told(alice, "Cancel the series", card)
    assert "Cancel the series" in card.buttons
    on.foreman.faults.clear()
    assert f"{name}: cancelling." in await told(alice, "Cancel the series", card)
    await reads(card, "Cancelled", on=on)
    assert on.foreman.logics[-1].state == "cancelled"


async def test_a_run_that_has_not_left_yet_is_cancelled_with_its_request(on: Stage, alice: Person) -> None:
    before = made(on)
    on.foreman.faults.append(Fault("status", JOBS, "POST", status=429, headers={"Retry-After": "2"}, times=None))
    name, card = await asked_for(on, "now")
    await so(on, lambda: made(on) > before and "Cancel" in card.buttons)
    await settle(0.3)
    tried = made(on)
    assert f"{name}: cancelled." in await told(alice, "Cancel", card)
    on.foreman.faults.clear()
    await reads(card, "Cancelled", on=on)
    await settle(2.5)
    assert made(on) == tried
