"""What a handler answers. The dispatcher turns it into an acknowledgement or a call of Slack."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from blocks.text import Block, Element, View

OnShown: TypeAlias = Callable[[], Awaitable[None]]
"""Called after Slack has taken what the person was to be shown. Not called where Slack does not say so."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Only acknowledge."""


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """A message that only the person sees; after a click or submission in a view, a view that says the same."""

    text: str
    blocks: Sequence[Block] = ()
    more_lines: Sequence[str] = ()
    """Shown below the text, each on a line of its own; only in an answer to a command."""


@dataclass(frozen=True, slots=True)
class OpenView:
    """Open a modal. ``text`` is what it says, for where it comes too late to be opened."""

    view: View
    text: str = ""
    on_shown: OnShown | None = None


@dataclass(frozen=True, slots=True)
class PushView:
    """Put a modal on top of the one that was clicked in or submitted."""

    view: View


@dataclass(frozen=True, slots=True)
class UpdateView:
    """Replace the view that was clicked in or submitted, or the one that was opened for this reply."""

    view: View
    on_shown: OnShown | None = None


@dataclass(frozen=True, slots=True)
class SendFile:
    """Send the person a text file and update the view."""

    file_name: str
    title: str
    content: str
    sent: View
    not_sent: View
    """Shown instead where the app may not send files."""
    on_shown: OnShown | None = None


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """Reject what was submitted."""

    by_block: Mapping[str, str]
    """Shown under the inputs; empty where the fields at fault are not on the screen."""
    redraw: Callable[[], Awaitable[View]]
    """Makes the submitted view with the errors in it. Slack takes field errors only in the acknowledgement, so this is
    shown after it, and where ``by_block`` is empty."""
    summary: View | None = None
    """Replaces a view that was pushed while the errors were found."""


@dataclass(frozen=True, slots=True)
class Options:
    """Choices for a select."""

    elements: Sequence[Element]


@dataclass(frozen=True, slots=True)
class PublishHome:
    """Show the Home tab."""

    view: View


Reply: TypeAlias = (
    Nothing | Ephemeral | OpenView | PushView | UpdateView | SendFile | FieldErrors | Options | PublishHome
)
