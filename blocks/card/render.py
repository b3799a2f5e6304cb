"""Puts a card together, within Slack's limits."""

from blocks.card.approvals import decided_blocks, needs_row, waiting_blocks
from blocks.card.buttons import button_row
from blocks.card.facts import fact_blocks, warning_blocks
from blocks.card.heading import state_block, title_block
from blocks.card.model import Card
from blocks.card.now import now_blocks
from blocks.limits import fit_message
from blocks.request import title_of
from blocks.results import ended_counts, running_counts
from blocks.text import Block, fallback, plain_words
from blocks.times import when_elements
from bot.requests.disclosure import card_excerpts
from bot.requests.lifecycle import STATE_LABELS


def card_blocks(card: Card) -> list[Block]:
    """The blocks of a card. Once it is decided, its state comes first, and what was asked for below it."""
    shown = card_excerpts(card.request)
    facts, warnings = fact_blocks(card, shown), warning_blocks(shown)
    blocks = [title_block(card), state_block(card), *now_blocks(card), *facts]
    if card.is_waiting:
        blocks += [*warnings, *waiting_blocks(card)]
    else:
        # What approvers have read by now is in Details. What no approver has read stays.
        blocks += [*(warnings if card.request.requirement.effect == "approve" else []), *decided_blocks(card)]
    # What is hidden was worked out for the facts as they are here, and markup would break if it was cut.
    markup = [block for block in blocks if block["type"] == "context"]
    return fit_message([*blocks, *button_row(card)], whole=[*markup, *facts, *warnings])


def fallback_text(card: Card) -> str:
    """The text for notifications and screen readers, escaped because Slack always reads it as mrkdwn."""
    hint = card.variant == "approval" and card.must_read_first
    text = fallback(_needed_text(card) if card.is_waiting else _state_text(card))
    return f"{text} Part of it does not fit on the card: read all of it first." if hint else text


def _needed_text(card: Card) -> str:
    """``Approval needed: Restart nginx, Sat 28 Nov, 21:00 CET. NS-12 in Foreman production. Needs 1 approval from
    @sre.``"""
    request = card.request
    # Two readers in one zone: the time is said once.
    when = plain_words(when_elements(request.content.schedule, request.created_at, {request.zone}))
    needs = plain_words(needs_row(card, mentions=False))
    where = f"{request.name} in {card.system_names.title}"
    what = f"{title_of(request)}, {when.replace('As soon', 'as soon')}"
    return f"Approval needed: {what}. {where}. {needs}. {request.outcome}".strip()


def _state_text(card: Card) -> str:
    """``Running: Restart nginx on 16 hosts, 8 of 16 done, 1 failed. NS-12.``"""
    request, run = card.request, card.runs[0] if card.runs else None
    counts = ""
    if run is not None and not request.is_series:
        counts = running_counts(run) if request.state == "running" else ended_counts(run)
    result = f", {counts}" if counts else ""
    return f"{STATE_LABELS[request.state]}: {title_of(request)}{result}. {request.name}. {request.outcome}".strip()
