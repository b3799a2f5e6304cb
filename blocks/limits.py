"""Slack's limits on a message and a view, checked before it is sent, and one way to stay below them.

Source: the documented limits, and one undocumented: a message's summed text is refused somewhere above 13,000
characters (``msg_blocks_too_long``), so it stays below 10,000 here.
"""

import json
from typing import Any

from blocks.text import Block, context

MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 10_000
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
METADATA = 3_000


def text_length(value: Any) -> int:
    """The characters of all texts inside."""
    if isinstance(value, dict):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(text_length(v) for v in value.values() if not isinstance(v, str))
    if isinstance(value, list):
        return sum(text_length(v) for v in value)
    return 0


def fit_message(blocks: list[Block]) -> list[Block]:
    """Blocks that Slack takes in one message: the buttons stay, text in the middle goes first."""
    if len(blocks) <= MESSAGE_BLOCKS and text_length(blocks) <= MESSAGE_TEXT:
        return blocks
    note = context("Shortened: there is more than one message can hold. “Show details” has all of it.")
    kept = list(blocks)
    while len(kept) >= MESSAGE_BLOCKS or text_length(kept) > MESSAGE_TEXT - 100:
        candidates = [i for i, block in enumerate(kept[1:], 1) if block["type"] not in ("actions", "header")]
        if not candidates:
            break
        longest = max(candidates, key=lambda i: text_length(kept[i]))
        del kept[longest]
    return [*kept, note]


def view_problem(view: dict[str, Any]) -> str:
    """What Slack would refuse about the size of a view; "" where nothing."""
    if len(view.get("blocks", ())) > VIEW_BLOCKS:
        return f"the view has {len(view['blocks'])} blocks, {VIEW_BLOCKS} is the most"
    if len(view.get("private_metadata", "")) > METADATA:
        return "the view's metadata is too long"
    if len(json.dumps(view)) > VIEW_BYTES:
        return "the view is larger than 250 kB"
    return ""
