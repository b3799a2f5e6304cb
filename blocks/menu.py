"""A row of buttons: at most three, and a menu with the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

from blocks.text import Block, Element, actions, button, clip, confirm_dialog, plain_text
from bot.requests.model import Request
from bot.requests.text import inside_a_sentence

MAX_BUTTONS = 3
MAX_MENU_ENTRIES = 5
"""Slack's limit on the entries of a menu."""
MENU_ACTION = "more"
"""The action id of a menu. The value of an entry is the action id and the value of the button that it stands for."""
MENU_SEPARATOR = "|"
CONFIRM_PREFIX = "ask_"
"""Stands before the action id of an entry that asks before it does anything: an entry cannot have a dialog."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is asked before something that cannot be undone."""

    title: str
    text: str
    yes: str

    @property
    def dialog(self) -> Element:
        """The question as the dialog of a button."""
        return confirm_dialog(self.title, self.text, self.yes)


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be done with a request. ``spoken`` follows the label for screen readers; "" for the request's
    name and title."""

    label: str
    action_id: str
    value: str = ""
    style: str = ""
    question: Confirmation | None = None
    url: str = ""
    spoken: str = ""


def choice_row(
    block_id: str, request: Request, choices: Sequence[Choice], entries: Sequence[Choice] = ()
) -> list[Block]:
    """The row: the first three choices as buttons; the others, and ``entries``, in a menu. Empty if there are none."""
    row = [_button(request, choice) for choice in choices[:MAX_BUTTONS]]
    rest = [*choices[MAX_BUTTONS:], *entries][:MAX_MENU_ENTRIES]
    if rest:
        row.append({"type": "overflow", "action_id": MENU_ACTION, "options": [_entry(choice) for choice in rest]})
    return [actions(block_id, *row)] if row else []


def _button(request: Request, choice: Choice) -> Element:
    spoken = choice.spoken or f"{request.name}, {inside_a_sentence(request.title)}"
    label = choice.label.removesuffix("…")
    return button(
        choice.label,
        choice.action_id,
        "" if choice.url else choice.value,
        style=choice.style,
        confirm=choice.question.dialog if choice.question else None,
        url=choice.url,
        spoken=f"{label} {spoken}",
    )


def _entry(choice: Choice) -> Element:
    prefix = CONFIRM_PREFIX if choice.question else ""
    label = choice.label if not choice.question or choice.label.endswith("…") else f"{choice.label}…"
    value = f"{prefix}{choice.action_id}{MENU_SEPARATOR}{choice.value}"
    return {"text": plain_text(clip(label, 75), 75), "value": value}
