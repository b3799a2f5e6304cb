"""A channel, or somebody's direct messages, has another id than before: cards and notes follow."""

import pytest

from bot.storage import messages
from bot.usecases.revive_cards import follow_channel
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.sending import direct_messages, send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_cards_follow_a_channel_whose_id_changes(bot: Harness) -> None:
    sender, slack = sender_of(bot), bot.env.slack
    request = await bot.request()
    await send(bot, sender)
    channel = slack.channel("#approvals")
    card = next(m for m in channel.messages if request.name in m.text)
    shown, old = len(channel.messages), channel.id
    new = slack.admin.change_channel_id("#approvals")
    await follow_channel(bot.services, old, new)
    await bot.decide(request, verdict="denied", comment="not today")
    await send(bot, sender)
    assert "Denied" in card.text
    assert len([m for m in channel.messages[shown:] if not m.thread_ts]) == 0
    later = await bot.request()
    await send(bot, sender)
    assert any(later.name in m.text for m in channel.messages)


async def test_what_the_old_id_was_refused_for_is_posted_under_the_new_one(bot: Harness) -> None:
    sender, slack = sender_of(bot), bot.env.slack
    channel = slack.channel("#approvals")
    old, new = channel.id, slack.admin.change_channel_id("#approvals")
    request = await bot.request()
    await send(bot, sender)
    await follow_channel(bot.services, old, new)
    await send(bot, sender)
    assert [m for m in channel.messages if f"{request.name} ·" in m.text]


async def test_direct_messages_are_opened_again_when_slack_knows_their_id_no_more(bot: Harness) -> None:
    sender, workspace = sender_of(bot, digest_seconds=0), bot.env.slack.workspace

    async def tell(text: str) -> None:
        async with bot.services.db.write() as tx:
            await messages.add(tx, bot.now, "note", "U0ALICE", facts={"text": text})
        await send(bot, sender)

    await tell("first")
    channel = next(each for each in workspace.channels.values() if each.peer == "U0ALICE")
    channel.id = workspace.new_id("D")
    workspace.channels = {each.id: each for each in workspace.channels.values()}
    await tell("second")
    assert [m.text for m in direct_messages(bot, "alice")][-2:] == ["first", "second"]
