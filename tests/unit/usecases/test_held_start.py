"""Whoever requested a start is told that a pause holds it."""

import pytest

from bot.requests.model import Request
from bot.usecases.pauses.pause_starts import pause_starts
from bot.usecases.pauses.resume_starts import resume_starts
from bot.usecases.pauses.scopes import split_scope
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.test_digests import direct_messages, quiet, send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUPS = {"@sre": ["bob"]}
POLICY = """
[policy]
approvers = ["@sre"]
may_pause = ["@sre"]
zone = "Europe/Berlin"
"""


async def held(bot: Harness, scope: str) -> Request:
    request = await bot.approved(when="in 3 hours")
    name, _ = split_scope(bot.services, scope)
    await pause_starts(bot.services, await bot.actor("bob"), name, None, "the switch is replaced.")
    bot.forward(hours=3, seconds=1)
    await bot.dispatch(await bot.run(request))
    bot.forward(minutes=6)
    await bot.dispatch(await bot.run(request))
    return request


async def resume(bot: Harness, scope: str) -> None:
    await resume_starts(bot.services, await bot.actor("bob"), split_scope(bot.services, scope)[0])


@pytest.mark.parametrize(
    ("scope", "paused"), [("foreman.main", "foreman.main is paused"), ("everything", "everything is paused")]
)
async def test_a_start_that_a_pause_holds_is_told_once(bot: Harness, scope: str, paused: str) -> None:
    request = await held(bot, scope)
    told = [m for m in await bot.messages(request, "note") if m.facts.get("event") == "held"]
    assert [m.recipient for m in told] == ["U0ALICE"]
    text = str(told[0].facts["text"])
    assert text.startswith(f"{request.name} has not started at ")
    assert f": {paused} (the switch is replaced). It starts when the pause ends." in text
    assert sum("has not started" in str(m.facts["text"]) for m in await bot.messages(request, "note")) == 2
    await resume(bot, scope)


async def test_who_sleeps_until_it_has_started_is_not_told_that_it_was_held(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    await send(bot, sender)
    await quiet(bot, "alice")
    bot.forward(hours=2, minutes=5)  # 20:05 in Tokyo
    request = await held(bot, "everything")
    await send(bot, sender)
    await resume(bot, "everything")
    await bot.dispatch(await bot.run(request))
    bot.forward(hours=9)
    await send(bot, sender)
    told = [message.text for message in direct_messages(bot, "alice") if request.name in message.text]
    assert told
    assert not any("has not started" in text for text in told)
