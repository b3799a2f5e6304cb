"""Stores the messages of a notification plan, each once, and reads what a plan needs to know of earlier messages."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from bot.requests.directory import is_user
from bot.requests.model import Request, Stage
from bot.requests.notify.events import TABLE, Event
from bot.requests.notify.plan import Audience, Plan, PlannedMessage, asked_of
from bot.storage import messages, person_settings
from bot.storage.messages import Message
from bot.storage.transactions import Tx

_REMINDERS = (Event.REMINDED, Event.ESCALATED)


async def audience_of(
    tx: Tx,
    request: Request,
    event: Event,
    cards: Sequence[Message],
    *,
    channel: str,
    results: str = "",
    admins: str = "",
    actor: str = "",
    approvers: Iterable[str] | None = None,
    second_group: Sequence[str] | None = None,
    in_channel: frozenset[str] | None = None,
    stages: Sequence[Stage] | None = None,
) -> Audience:
    """Return the audience of an event: what is stored of it, and what the caller knows from Slack.

    ``cards`` are the stored ones of the request. ``stages`` are those that are asked; None for all of the request.
    """
    known = None if approvers is None else tuple(approvers)
    people = (request.requester.user, *(known or ()))
    escalated = request.requirement.escalate_to
    stages = request.requirement.stages if stages is None else stages
    if event is Event.ESCALATED and escalated is not None:
        stages = (escalated, *stages)
    return Audience(
        requester=request.requester.user,
        channel=channel,
        actor=actor,
        results=results,
        admins=admins,
        other_channels=tuple(c.recipient for c in cards if not is_user(c.recipient) and c.recipient != channel),
        asked=asked_of(*stages),
        approvers=known,
        second_group=None if second_group is None else tuple(second_group),
        in_channel=in_channel,
        holders=frozenset(card.recipient for card in cards if is_user(card.recipient)),
        notify=request.requirement.notify,
        preferences=await person_settings.preferences_of_users(tx, request.requester.team, people),
    )


async def store_plan(
    tx: Tx,
    now: datetime,
    request: Request,
    event: Event,
    plan: Plan,
    cards: Sequence[Message],
    *,
    key: str,
    by: str = "",
    run_id: str = "",
) -> None:
    """Store the messages of a plan. ``key`` tells the event from others of its kind; storing it twice changes nothing.

    ``cards`` are the stored ones of the request. ``by`` is the user who caused it.
    """
    card_in = {card.recipient: card for card in cards}
    for planned in plan.messages:
        await _store(
            tx, now, request, event, planned, card_in, f"{event}:{request.id}:{key}:{planned.place}", by, run_id
        )


async def store_copies(tx: Tx, now: datetime, request: Request, event: Event, facts: Mapping[str, JsonValue]) -> None:
    """Store that the approvers who are not in the channel get their cards. Who that is, is found out by the sender.

    ``facts`` has the key of the event.
    """
    if TABLE[event].copies:
        dedupe = f"copies:{event}:{request.id}:{facts['key']}"
        await messages.add(tx, now, "copies", request.id, request.id, facts={**facts, "event": event}, dedupe=dedupe)


async def _store(
    tx: Tx,
    now: datetime,
    request: Request,
    event: Event,
    planned: PlannedMessage,
    cards: Mapping[str, Message],
    dedupe: str,
    by: str,
    run_id: str,
) -> None:
    place = planned.place
    facts: dict[str, JsonValue] = {"mentions": list(planned.mentions)} if planned.mentions else {}
    if planned.is_urgent:
        facts["urgent"] = True
    match planned.kind:
        case "card":
            await messages.add(
                tx, now, "approval", place, request.id, facts=facts, dedupe=f"approval:{request.id}:{place}"
            )
        case "receipt":
            await messages.add(tx, now, "receipt", place, request.id, dedupe=f"receipt:{request.id}")
        case "outcome":
            dedupe = f"outcome:{run_id}:{place}"
            await messages.add(tx, now, "outcome", place, request.id, run_id=run_id, facts=facts, dedupe=dedupe)
        case "note":
            facts |= {"text": planned.text, "by": by or None, "event": event}
            await messages.add(tx, now, "note", place, request.id, run_id=run_id or None, facts=facts, dedupe=dedupe)
        case "reply" if place in cards and (cards[place].ts or not is_user(place)):
            # A card that somebody has not got yet shows all of it once it comes.
            facts |= {"text": planned.text, "by": by or None}
            kind: messages.MessageKind = "reminder" if event in _REMINDERS else "note"
            parent = cards[place].id
            await messages.add(
                tx, now, kind, place, request.id, parent_id=parent, facts=facts, dedupe=f"{dedupe}:thread"
            )
