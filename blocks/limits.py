"""Slack's limits on a message and a view, checked before it is sent, and one way to stay below them.

Source: the documented limits, and one undocumented: a message's summed text is refused somewhere above 13,000
characters (``msg_blocks_too_long``), so it stays below 10,000 here.
"""

import json
from typing import Any

from blocks.text import Block, clip, context

MESSAGE_BLOCKS = 50
MESSAGE_TEXT = 10_000
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
METADATA = 3_000
_WHOLE = ("actions", "header")
"""Blocks of a message that are never shortened."""
_READ = ("rich_text", "context")
"""Blocks of a view that are only read."""
_SHORTER = (1000, 500, 300, 200, 120, 80, 40)


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
    if len(blocks) <= MESSAGE_BLOCKS and text_length(blocks) <= MESSAGE_TEXT:
        return blocks
    note = context("Shortened: there is more than one message can hold. “Show details” has all of it.")
    room = MESSAGE_TEXT - text_length(note)
    kept = list(blocks)
    for longest_text in _SHORTER:
        if text_length(kept) <= room:
            break
        kept = [block if block["type"] in _WHOLE else _cut(block, longest_text) for block in kept]
    while len(kept) >= MESSAGE_BLOCKS or text_length(kept) > room:
        candidates = [i for i, block in enumerate(kept[1:], 1) if block["type"] not in _WHOLE]
        if not candidates:
            break
        longest = max(candidates, key=lambda i: text_length(kept[i]))
        del kept[longest]
    return [*kept, note]


def fit_view(view: dict[str, Any]) -> dict[str, Any]:
    """A view that Slack takes: what is too much for it is cut like the text of a message. Inputs stay as they are."""
    view = {**view, "blocks": view["blocks"][:VIEW_BLOCKS]}
    for longest_text in _SHORTER:
        if len(json.dumps(view)) <= VIEW_BYTES:
            break
        cut = [_cut(block, longest_text) if block["type"] in _READ else block for block in view["blocks"]]
        view = {**view, "blocks": cut}
    return view


def _cut(value: Any, longest: int) -> Any:
    """A copy with every text at most so long."""
    if isinstance(value, dict):
        return {
            k: clip(v, longest) if k == "text" and isinstance(v, str) else _cut(v, longest) for k, v in value.items()
        }
    if isinstance(value, list):
        return [_cut(item, longest) for item in value]
    return value


def view_problem(view: dict[str, Any]) -> str:
    """What Slack would refuse about the size of a view; "" where nothing."""
    if len(view.get("blocks", ())) > VIEW_BLOCKS:
        return f"the view has {len(view['blocks'])} blocks, {VIEW_BLOCKS} is the most"
    if len(view.get("private_metadata", "")) > METADATA:
        return "the view's metadata is too long"
    if len(json.dumps(view)) > VIEW_BYTES:
        return "the view is larger than 250 kB"
    return ""
