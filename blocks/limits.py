"""Slack's limits on a message and a view, checked before it is sent, and one way to stay below them.

Source: the documented limits, and one undocumented: a message's summed text is refused somewhere above 13,000
characters (``msg_blocks_too_long``), so it stays below 10,000 here.
"""

import json
from typing import Any

from blocks.text import Block, clip, context

MAX_MESSAGE_BLOCKS = 50
MAX_MESSAGE_LENGTH = 10_000
MAX_VIEW_BLOCKS = 100
MAX_VIEW_BYTES = 250_000
MAX_METADATA_LENGTH = 3_000
_NEVER_CLIPPED = ("actions", "header")
"""Blocks of a message that are never shortened."""
_READ_ONLY = ("rich_text", "context")
"""Blocks of a view that are only read."""
_CLIP_LENGTHS = (1000, 500, 300, 200, 120, 80, 40)


def text_length(value: Any) -> int:
    """The characters of all texts inside."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(text_length(v) for v in value.values() if not isinstance(v, str))
    if isinstance(value, list):
        return sum(text_length(v) for v in value)
    return 0


def fit_message(blocks: list[Block]) -> list[Block]:
    """Blocks that Slack takes in one message. Long texts are cut, all to one length; only where that is not enough,
    blocks in the middle go. Headers and buttons stay as they are."""
    if len(blocks) <= MAX_MESSAGE_BLOCKS and text_length(blocks) <= MAX_MESSAGE_LENGTH:
        return blocks
    note = context("Shortened: there is more than one message can hold. “Show details” has all of it.")
    room = MAX_MESSAGE_LENGTH - text_length(note)
    kept = list(blocks)
    for longest_text in _CLIP_LENGTHS:
        if text_length(kept) <= room:
            break
        kept = [block if block["type"] in _NEVER_CLIPPED else _clip_texts(block, longest_text) for block in kept]
    while len(kept) >= MAX_MESSAGE_BLOCKS or text_length(kept) > room:
        candidates = [i for i, block in enumerate(kept[1:], 1) if block["type"] not in _NEVER_CLIPPED]
        if not candidates:
            break
        longest = max(candidates, key=lambda i: text_length(kept[i]))
        del kept[longest]
    return [*kept, note]


def fit_view(view: dict[str, Any]) -> dict[str, Any]:
    """A view that Slack takes: what is too much for it is cut like the text of a message. Inputs stay as they are."""
    view = {**view, "blocks": view["blocks"][:MAX_VIEW_BLOCKS]}
    for longest_text in _CLIP_LENGTHS:
        if len(json.dumps(view)) <= MAX_VIEW_BYTES:
            break
        cut = [_clip_texts(block, longest_text) if block["type"] in _READ_ONLY else block for block in view["blocks"]]
        view = {**view, "blocks": cut}
    return view


def _clip_texts(value: Any, max_length: int) -> Any:
    """A copy with every text at most so long."""
    if isinstance(value, dict):
        return {
            k: clip(v, max_length) if k == "text" and isinstance(v, str) else _clip_texts(v, max_length)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [_clip_texts(item, max_length) for item in value]
    return value


def view_size_problem(view: dict[str, Any]) -> str:
    """What Slack would refuse about the size of a view; "" where nothing."""
    if len(view.get("blocks", ())) > MAX_VIEW_BLOCKS:
        return f"the view has {len(view['blocks'])} blocks, {MAX_VIEW_BLOCKS} is the most"
    if len(view.get("private_metadata", "")) > MAX_METADATA_LENGTH:
        return "the view's metadata is too long"
    if len(json.dumps(view)) > MAX_VIEW_BYTES:
        return "the view is larger than 250 kB"
    return ""
