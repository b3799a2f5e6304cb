"""Renders messages from the database. Every copy of a card has the same renderer."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from blocks.card.model import Card, SystemNames
from blocks.card.render import card_blocks, fallback_text
from blocks.limits import fit_message
from blocks.mentions import mentions
from blocks.notes import has_label, note_blocks, note_text, reminder_blocks, reminder_text
from blocks.outcome import failure_blocks, outcome_blocks, outcome_text
from blocks.text import (
    Block,
    Element,
    bullets,
    clip,
    fallback,
    link,
    rich_text,
    rich_text_lines,
    text_run,
    user_mention,
)
from bot.clock import Clock
from bot.errors import NightshiftError, NotFound
from bot.requests.approval.rounds import current_round
from bot.requests.approval.status import ApprovalStatus, approval_status
from bot.requests.directory import is_user
from bot.requests.emergency import due_review_text, named_reviewers
from bot.requests.model import Decision, Request, Stage
from bot.requests.notify.events import Event
from bot.requests.notify.words import next_start_text
from bot.requests.pauses import released_pauses, shown_pauses
from bot.slack.live_directory import load_approval_directory
from bot.slack.users import SlackDirectory
from bot.storage import delegations, messages, pauses, requests, reviews, runs
from bot.storage.database import Database
from bot.storage.messages import Message

MAX_RUNS = 5


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A message as Slack takes it. ``thread_ts`` puts it in the thread of another one."""

    blocks: list[Block]
    text: str
    thread_ts: str = ""
    waits_for_message_id: str = ""
    """The id of a message that must be posted first; "" if there is none."""
    is_hidden: bool = False
    """Whether it says nothing of its request, because its recipient may not see it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where messages are rendered from. ``systems`` has the names of back ends by their full name."""

    db: Database
    slack_directory: SlackDirectory
    clock: Clock
    systems: Mapping[str, SystemNames] = field(default_factory=dict)


async def render(sources: Sources, message: Message) -> RenderedMessage:
    """Render a message. Raises NotFound if what it shows is deleted."""
    match message.kind:
        case "note":
            return await _render_note(sources, message)
        case "approval" | "receipt":
            return await _render_card(sources, message)
        case "outcome" | "details":
            return await _render_outcome(sources, message)
        case "reminder":
            return await _render_reminder(sources, message)
        case "copies":
            raise NotFound("It is no message.")


async def _render_note(sources: Sources, message: Message) -> RenderedMessage:
    """Render a note: on an event with the title of its request, in the thread of a card as a sentence alone. ``by`` is
    the user who caused it."""
    text, by, event = str(message.facts.get("text", "")), message.facts.get("by"), message.facts.get("event")
    if message.request_id and message.parent_id is None and has_label(event):
        return await _render_event(sources, message, Event(str(event)), text, str(by or ""))
    parent_ts = await _ts_of_parent(sources, message)
    row = [*_mentions(message), text_run(clip(text, 2900)), *([text_run(" By "), user_mention(str(by))] if by else [])]
    if message.facts.get("home") and (url := await sources.slack_directory.home_url()):
        row += [text_run(" "), link("Open Home", url)]
    lines = message.facts.get("lines")
    more = [str(line) for line in lines] if isinstance(lines, list | tuple) else []
    blocks = [rich_text_lines(row), *([rich_text(bullets([clip(line, 300) for line in more]))] if more else [])]
    return RenderedMessage(fit_message(blocks), fallback(text), thread_ts=parent_ts)


async def _render_event(sources: Sources, message: Message, event: Event, text: str, by: str) -> RenderedMessage:
    """Render a note on an event, with the title of its request and the buttons that it makes one want."""
    card = await _load_card(sources, message)
    if event is Event.APPROVED:
        text = next_start_text(card.request, sources.clock.now(), card.pauses, card.system_names.title)
    blocks = note_blocks(card, event, text, by, is_direct=is_user(message.recipient))
    return RenderedMessage(blocks, note_text(card.request, event, text))


async def _ts_of_parent(sources: Sources, message: Message) -> str:
    """Return the ts of the message in whose thread one is; "" if it is in none, or that is not posted."""
    if not message.parent_id:
        return ""
    async with sources.db.read() as tx:
        parent = await messages.get(tx, message.parent_id)
    return parent.ts if parent else ""


