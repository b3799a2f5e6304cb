"""Finds out which approvers get the card of a request as a direct message, and makes their cards."""

from bot.clock import Clock
from bot.errors import SlackSilent
from bot.requests.approval.rounds import current_round
from bot.requests.model import Request
from bot.requests.notify.approvers import second_group, undecided_approvers
from bot.requests.notify.events import Event
from bot.requests.notify.plan import Plan, plan
from bot.slack.live_directory import load_approval_directory
from bot.slack.users import SlackDirectory
from bot.storage import delegations, messages, requests
from bot.storage.database import Database
from bot.storage.messages import Message
from bot.storage.notifications import audience_of, store_plan


async def make_copies(db: Database, slack_directory: SlackDirectory, clock: Clock, message: Message) -> bool:
    """Store the cards of the approvers who get one as a direct message, and mark ``message`` as done. Returns whether
    somebody has a card or gets one.

    Raises SlackSilent if Slack does not tell who the approvers are. Nobody is asked once the request is decided.
    """
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
    event, key = Event(str(message.facts["event"])), str(message.facts["key"])
    found = Plan(()) if request.state != "awaiting_approval" else None
    if found is None:
        found = await plan_with_people(db, slack_directory, clock, request, event, message)
    async with db.write() as tx:
        cards = await messages.of_request(tx, request.id, ["approval"])
        await store_plan(tx, clock.now(), request, event, found, cards, key=key, by=str(message.facts.get("by", "")))
        await messages.mark_delivered(tx, message, "", "", message.desired_version)
        cards = await messages.of_request(tx, request.id, ["approval"])
    return request.state != "awaiting_approval" or any(card.state != "undeliverable" for card in cards)


async def plan_with_people(
    db: Database, slack_directory: SlackDirectory, clock: Clock, request: Request, event: Event, message: Message
) -> Plan:
    """Return the plan of an event with the people whom Slack names now. Raises SlackSilent."""
    facts, now = message.facts, clock.now()
    channel = str(facts["channel"])
    async with db.read() as tx:
        decisions = await requests.decisions_of(tx, request.id)
        held = await delegations.for_decisions(tx, decisions, now)
    directory = await load_approval_directory(slack_directory, request, decisions)
    if not directory.is_complete:
        raise SlackSilent("Slack does not tell who may approve.")
    # A channel that takes no card has nobody in it who could see it.
    members = await slack_directory.channel_members(channel) if channel else frozenset[str]()
    approval_round = current_round(request, held)
    approvers = undecided_approvers(approval_round, decisions, directory, now)
    second = second_group(approval_round, decisions, directory, now)
    async with db.read() as tx:
        audience = await audience_of(
            tx,
            request,
            event,
            await messages.of_request(tx, request.id, ["approval"]),
            channel=channel,
            admins=str(facts.get("admins", "")),
            actor=str(facts.get("by", "")),
            approvers=approvers,
            second_group=second,
            in_channel=members,
        )
    found = plan(event, audience, request=request)
    added = tuple(m for m in found.messages if m.kind == "card" or m.place == audience.admins)
    return Plan(added, found.by_mention, found.by_copy, found.left_out)
