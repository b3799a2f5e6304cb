"""A stage that is complete tells the approvers of the next one."""

import pytest

from bot.requests.model import Request
from bot.storage.messages import Message
from bot.usecases.approvals.disclose import record_shown
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.test_digests import send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "databases"
when = { targets = "db*" }
stages = [{ approvers = "@sre", quorum = 2 }, { approvers = "@dba" }]
"""
GROUPS = {"@sre": ["bob", "carol"], "@dba": ["dave"]}
"""Dave is not in the channel."""


async def approve(bot: Harness, request: Request, who: str) -> None:
    await record_shown(bot.services, request, bot.person(who), "pages")
    await bot.decide(request, who)


async def told(bot: Harness, request: Request) -> list[Message]:
    return [m for m in await bot.messages(request, "note") if "next approvers" in str(m.facts["text"])]


async def test_the_next_stage_is_mentioned_in_the_thread_and_under_its_own_cards(bot: Harness) -> None:
    request, sender = await bot.request(hosts="name ~ db", when="tomorrow 21:00"), sender_of(bot, digest_seconds=0)
    await send(bot, sender)
    await approve(bot, request, "bob")
    assert await told(bot, request) == []
    await approve(bot, request, "carol")
    replies = {message.recipient: message for message in await told(bot, request)}
    assert replies.keys() == {"#approvals", "U0DAVE"}
    assert replies["#approvals"].facts["mentions"] == list(request.requirement.stages[1].groups)
    assert "@dba may decide now." in str(replies["#approvals"].facts["text"])
    assert all(message.parent_id for message in replies.values())


async def test_who_has_no_card_yet_gets_one_with_all_of_it(bot: Harness) -> None:
    request = await bot.request(hosts="name ~ db", when="tomorrow 21:00")
    await approve(bot, request, "bob")
    await approve(bot, request, "carol")
    cards = {message.recipient for message in await bot.messages(request, "approval")}
    assert cards == {"#approvals", "U0DAVE"}
