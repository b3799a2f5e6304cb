"""Notes that appear in a corner of the page and disappear by themselves."""

from dataclasses import dataclass
from typing import Literal

from playground.slack import Message, User

Tone = Literal["message", "note", "error"]


@dataclass(frozen=True, slots=True)
class Toast:
    """A note. ``message`` is the message that a click on it opens."""

    number: int
    title: str
    text: str
    tone: Tone = "note"
    author: User | None = None
    message: Message | None = None
