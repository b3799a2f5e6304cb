"""What a message shows, worked out anew from the database each time: one renderer for every copy of a card."""

from dataclasses import dataclass

from blocks.card import Card, card_blocks, failures_blocks, fallback, outcome_words, result_blocks
from blocks.text import Block, clip, escape, lines, t, user
from bot.clock import Clock
from bot.requests.approval import standing
from bot.requests.model import Request
from bot.requests.rounds import round_of
from bot.slack.directory import directory_for
from bot.slack.people import People
from bot.storage import delegations, messages, requests, runs
from bot.storage.database import Database
from bot.storage.messages import Message

RUNS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as Slack takes it; ``thread_ts`` puts it under another one. ``version`` is the request's."""

    blocks: list[Block]
    text: str
    thread_ts: str = ""
    waits_for: str = ""
    """The id of the message that must be there first; "" where nothing keeps this one."""


async def render(db: Database, people: People, clock: Clock, message: Message) -> Rendered:
    """Work out a message. Raises NotFound where what it shows is gone."""
    match message.kind:
        case "note":
            return await _note(db, message)
        case "approval" | "receipt":
            return await _card(db, people, clock, message)
        case "outcome" | "details":
            return await _outcome(db, message)
        case "reminder":
            return await _reminder(db, people, clock, message)


async def _note(db: Database, message: Message) -> Rendered:
    """A sentence, in the thread of the card that it is about; ``by`` is who caused it."""
    text = str(message.facts.get("text", ""))
    by = message.facts.get("by")
    async with db.read() as tx:
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
    row = [t(clip(text, 2900)), *([t(" By "), user(str(by))] if by else [])]
    return Rendered([lines(row)], escape(clip(text, 1000)), thread_ts=parent.ts if parent else "")


async def _card(db: Database, people: People, clock: Clock, message: Message) -> Rendered:
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        decisions = await requests.decisions_of(tx, request.id)
        several = await runs.of_request(tx, request.id, RUNS_SHOWN)
    words = await _standing(db, people, clock, request) if request.state == "awaiting_approval" else ""
    card = Card(
        request=request,
        decisions=decisions,
        runs=several,
        standing=words,
        view="receipt" if message.kind == "receipt" else "approval",
    )
    return Rendered(card_blocks(card), fallback(card))


async def _standing(db: Database, people: People, clock: Clock, request: Request) -> str:
    async with db.read() as tx:
        decisions = await requests.decisions_of(tx, request.id)
        held = await delegations.holding(tx, clock.now())
    directory = await directory_for(people, request.requirement, [request.requester])
    found = standing(round_of(request, held), decisions, directory, clock.now())
    return " ".join([found.words, *found.stuck])


async def _outcome(db: Database, message: Message) -> Rendered:
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        run = await runs.get(tx, message.run_id or "")
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
    state = run.state if request.is_series else request.state
    text = escape(clip(f"{request.name} · {request.title}: {outcome_words(state)}", 1000))
    if message.kind == "outcome":
        return Rendered(result_blocks(request, run), text)
    if parent is None or not parent.ts:
        waits = parent.id if parent is not None and parent.state != "dead" else ""
        return Rendered(failures_blocks(request, run), text, waits_for=waits)
    return Rendered(failures_blocks(request, run), text, thread_ts=parent.ts)


async def _reminder(db: Database, people: People, clock: Clock, message: Message) -> Rendered:
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
    standing_now = await _standing(db, people, clock, request)
    more = str(message.facts.get("text", ""))
    text = f"{request.name} still waits for a decision: {request.title}. {standing_now} {more}".strip()
    thread = parent.ts if parent is not None else ""
    return Rendered([lines([t(clip(text, 2900))])], escape(clip(text, 1000)), thread_ts=thread)
