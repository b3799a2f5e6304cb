"""What the plan of each event says is what arrives in Slack: the same places, mentions and number of messages."""

from collections.abc import Mapping
from typing import Any

import pytest

from bot.requests.approval.rounds import current_round
from bot.requests.model import Request
from bot.requests.notify.approvers import second_group, undecided_approvers
from bot.requests.notify.events import Event
from bot.requests.notify.plan import Plan, plan
from bot.storage import messages
from bot.storage.notifications import audience_of
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.notifications import tell
from playground.slack import Message
from tests.unit.usecases.harness import Harness
from tests.unit.usecases.test_digests import send, sender_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

GROUPS = {"@sre": ["bob", "dave"], "@leads": ["carol"]}
"""Dave is not in the channel."""
POLICY = """
[policy]
approvers = ["@sre"]
escalate_after = "1s"
escalate_to = ["@leads"]
"""
ENDS = (Event.ENDED, Event.FAILED)


def group_mentions(message: Message, among: set[str]) -> set[str]:
    text = str(message.blocks)
    return {name for name in among if f"'{name}'" in text}


def place_of(message: Message) -> str:
    channel = message.channel
    return channel.peer if channel.kind == "im" else f"#{channel.name}"


async def expected(bot: Harness, request: Request, event: Event, text: str) -> Plan:
    """The plan of an event by what is true, found out without what the product does for it."""
    services, decisions = bot.services, await bot.decisions(request)
    directory = await services.approvals.directory_for(request, decisions)
    approval_round, is_open = current_round(request, ()), request.state == "awaiting_approval"
    async with services.db.read() as tx:
        audience = await audience_of(
            tx,
            request,
            event,
            await messages.of_request(tx, request.id, ["approval"]),
            channel="#approvals",
            results="#results",
            admins="#ops-admin",
            approvers=undecided_approvers(approval_round, decisions, directory, bot.now) if is_open else (),
            second_group=second_group(approval_round, decisions, directory, bot.now),
            in_channel=frozenset(bot.env.slack.channel("#approvals").members),
        )
    return plan(event, audience, text, request)


def known(bot: Harness, event: Event) -> Mapping[str, Any]:
    """What the job that reminds asks Slack for before it tells."""
    members = frozenset(bot.env.slack.channel("#approvals").members)
    reminds = event in (Event.REMINDED, Event.ESCALATED)
    return {"approvers": ("U0BOB", "U0CAROL", "U0DAVE"), "in_channel": members} if reminds else {}


@pytest.mark.parametrize("event", [event for event in Event if event is not Event.REQUESTED])
async def test_what_is_planned_arrives_and_nothing_else(bot: Harness, event: Event) -> None:
    sender = sender_of(bot, digest_seconds=0)
    request = (await bot.started())[0] if event in ENDS else await bot.request()
    run_id = (await bot.run(request)).id if event in ENDS else ""
    bot.forward(seconds=2)
    await send(bot, sender)
    promised = await expected(bot, request, event, "so it is")
    before = len(bot.env.slack.workspace.posts)
    async with bot.services.db.write() as tx:
        await tell(tx, bot.services, request, event, "so it is", key="k", run_id=run_id, **known(bot, event))
    await send(bot, sender)
    posts = bot.env.slack.workspace.posts[before:]
    assert sorted(map(place_of, posts)) == sorted(message.place for message in promised.messages)
    for message in promised.messages:
        there = [post for post in posts if place_of(post) == message.place]
        groups = {name for name in message.mentions if name.startswith("S")}
        assert any(group_mentions(post, {"S0SRE"}) == groups & {"S0SRE"} for post in there)
        assert any(group_mentions(post, set(message.mentions)) == set(message.mentions) for post in there)


async def test_the_preview_promises_what_submitting_does(bot: Harness) -> None:
    sender = sender_of(bot, digest_seconds=0)
    await send(bot, sender)
    draft, checked = await preview_draft(bot.services, await bot.draft(), await bot.actor("alice"))
    assert (checked.notified_count, checked.notified_count_is_minimum) == (2, False)
    assert checked.notified == ("In #approvals: @bob.", "By direct message: @dave.")
    before = len(bot.env.slack.workspace.posts)
    await submit(bot.services, draft, draft.version)
    await send(bot, sender)
    posts = {place_of(post): post for post in bot.env.slack.workspace.posts[before:]}
    assert posts.keys() == {"#approvals", "U0ALICE", "U0DAVE"}
    assert group_mentions(posts["#approvals"], {"S0SRE"}) == {"S0SRE"}
    assert not group_mentions(posts["U0DAVE"], {"S0SRE"})


async def test_who_gets_a_card_is_settled_while_submitting_where_slack_has_told_it(bot: Harness) -> None:
    request = await bot.request()
    assert await bot.messages(request, "copies") == []
    assert {card.recipient for card in await bot.messages(request, "approval")} == {"#approvals", "U0DAVE"}


async def test_who_gets_a_card_is_found_out_afterwards_where_slack_must_be_asked(bot: Harness) -> None:
    draft, _ = await preview_draft(bot.services, await bot.draft(), await bot.actor("alice"))
    bot.services.directory.invalidate_channels()
    request = await submit(bot.services, draft, draft.version)
    assert len(await bot.messages(request, "copies")) == 1
    assert [card.recipient for card in await bot.messages(request, "approval")] == ["#approvals"]
