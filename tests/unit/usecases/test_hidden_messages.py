"""Messages about a request that its reader may not see any more."""

from typing import Any

import pytest

from bot.errors import SlackSilent
from bot.storage import messages
from bot.usecases.drafts.edit import edit_request
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.runs.cancel import cancel
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.sending import direct_messages, send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUPS = {"@sre": ["dave", "carol"], "@dbas": ["bob"]}
"""Dave and Carol are not in the channel."""
POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "databases"
when = { targets = "db*" }
approvers = ["@dbas"]
may_see = ["@dbas"]
"""
NEUTRAL = "A request was shown here that you may not see any more."


async def test_a_card_is_replaced_once_its_reader_may_not_see_the_request(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = sender_of(bot, digest_seconds=0)
    await send(bot, sender)
    request = await bot.request(when="tomorrow 20:00")
    await send(bot, sender)
    card = direct_messages(bot, "dave")[-1]
    assert request.name in card.text
    shown = len(direct_messages(bot, "dave"))
    alice = await bot.actor("alice")
    draft = await edit_request(bot.services, request.id, alice)
    draft = await apply_form_state(bot.services, draft, alice, {"search_query": "name ~ db"}, {})
    request = await bot.submit(draft)

    async def silent(*_: Any) -> None:
        raise SlackSilent("Slack is silent.")

    with monkeypatch.context() as patch:
        patch.setattr(bot.services.directory.__class__, "groups", silent)
        await send(bot, sender)
    assert request.name in direct_messages(bot, "dave")[-1].text
    bot.forward(seconds=60)
    await send(bot, sender)
    hidden = direct_messages(bot, "dave")[-1]
    assert (hidden.ts, hidden.text) == (card.ts, NEUTRAL)
    assert request.name not in str(hidden.blocks)

    async with bot.services.db.write() as tx:
        await messages.add(tx, bot.now, "note", "U0DAVE", request.id, facts={"text": f"{request.name} waits."})
    await cancel(bot.services, request.id, bot.person("alice"))
    before = [m.text for m in direct_messages(bot, "carol")]
    await send(bot, sender)
    assert [m.text for m in direct_messages(bot, "carol")] == before
    assert len(direct_messages(bot, "dave")) == shown
    assert {m.state for m in await bot.messages(request) if m.recipient == "U0DAVE"} == {"shown"}


async def test_a_card_comes_back_when_its_reader_may_see_the_request_again(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    await send(bot, sender)
    request = await bot.request(when="tomorrow 20:00")
    await send(bot, sender)
    alice = await bot.actor("alice")
    for hosts in ("name ~ db", "name ~ web"):
        draft = await edit_request(bot.services, request.id, alice)
        await bot.submit(await apply_form_state(bot.services, draft, alice, {"search_query": hosts}, {}))
        await send(bot, sender)
    assert any(request.name in m.text for m in direct_messages(bot, "dave")[-2:])
    assert not any(m.facts.get("hidden") for m in await bot.messages(request) if m.recipient == "U0DAVE")
