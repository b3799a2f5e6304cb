"""The first two lines of a card: what happens, and the state in words."""

from collections.abc import Sequence

from blocks.card.model import Card
from blocks.request import title_of
from blocks.states import NO_CONTACT_EMOJI, PAUSED_EMOJI, STATE_EMOJI
from blocks.text import Block, escape, header, marked_context, mrkdwn
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Person


def title_block(card: Card) -> Block:
    """What happens, behind the mark of the state."""
    return header(f"{_mark(card)} {title_of(card.request)}")


def state_block(card: Card) -> Block:
    """The state, which request it is, of which system, and who wrote it."""
    request = card.request
    wrote = [] if card.variant == "receipt" else [f"requested by {_mentions([request.requester])}"]
    if request.edited_by:
        wrote.append(f"edited by {_mentions(request.edited_by)}")
    if request.taken_over_from:
        wrote.append(f"taken over from {_mentions(request.taken_over_from)}")
    parts = [f"*{_state(card)}*", request.name, escape(card.system_names.title), *([", ".join(wrote)] if wrote else [])]
    return {**marked_context(mrkdwn(" · ".join(parts))), "block_id": "state"}


def _mark(card: Card) -> str:
    if _is_held(card):
        return PAUSED_EMOJI
    return NO_CONTACT_EMOJI if card.silent_run else STATE_EMOJI[card.request.state]


def _is_held(card: Card) -> bool:
    return bool(card.pauses) and card.request.state in ("approved", "scheduled", "starting")


def _state(card: Card) -> str:
    label = STATE_LABELS[card.request.state]
    if card.silent_run:
        return f"{label}, no contact"
    return f"{label}, paused" if _is_held(card) else label


def _mentions(people: Sequence[Person]) -> str:
    return ", ".join(f"<@{escape(person.user)}>" for person in people)