def _mentions(message: Message) -> list[Element]:
    """Mention whom the notification plan says."""
    return mentions(_mentioned(message))


def _mentioned(message: Message) -> list[str]:
    names = message.facts.get("mentions")
    return [str(name) for name in names] if isinstance(names, list | tuple) else []


async def _render_card(sources: Sources, message: Message) -> RenderedMessage:
    card = await _load_card(sources, message)
    return RenderedMessage(card_blocks(card), fallback_text(card))


async def _load_card(sources: Sources, message: Message) -> Card:
    """Load what a card shows of the request of a message."""
    async with sources.db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        decisions = await requests.decisions_of(tx, request.id)
        several = await runs.of_request(tx, request.id, MAX_RUNS)
        in_force = await pauses.not_ended(tx)
        review = await reviews.of_request(tx, request.id) if request.is_emergency else None
    now, is_waiting = sources.clock.now(), request.state == "awaiting_approval"
    status, stages = await _approval_status(sources, request, decisions) if is_waiting else (None, ())
    names = await sources.slack_directory.names_of(named_reviewers(request)) if review else {}
    readers = (request.requester.user, *(status.eligible_approvers if status else ()), *_deciders(decisions))
    return Card(
        request=request,
        decisions=decisions,
        runs=several,
        status=status,
        stages=stages,
        pauses=shown_pauses(in_force, request, several, now),
        released_from=released_pauses(in_force, request, several, now),
        review=due_review_text(request, review, now, request.zone, names) if review else "",
        review_is_due=review is not None and review.reviewed_at is None,
        variant="receipt" if message.kind == "receipt" else "approval",
        mentions_approvers=bool(message.facts.get("mentions")),
        reader=message.recipient if is_user(message.recipient) else "",
        system=sources.systems.get(request.content.backend),
        reader_zones=await sources.slack_directory.known_zones(readers),
    )


def _deciders(decisions: Iterable[Decision]) -> tuple[str, ...]:
    return tuple(decision.person.user for decision in decisions)


async def _approval_status(
    sources: Sources, request: Request, decisions: Iterable[Decision]
) -> tuple[ApprovalStatus, tuple[Stage, ...]]:
    """Return how far an approval has come, and its stages at this moment."""
    now, decisions = sources.clock.now(), list(decisions)
    async with sources.db.read() as tx:
        held = await delegations.for_decisions(tx, decisions, now)
    directory = await load_approval_directory(sources.slack_directory, request, decisions)
    current = current_round(request, held)
    return approval_status(current, decisions, directory, now), current.stages(now)


async def _render_outcome(sources: Sources, message: Message) -> RenderedMessage:
    card = await _load_card(sources, message)
    async with sources.db.read() as tx:
        run = await runs.get(tx, message.run_id or "")
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
    text = outcome_text(card.request, run)
    if message.kind == "outcome":
        is_mentioned = bool(message.facts.get("mentions"))
        requester = "" if is_mentioned else await _name_of(sources.slack_directory, card.request)
        blocks = outcome_blocks(card, run, requester, is_direct=is_user(message.recipient))
        return RenderedMessage(blocks, text)
    if parent is None or not parent.ts:
        waits = parent.id if parent is not None and parent.state != "undeliverable" else ""
        return RenderedMessage(failure_blocks(run), text, waits_for_message_id=waits)
    return RenderedMessage(failure_blocks(run), text, thread_ts=parent.ts)


async def _name_of(slack_directory: SlackDirectory, request: Request) -> str:
    """Return the requester's name, so that a message need not mention them; "" if Slack does not tell it."""
    try:
        return (await slack_directory.user(request.requester.user, request.requester.team)).name
    except NightshiftError:
        return ""


async def _render_reminder(sources: Sources, message: Message) -> RenderedMessage:
    card = await _load_card(sources, message)
    more, thread = str(message.facts.get("text", "")), await _ts_of_parent(sources, message)
    blocks = reminder_blocks(card, _mentioned(message), more)
    return RenderedMessage(blocks, reminder_text(card, more), thread_ts=thread)
