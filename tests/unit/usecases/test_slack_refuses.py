"""Each error of Slack has one reaction: nothing is lost or sent twice, and nothing is tried for ever in silence."""

import pytest

from bot.slack.error_codes import REACTIONS, Reaction, reaction_to
from bot.storage import messages
from playground.slack import Message
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.test_digests import send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

POST = "chat.postMessage"


async def tell_alice(bot: Harness, text: str) -> str:
    async with bot.services.db.write() as tx:
        return await messages.add(tx, bot.now, "note", "U0ALICE", facts={"text": text})


async def stored(bot: Harness, message_id: str) -> messages.Message:
    async with bot.services.db.read() as tx:
        found = await messages.get(tx, message_id)
    assert found is not None
    return found


def received(bot: Harness, who: str, text: str) -> list[Message]:
    return [message for message in bot.env.slack.person(who).direct_messages if text in message.text]


def told_admins(bot: Harness, text: str) -> int:
    return sum(text in message.text for message in bot.env.slack.channel("#ops-admin").messages)


async def test_every_code_has_one_reaction() -> None:
    assert set(REACTIONS.values()) == set(Reaction) - {Reaction.UNKNOWN}
    assert reaction_to("restricted_action_read_only_channel") is Reaction.ANOTHER_WAY
    assert reaction_to("account_inactive") is Reaction.KEEP
    assert reaction_to("never_heard_of") is Reaction.UNKNOWN


@pytest.mark.parametrize(
    "code", ["internal_error", "invalid_auth", "account_inactive", "token_revoked", "missing_scope"]
)
async def test_what_slack_does_not_take_for_hours_arrives_once_it_does(bot: Harness, code: str) -> None:
    sender, text = sender_of(bot, digest_seconds=0), f"after {code}"
    note = await tell_alice(bot, text)
    fault = bot.env.slack.faults.fail_with_code(POST, code, times=None)
    for _ in range(12):
        bot.forward(minutes=5)
        await sender.send_due()
    assert (await stored(bot, note)).state == "due"
    bot.env.slack.faults.api.remove(fault)
    bot.forward(minutes=5)
    await send(bot, sender)
    assert len(received(bot, "alice", text)) == 1
    assert told_admins(bot, f"Slack did not accept Nightshift ({code})") == (code != "internal_error")


async def test_blocks_that_slack_refuses_are_sent_as_text(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    note = await tell_alice(bot, "plain words")
    bot.env.slack.faults.fail_with_code(POST, "invalid_blocks", times=1)
    await send(bot, sender)
    (message,) = received(bot, "alice", "plain words")
    assert (message.blocks, (await stored(bot, note)).state) == ([], "shown")
    assert told_admins(bot, "Slack refused a message of kind note (invalid_blocks)") == 1


async def test_a_code_in_no_table_is_tried_a_few_times_and_told(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    note = await tell_alice(bot, "never arrives")
    bot.env.slack.faults.fail_with_code(POST, "never_heard_of", times=None)
    for _ in range(12):
        bot.forward(minutes=5)
        await sender.send_due()
    gone = {message.recipient: (message, problem) for message, problem in sender.take_undeliverable()}
    assert (gone["U0ALICE"][0].id, gone["U0ALICE"][1]) == (note, "never_heard_of")
    assert "Slack refuses a message of kind note: never_heard_of." in gone["#ops-admin"][0].facts["text"]


async def test_a_person_who_cannot_be_written_to_is_given_up(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    note = await tell_alice(bot, "not to be")
    bot.env.slack.faults.fail_with_code(POST, "user_disabled", times=1)
    await send(bot, sender)
    assert (await stored(bot, note)).state == "undeliverable"
    assert [message.id for message, _ in sender.take_undeliverable()] == [note]


async def test_a_reply_whose_thread_is_gone_is_posted_outside_of_it(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    request = await bot.request()
    await send(bot, sender)
    (card,) = await bot.messages(request, "approval")
    channel = bot.env.slack.channel("#approvals")
    channel.remove(next(m for m in channel.messages if m.ts == card.ts))
    async with bot.services.db.write() as tx:
        await messages.add(tx, bot.now, "note", "#approvals", request.id, parent_id=card.id, facts={"text": "a reply"})
    await send(bot, sender)
    (reply,) = [m for m in channel.messages if "a reply" in m.text]
    assert not reply.thread_ts
