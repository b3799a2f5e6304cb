"""Whoever requested a start is told that a pause holds it."""

import pytest

from bot.errors import Conflict
from bot.requests.model import Request
from bot.slack.projection import Sources, render
from bot.usecases.approvals.disclose import record_shown
from bot.usecases.pauses.pause_starts import pause_starts
from bot.usecases.pauses.release_request import release_request
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


async def test_an_approval_during_a_pause_promises_no_start(bot: Harness) -> None:
    actor, (scope, _) = await bot.actor("bob"), split_scope(bot.services, "everything")
    await pause_starts(bot.services, actor, scope, None, "the switch is replaced.")
    request = await bot.request()
    await record_shown(bot.services, request, bot.person("bob"), "pages")
    held = "It is held until somebody ends the pause: everything is paused (the switch is replaced)."
    assert (await bot.decide(request)).text == f"You approved {request.name}. {held}"
    await send(bot, sender_of(bot, digest_seconds=0))
    told = [message.text for message in direct_messages(bot, "alice") if f"approved {request.name}" in message.text]
    assert [held in text for text in told] == [True]
    await resume(bot, "everything")


async def test_a_release_is_told_and_shown_until_the_start(bot: Harness) -> None:
    request = await bot.approved(when="in 3 hours")
    actor, (scope, _) = await bot.actor("bob"), split_scope(bot.services, "everything")
    await pause_starts(bot.services, actor, scope, None, "the switch is replaced")
    said = await release_request(bot.services, actor, await bot.reload(request))
    assert said.startswith(f"{request.name} may start during the pause.")
    told = [m for m in await bot.messages(request, "note") if "may start although everything is paused" in str(m.facts)]
    assert "U0ALICE" in [message.recipient for message in told]
    assert len(told) == 2
    (card,) = [m for m in await bot.messages(request, "approval") if m.recipient.startswith("#")]
    text = str((await render(Sources(bot.services.db, bot.services.directory, bot.clock), card)).blocks)
    assert "Released: it may start during the pause (the switch is replaced)." in text
    with pytest.raises(Conflict, match="has been released already"):
        await release_request(bot.services, actor, await bot.reload(request))
    await resume(bot, "everything")
    with pytest.raises(Conflict, match="Nothing holds"):
        await release_request(bot.services, actor, await bot.reload(request))
