"""A start that could not happen for hours does not come by itself any more: its approvers say when."""

from datetime import timedelta

import pytest

from bot.requests.model import Request
from bot.usecases.runs.admission import MOST_LATE
from bot.usecases.runs.retry_unknown import retry_unknown
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]
"""


async def due_since(bot: Harness, late: timedelta, when: str = "in 2 hours") -> Request:
    """An approved request whose start is that late."""
    request = await bot.approved(when=when)
    due = request.start_at or bot.now
    bot.move_to(due + late)
    await bot.dispatch(await bot.run(request))
    return await bot.reload(request)


async def test_a_start_that_is_a_few_hours_late_happens(bot: Harness) -> None:
    request = await due_since(bot, MOST_LATE - timedelta(minutes=1))
    assert (await bot.run(request)).state in ("running", "scheduled_in_backend")


@pytest.mark.parametrize("when", ["in 2 hours", "now"])
async def test_a_later_one_is_put_before_its_approvers(bot: Harness, when: str) -> None:
    calls = len(bot.posts())
    request = await due_since(bot, MOST_LATE + timedelta(minutes=1), when)
    assert request.state == "awaiting_approval"
    assert request.outcome.startswith("It was to start ")
    assert len(bot.posts()) == calls


async def test_a_start_with_a_latest_start_is_missed_after_that(bot: Harness) -> None:
    request = await due_since(bot, MOST_LATE + timedelta(hours=20), "in 2 hours, latest in 3 hours")
    assert (await bot.run(request)).state == "missed"


async def test_a_retry_of_an_unknown_run_is_as_late(bot: Harness) -> None:
    request, run = await bot.unknown(when="now")
    bot.forward(days=30)
    await retry_unknown(bot.services, request.id, bot.person("alice"))
    calls = len(bot.posts())
    await bot.dispatch(run)
    assert (await bot.reload(request)).state == "awaiting_approval"
    assert len(bot.posts()) == calls
