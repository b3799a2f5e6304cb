"""A series that waits for another approval is withdrawn or expires, while its present run goes on."""

import pytest

from bot.requests.model import Request, Run
from bot.usecases.jobs.expire import expire_requests
from bot.usecases.runs.cancel import cancel, withdraw_and_stop
from playground.sandbox import Fault
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"
overlap = "start"

[[policy.rules]]
name = "cache hosts"
when = { targets = "cache*" }
effect = "limit"
renew_after_runs = 1
"""
SERIES = "every 3 days at 04:00"
REFUSES = Fault("status", "/cancel", "POST", status=500, remaining=None)


async def reopened_series(bot: Harness) -> tuple[Request, Run]:
    """A series that waits for another approval while its first run is under way."""
    bot.env.foreman.speed = 0.00001
    request = await bot.approved(when=SERIES, hosts="name ~ cache")
    first = await bot.run(request)
    bot.move_to(first.due_at)
    await bot.dispatch(first)
    await bot.poll()
    second = await bot.run(request)
    bot.move_to(second.due_at)
    await bot.dispatch(second)
    request = await bot.reload(request)
    assert request.state == "awaiting_approval"
    return request, (await bot.runs(request))[-1]


async def test_withdrawing_a_series_cancels_its_present_run_too(bot: Harness) -> None:
    request, first = await reopened_series(bot)
    bot.env.foreman.faults.append(REFUSES)
    answer = await withdraw_and_stop(bot.services, request.id, bot.person("alice"))
    assert answer.startswith(f"{request.name} is withdrawn. The present run could not be cancelled: ")
    assert answer.endswith(f"Try again with /nightshift cancel {request.name}.")
    assert (await bot.reload(request)).state == "withdrawn"
    bot.env.foreman.faults.clear()
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert f"Foreman is cancelling job {first.handle['id']}" in answer
    assert "Foreman is cancelling job" in (await bot.reload(request)).outcome
    await bot.poll()
    assert [run.state for run in await bot.runs(request)] == ["cancelled", "cancelled"]
    assert (await bot.reload(request)).state == "withdrawn"


async def test_a_series_that_nobody_approves_again_says_that_its_present_run_goes_on(bot: Harness) -> None:
    request, _ = await reopened_series(bot)
    bot.forward(days=31)
    await expire_requests(bot.services)
    after = await bot.reload(request)
    assert (after.state, after.outcome) == (
        "expired",
        "Nobody decided in time, so no further run will start. The present run goes on; /nightshift cancel stops it.",
    )
    assert "Foreman is cancelling job" in await cancel(bot.services, request.id, bot.person("alice"))
