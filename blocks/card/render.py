"""Puts a card together, within Slack's limits."""

from blocks.card.approvals import decided_blocks, waiting_blocks
from blocks.card.buttons import button_row
from blocks.card.facts import fact_blocks, warning_blocks
from blocks.card.heading import state_block, title_block
from blocks.card.model import Card
from blocks.card.now import now_blocks
from blocks.limits import fit_message
from blocks.text import Block, fallback
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
    request = card.request
    hint = card.variant == "approval" and card.must_read_first
    text = fallback(f"{STATE_LABELS[request.state]}: {request.title} ({request.name}). {request.outcome}".strip())
    return f"{text} Part of it does not fit on the card: read all of it first." if hint else text
