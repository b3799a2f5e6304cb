"""Starts that a back end makes share the budget of their day, also when they are checked at the same time."""

import asyncio
from dataclasses import replace

import pytest

from bot.requests.policy.load import load_policy
from bot.usecases.jobs.check_starts import check_starts
from tests.unit.usecases.harness import FOREMAN, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"
POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "one host"
when = { max_targets = 1, backend = "foreman" }
effect = "approve"
budget = 2
"""


async def test_of_two_that_are_checked_together_one_uses_the_last_of_it(bot: Harness) -> None:
    hosts = "name = batch04.nyc.example.com"
    both = [await bot.request(when="tomorrow 21:00", hosts=hosts) for _ in range(2)]
    for request in both:
        assert (await bot.dispatch(await bot.run(request))).state == "scheduled_in_backend"
    smaller = load_policy(POLICY.replace("budget = 2", "budget = 1"), now=bot.now)
    services = replace(bot.services, policy=replace(bot.services.policy, policy=smaller))
    bot.forward(days=1, hours=10, minutes=50)
    backend = services.backends.require(FOREMAN)
    await asyncio.gather(check_starts(services, backend), check_starts(services, backend))
    await check_starts(services, backend)
    checks = [((await bot.runs(request))[-1].start_check, (await bot.reload(request)).state) for request in both]
    states = sorted(state for _, state in checks)
    assert states == ["awaiting_approval", "scheduled"]
    assert sorted(check.state for check, _ in checks if check) == ["cancelling", "passed"]
