"""How much the background work does at once, and that clicks get their turn meanwhile."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from aiohttp import web

from bot.requests.model import Run
from bot.storage import runs
from bot.usecases import conflict_finder
from bot.usecases.calendar_store import MAX_BYTES, _fetch
from bot.usecases.jobs import alert_unapprovable, watch
from bot.usecases.policy_input import policy_input_of_request
from bot.usecases.runs import cancel
from playground.server import serve
from tests.unit.usecases.harness import FOREMAN, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"


async def test_the_limits_of_a_round() -> None:
    assert (watch.MAX_RUNS_PER_ROUND, watch.CLAIM_BATCH_SIZE) == (1000, 50)
    assert alert_unapprovable.MAX_REQUESTS_PER_ROUND == 100
    assert conflict_finder.PAGE_SIZE == 4
    assert cancel._MAX_RUNS == 10_000


async def test_a_calendar_may_have_five_million_bytes_wherever_it_has_moved() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * int(request.query["size"]))

    async def moved(_: web.Request) -> web.Response:
        raise web.HTTPFound("/freeze.ics?size=3")

    app = web.Application()
    app.router.add_get("/freeze.ics", answer)
    app.router.add_get("/moved.ics", moved)
    async with serve(app) as url:
        assert len(await _fetch(f"{url}/freeze.ics?size=5000000")) == MAX_BYTES
        with pytest.raises(ValueError, match="larger than 5 MB"):
            await _fetch(f"{url}/freeze.ics?size=5000001")
        assert await _fetch(f"{url}/moved.ics") == "xxx"
        with pytest.raises(httpx.HTTPStatusError):
            await _fetch(f"{url}/none.ics")


async def test_others_get_a_turn_after_each_page_of_open_requests(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conflict_finder, "PAGE_SIZE", 1)
    asked = [await bot.request(hosts="name ~ db") for _ in range(4)]
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.create_task(take_turns())
    await asyncio.sleep(0)
    before = turns
    await bot.services.conflicts.find(policy_input_of_request(asked[0]))
    other.cancel()
    assert turns - before >= len(asked)


async def test_a_run_that_the_back_end_does_not_know_yet_keeps_no_other_from_being_found(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when="every day at 06:00")
    await bot.dispatch(await bot.run(request))
    async with bot.services.db.write() as tx:
        held = Run(id=f"n_{request.id}", request_id=request.id, number=1, state="pending", version=1)
        await runs.add(tx, held, FOREMAN, "foreman.run")
    assert request.start_at is not None
    bot.move_to(request.start_at + timedelta(minutes=1))
    await bot.poll()
    await bot.poll()
    newest = await bot.run(request)
    assert (newest.number, newest.state) == (2, "running")
