"""The search for conflicts among many open requests lets clicks through."""

import asyncio
from datetime import timedelta

import pytest

from bot.requests.model import Request
from bot.storage import requests
from bot.usecases.policy_input import policy_input_of_request
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 40


async def add_copies(bot: Harness, request: Request, count: int) -> None:
    async with bot.services.db.write() as tx:
        for _ in range(count):
            number = await requests.next_number(tx)
            await requests.add(tx, request.model_copy(update={"id": f"r_copy{number}", "number": number}), None)


async def turns_during_search(bot: Harness, request: Request) -> tuple[int, int]:
    """Return how often other work had its turn during a search, and how many conflicts it found."""
    turns = 0

    async def work() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    working = asyncio.create_task(work())
    found = await bot.services.conflicts.find(policy_input_of_request(request))
    working.cancel()
    return turns, len(found)


async def test_other_work_has_its_turn_after_every_few_open_requests(bot: Harness) -> None:
    request = await bot.request(when="tomorrow 21:00")
    await add_copies(bot, request, MANY)
    elsewhere = request.targets.model_copy(update={"names": ("nowhere",), "count": 1})
    turns, found = await turns_during_search(bot, request.model_copy(update={"targets": elsewhere}))
    assert found == 0
    assert turns >= 10


async def test_other_work_has_its_turn_after_every_conflict(bot: Harness) -> None:
    request = await bot.request(when="in 5 days at 21:00")
    await add_copies(bot, request, MANY)
    turns, found = await turns_during_search(bot, request)
    assert found == MANY
    assert turns >= found


async def test_conflicts_come_in_the_order_of_their_times(bot: Harness) -> None:
    late, early = await bot.request(when="in 9 days at 21:30"), await bot.request(when="in 9 days at 20:30")
    mine = await bot.request(when="in 9 days at 21:00")
    found = await bot.services.conflicts.find(policy_input_of_request(mine))
    assert [conflict.request for conflict in found] == [early.name, late.name]
    assert found[1].start - found[0].start == timedelta(minutes=30)
