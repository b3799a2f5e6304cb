"""How often Foreman is asked before the first start of a process."""

from datetime import timedelta

import aiohttp
import pytest

from bot.usecases.runs.dispatch import dispatch_run
from tests.unit.usecases.harness import FOREMAN, Harness, make_services

pytestmark = pytest.mark.asyncio(loop_scope="module")

_NOT_LOOKUPS = ("/job_invocations", "/recurring_logics")


async def test_a_first_start_by_feature_and_bookmark_asks_at_most_five_things(bot: Harness) -> None:
    world = bot.env.foreman.state.world
    bookmark = next(each for each in world.bookmarks if each.controller == "hosts")
    feature = next(each for each in world.features if each.template == 189)
    named = {"job_template_id": "", "feature": feature.label, "search_query": "", "bookmark_id": str(bookmark.id)}
    request = await bot.approved(when="in 2 hours", **named)
    bot.forward(hours=2, seconds=1)
    async with aiohttp.ClientSession() as http:
        fresh, harness = await make_services(bot.env, http)
        harness.clock.current = bot.now
        try:
            backend = harness.services.backends.require(FOREMAN)
            # The process does this as soon as it is up.
            await backend.connection.operations[request.content.operation].prepare()
            before = len(bot.env.foreman.received_requests)
            await dispatch_run(harness.services, (await bot.run(request)).id)
        finally:
            await fresh.close()
    received = bot.env.foreman.received_requests[before:]
    asked = [r.path for r in received if r.method == "GET" and not any(part in r.path for part in _NOT_LOOKUPS)]
    assert (await bot.run(request)).token != ""
    assert len(asked) <= 5, asked
    assert timedelta(0) < bot.now - request.created_at
