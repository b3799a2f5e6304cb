"""What Approve on Home shows: a row of Home has less than the card, and nobody approves what they were not shown."""

from blocks.card.buttons import value_of
from blocks.card.facts import fact_blocks, warning_blocks
from blocks.card.model import Card
from blocks.details import READING_CALLBACK
from blocks.limits import fit_view
from blocks.text import View, actions, button, context, header, modal
from bot.requests.disclosure import card_excerpts


def home_approval_view(card: Card) -> View:
    """All that the card shows of a request, and the button that approves it."""
    request, shown = card.request, card_excerpts(card.request)
    approve = button(
        "Approve", "approve_read", value_of(card), style="primary", spoken=f"Approve {request.name}, {request.title}"
    )
    blocks = [
        context(f"Home shows only part of {request.name}. This is all that its card shows."),
        header(request.title),
        *fact_blocks(card, shown),
        *warning_blocks(shown),
        actions("approve_read", approve),
    ]
    return fit_view(modal(request.name, blocks, callback_id=READING_CALLBACK, close="Do not approve"))
