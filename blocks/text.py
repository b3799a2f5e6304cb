"""Elements of Block Kit.

Text of people and back ends is never mrkdwn. It goes into plain_text or rich_text elements, so that no name can notify
a channel or place a link. Every text that is shown passes through ``visible``, so that nothing in it is invisible and
no value can start a row of its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

from bot.values import Json
from bot.visible_text import visible, visible_lines

MAX_FALLBACK_LENGTH = 700
"""A character takes up to five when it is escaped, and chat.update takes 4,000."""

Block: TypeAlias = dict[str, Json]
Element: TypeAlias = dict[str, Json]
View: TypeAlias = dict[str, Json]


def clip(text: str, limit: int) -> str:
    """Cut a text to ``limit`` characters, with an ellipsis at the end."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def plain_text(text: str, limit: int = 3000) -> Element:
    """A plain_text object. Slack refuses an empty one, so it holds at least a space."""
    return {"type": "plain_text", "text": clip(visible(text), limit) or " ", "emoji": False}


def escape(text: str) -> str:
    """Escape a text for the places that are always mrkdwn, such as the fallback text of a message."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(text: str) -> str:
    """The fallback text of a message, short enough for chat.update after it is escaped."""
    return escape(clip(visible(text), MAX_FALLBACK_LENGTH))


def text_run(
    text: str, *, bold: bool = False, italic: bool = False, code: bool = False, strike: bool = False
) -> Element:
    """A run of rich text."""
    style: Element = {
        name: True for name, on in (("bold", bold), ("italic", italic), ("code", code), ("strike", strike)) if on
    }
    return _text_element(visible(text), style)


def _text_element(text: str, style: Element | None = None) -> Element:
    element: Element = {"type": "text", "text": text}
    if style:
        element["style"] = style
    return element


def user_mention(user_id: str) -> Element:
    """A mention of a user, shown as their name."""
    return {"type": "user", "user_id": user_id}


def link(text: str, url: str) -> Element:
    """A link to an address of ours or Slack's own; never one that people or back ends name."""
    return {"type": "link", "url": url, "text": visible(text)}


def date_element(instant: datetime, fallback: str, style: str = "{date_short} {time}") -> Element:
    """An absolute time that each reader sees in their own zone. ``style`` is a format of Slack's."""
    return {
        "type": "date",
        "timestamp": int(instant.timestamp()),
        "format": style,
        "fallback": visible(fallback),
    }


def rich_text_lines(*rows: Sequence[Element]) -> Block:
    """A rich_text block with a line for each row."""
    elements: list[Element] = []
    for row in rows:
        if elements:
            elements.append(_text_element("\n"))
        elements += [e for e in row if e.get("text") != ""]
    return rich_text(rich_text_section(elements))


def plain_words(elements: Iterable[Element]) -> str:
    """What elements say, without mentions and with times as they are where Slack cannot show them."""
    return "".join(str(element.get("text") or element.get("fallback") or "") for element in elements)


def rich_text_section(elements: Iterable[Element]) -> Element:
    """One paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(elements) or [text_run(" ")]}


def preformatted(text: str) -> Element:
    """Text in a fixed-width box, with its lines."""
    return {"type": "rich_text_preformatted", "elements": [_text_element(visible_lines(text) or " ")]}


def bullets(items: Iterable[str]) -> Element:
    """A bulleted list."""
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [rich_text_section([text_run(item or " ")]) for item in items],
    }


def rich_text(*elements: Element) -> Block:
    """A rich_text block."""
    return {"type": "rich_text", "elements": list(elements)}


def header(text: str) -> Block:
    """A header block."""
    return {"type": "header", "text": plain_text(text, 150)}


def context(*texts: str) -> Block:
    """Small grey text in at most ten pieces."""
    return {"type": "context", "elements": [plain_text(text, 2000) for text in texts[:10]]}


def marked_context(*parts: str | Element) -> Block:
    """Small grey text of at most ten pieces: ``mrkdwn`` objects of ours, and texts, which are data."""
    return {"type": "context", "elements": [plain_text(p, 2000) if isinstance(p, str) else p for p in parts[:10]]}


def mrkdwn(text: str) -> Element:
    """A mrkdwn object for markup of ours. Whatever it holds of people and back ends must be escaped. Names, links and
    channels are not looked for in it."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def divider() -> Block:
    """A horizontal line."""
    return {"type": "divider"}


def button(
    text: str,
    action_id: str,
    value: str = "",
    *,
    style: str = "",
    confirm: Element | None = None,
    url: str = "",
    spoken: str = "",
) -> Element:
    """A button. ``value`` is an opaque id; a handler checks it like any input. Screen readers say ``spoken``."""
    element: Element = {"type": "button", "text": plain_text(text, 75), "action_id": action_id}
    if value:
        element["value"] = value
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = confirm
    if url:
        element["url"] = url
    if spoken:
        element["accessibility_label"] = clip(visible(spoken), 75)
    return element


def confirm_dialog(title: str, text: str, yes: str, no: str = "Go back") -> Element:
    """A confirmation dialog."""
    return {
        "title": plain_text(title, 100),
        "text": plain_text(text, 300),
        "confirm": plain_text(yes, 30),
        "deny": plain_text(no, 30),
    }


def actions(block_id: str, *elements: Element) -> Block:
    """A row of at most 25 buttons and menus."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements[:25])}


def modal(
    title: str, blocks: Sequence[Block], *, callback_id: str, close: str = "Close", submit: str = "", metadata: str = ""
) -> View:
    """A modal. Without ``submit`` it takes no input."""
    view: View = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, 24),
        "close": plain_text(close, 24),
        "blocks": blocks,
    }
    if submit:
        view["submit"] = plain_text(submit, 24)
    if metadata:
        view["private_metadata"] = metadata
    return view


def join_names(names: Sequence[str], max_shown: int, total: int) -> str:
    """``a, b, c and 40 more``."""
    head = ", ".join(names[:max_shown])
    rest = total - min(max_shown, len(names))
    if rest <= 0:
        return head
    return f"{head} and {rest} more" if head else f"{total}"
