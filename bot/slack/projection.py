"""Renders messages from the database. Every copy of a card has the same renderer."""

from dataclasses import dataclass

from blocks.card import Card, card_blocks, failure_blocks, fallback_text, outcome_blocks, outcome_label
from blocks.limits import fit_message
from blocks.mentions import mentions
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
from bot.requests.approval.status import approval_status
from bot.requests.emergency import due_review_text, named_reviewers
from bot.requests.model import Request
from bot.requests.notify.events import Event
from bot.requests.notify.words import next_start_text
from bot.requests.pauses import shown_pauses
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


async def render(db: Database, slack_directory: SlackDirectory, clock: Clock, message: Message) -> RenderedMessage:
    """Render a message. Raises NotFound if what it shows is deleted."""
    match message.kind:
        case "note":
            return await _render_note(db, slack_directory, clock, message)
        case "approval" | "receipt":
            return await _render_card(db, slack_directory, clock, message)
        case "outcome" | "details":
            return await _render_outcome(db, slack_directory, message)
        case "reminder":
            return await _render_reminder(db, slack_directory, clock, message)
        case "copies":
            raise NotFound("It is no message.")


async def _render_note(
    db: Database, slack_directory: SlackDirectory, clock: Clock, message: Message
) -> RenderedMessage:
    """Render a sentence, in the thread of a card if it has a parent. ``by`` is the user who caused it."""
    text = str(message.facts.get("text", ""))
    by = message.facts.get("by")
    async with db.read() as tx:
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
        if message.facts.get("event") == Event.APPROVED:
            request = await requests.get(tx, message.request_id or "")
            text = f"{text} {next_start_text(request, clock.now())}".strip()
    row = [*_mentions(message), text_run(clip(text, 2900)), *([text_run(" By "), user_mention(str(by))] if by else [])]
    if message.facts.get("home") and (url := await slack_directory.home_url()):
        row += [text_run(" "), link("Open Home", url)]
    lines = message.facts.get("lines")
    more = [str(line) for line in lines] if isinstance(lines, list | tuple) else []
    blocks = [rich_text_lines(row), *([rich_text(bullets([clip(line, 300) for line in more]))] if more else [])]
    return RenderedMessage(fit_message(blocks), fallback(text), thread_ts=parent.ts if parent else "")


def _mentions(message: Message) -> list[Element]:
    """Mention whom the notification plan says."""
    names = message.facts.get("mentions")
    return mentions([str(name) for name in names]) if isinstance(names, list | tuple) else []


async def _render_card(
    db: Database, slack_directory: SlackDirectory, clock: Clock, message: Message
) -> RenderedMessage:
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        decisions = await requests.decisions_of(tx, request.id)
        several = await runs.of_request(tx, request.id, MAX_RUNS)
        in_force = await pauses.not_ended(tx)
        review = await reviews.of_request(tx, request.id) if request.is_emergency else None
    words = (
        await _approval_status_text(db, slack_directory, clock, request) if request.state == "awaiting_approval" else ""
    )
    names = await slack_directory.names_of(named_reviewers(request)) if review else {}
    card = Card(
        request=request,
        decisions=decisions,
        runs=several,
        approval_status=words,
        pauses=shown_pauses(in_force, request, several, clock.now()),
        review=due_review_text(request, review, clock.now(), request.zone, names) if review else "",
        review_is_due=review is not None and review.reviewed_at is None,
        variant="receipt" if message.kind == "receipt" else "approval",
        mentions_approvers=bool(message.facts.get("mentions")),
    )
    return RenderedMessage(card_blocks(card), fallback_text(card))


async def _approval_status_text(db: Database, slack_directory: SlackDirectory, clock: Clock, request: Request) -> str:
    async with db.read() as tx:
        decisions = await requests.decisions_of(tx, request.id)
        held = await delegations.for_decisions(tx, decisions, clock.now())
    directory = await load_approval_directory(slack_directory, request, decisions)
    found = approval_status(current_round(request, held), decisions, directory, clock.now())
    return " ".join([f"{found.text}.", *found.unapprovable_reasons])


async def _render_outcome(db: Database, slack_directory: SlackDirectory, message: Message) -> RenderedMessage:
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        run = await runs.get(tx, message.run_id or "")
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
    state = run.state if request.is_series else request.state
    text = fallback(f"{request.name} · {outcome_label(state)} · {request.title}")
    if message.kind == "outcome":
        requester = "" if message.facts.get("mentions") else await _name_of(slack_directory, request)
        return RenderedMessage(outcome_blocks(request, run, requester), text)
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


async def _render_reminder(
    db: Database, slack_directory: SlackDirectory, clock: Clock, message: Message
) -> RenderedMessage:
    async with db.read() as tx:
        request = await requests.get(tx, message.request_id or "")
        parent = await messages.get(tx, message.parent_id) if message.parent_id else None
    standing_now = await _approval_status_text(db, slack_directory, clock, request)
    more = str(message.facts.get("text", ""))
    text = f"{request.name} still waits for a decision: {request.title}. {standing_now} {more}".strip()
    thread = parent.ts if parent is not None else ""
    blocks = fit_message([rich_text_lines([*_mentions(message), text_run(clip(text, 2900))])])
    return RenderedMessage(blocks, fallback(text), thread_ts=thread)
