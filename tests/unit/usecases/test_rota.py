"""Approvers who are on call: while the rota cannot be read its fallback decides, and the card says so."""

import pytest

from bot.errors import NotAllowed
from bot.slack.projection import Sources, render
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["oncall:net"]

[policy.oncall.net]
file = "/nowhere/net.json"
fallback = ["@sre"]
"""


async def test_the_fallback_decides_and_the_card_says_so(bot: Harness) -> None:
    request = await bot.request()
    card = (await bot.messages(request, "approval"))[0]
    shown = str((await render(Sources(bot.services.db, bot.services.directory, bot.clock), card)).blocks)
    assert "Who is on call for net cannot be read: @sre stand in" in shown
    with pytest.raises(NotAllowed, match="Only oncall:net may decide on this"):
        await bot.decide(request, "dave")
    assert (await bot.decide(request, "bob")).request.state == "scheduled"
