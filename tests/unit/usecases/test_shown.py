"""Whatever Nightshift does by itself with a run is on record as its own, and is shown on the cards."""

from datetime import timedelta

import pytest

from bot.requests.model import Request
from bot.storage import runs
from bot.usecases.runs.finish import finish_run
from playground.sandbox import Fault
from tests.unit.usecases.harness import JOBS, Harness, foreman_fault
from tests.unit.usecases.test_on_record import Change, watching

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"
"""
CARDS = {"approval", "receipt"}


def actions(change: Change) -> list[str]:
    assert {actor for actor, _, _ in change.entries} <= {"nightshift"}
    return [action for _, action, _ in change.entries]


async def approved(bot: Harness, when: str = "now") -> Request:
    return await bot.approved(when=when)


async def test_a_start(bot: Harness) -> None:
    request = await approved(bot)
    async with watching(bot, request) as change:
        run = await bot.dispatch(await bot.run(request))
    assert actions(change) == ["run.prepared", "run.started"]
    assert change.entries[0][2] == {"run": run.id, "token": run.token}
    assert (change.drawn, change.woken) == (CARDS, {"sender", "watchers"})


async def test_a_refusal(bot: Harness) -> None:
    request = await approved(bot)
    bot.env.foreman.faults.append(foreman_fault("status", status=422, body={"error": {"message": "No such template"}}))
    async with watching(bot, request) as change:
        run = await bot.dispatch(await bot.run(request))
    assert actions(change) == ["run.prepared", "run.finished"]
    data = change.entries[1][2]
    assert (data["run"], data["number"], data["state"], data["why"]) == (run.id, 1, "failed", run.problem)
    assert (change.drawn, "sender" in change.woken) == (CARDS, True)


async def test_an_unknown_outcome(bot: Harness) -> None:
    request = await approved(bot)
    bot.env.foreman.faults.append(foreman_fault("cut"))
    bot.env.foreman.faults.append(Fault("status", JOBS, "GET", status=500, remaining=None))
    async with watching(bot, request) as change:
        run = await bot.dispatch(await bot.run(request))
    bot.env.foreman.faults.clear()
    assert (actions(change), run.state) == (["run.prepared", "run.unknown"], "unknown")
    assert (change.drawn, "sender" in change.woken) == (CARDS, True)


async def test_a_missed_start(bot: Harness) -> None:
    request = await approved(bot, "every 3 days at 04:00")
    run = await bot.run(request)
    assert run.latest_start is not None
    bot.move_to(run.latest_start + timedelta(seconds=1))
    async with watching(bot, request) as change:
        run = await bot.dispatch(run)
    assert (actions(change), run.state) == (["run.finished"], "missed")
    assert change.entries[0][2]["code"] == "missed"
    assert (change.drawn, change.woken) == (CARDS, {"sender"})


async def test_nightshift_takes_over_the_time(bot: Harness) -> None:
    request = await approved(bot, "today 20:00")
    assert request.start_at is not None
    bot.move_to(request.start_at - timedelta(seconds=62))
    async with watching(bot, request) as change:
        given_up = await bot.dispatch(await bot.run(request))
    assert (given_up.state, given_up.finished_at) == ("cancelled", bot.now)
    assert (change.drawn, change.woken) == (CARDS, {"sender", "scheduler"})


async def test_progress(bot: Harness) -> None:
    bot.env.foreman.speed = 1.0
    request, _ = await bot.started()
    async with watching(bot, request) as change:
        await bot.poll()
    assert change.drawn == CARDS
    bot.env.foreman.speed = 0.0
    await bot.poll()
    async with watching(bot, request) as again:
        await bot.poll()
    assert again.drawn == set()


@pytest.mark.parametrize(("state", "code"), [("succeeded", ""), ("failed", "not_possible")])
async def test_an_end(bot: Harness, state: str, code: str) -> None:
    request, run = await bot.started()
    async with watching(bot, request) as change, bot.services.db.write() as tx:
        await finish_run(tx, bot.services, run, request, state, problem="why", code=code)  # type: ignore[arg-type]
    expected = {"run": run.id, "number": 1, "state": state, "why": "why", **({"code": code} if code else {})}
    assert change.entries == [("nightshift", "run.finished", expected)]
    assert change.drawn == CARDS
    async with bot.services.db.read() as tx:
        assert (await runs.get(tx, run.id)).state == state
