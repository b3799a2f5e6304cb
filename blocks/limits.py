"""Slack's limits on a message and a view, checked before it is sent, and one way to stay below them.

Source: the documented limits, and one undocumented: a message's summed text is refused somewhere above 13,000
characters (``msg_blocks_too_long``), so it stays below 10,000 here.
"""

import json
from collections.abc import Sequence

from blocks.text import Block, View, clip, context
from bot.values import Json

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


def text_length(value: Json) -> int:
    """The characters of all texts inside."""
    if isinstance(value, dict):
        text = value.get("text")
        own = len(text) if isinstance(text, str) else 0
        return own + sum(text_length(v) for v in value.values() if not isinstance(v, str))
    if isinstance(value, list):
        return sum(text_length(v) for v in value)
    return 0


def fit_message(blocks: list[Block], whole: Sequence[Block] = ()) -> list[Block]:
    """The blocks, shortened to what Slack takes in one message. Long texts are cut, all to one length. If that is not
    enough, the longest blocks are left out. Headers, buttons and the blocks in ``whole`` are kept."""
    if len(blocks) <= MAX_MESSAGE_BLOCKS and text_length(blocks) <= MAX_MESSAGE_LENGTH:
        return blocks
    note = context("Shortened: there is more than one message can hold. Details has all of it.")
    room = MAX_MESSAGE_LENGTH - text_length(note)
    kept = list(blocks)

    def is_kept(block: Block) -> bool:
        return block["type"] in _NEVER_CLIPPED or any(block is other for other in whole)

    for longest_text in _CLIP_LENGTHS:
        if text_length(kept) <= room:
            break
        kept = [block if is_kept(block) else _clip_texts(block, longest_text) for block in kept]
    while len(kept) >= MAX_MESSAGE_BLOCKS or text_length(kept) > room:
        candidates = [i for i, block in enumerate(kept[1:], 1) if not is_kept(block)]
        if not candidates:
            break
        longest = max(candidates, key=lambda i: text_length(kept[i]))
        del kept[longest]
    return [*kept, note]


def fit_view(view: View) -> View:
    """The view, shortened to what Slack takes: texts are cut like those of a message. Inputs are kept."""
    room = MAX_VIEW_BYTES - len(json.dumps({**view, "blocks": []}))
    return {**view, "blocks": fit_blocks(blocks_of(view)[:MAX_VIEW_BLOCKS], room)}


def fit_blocks(blocks: list[Block], max_bytes: int) -> list[Block]:
    """The blocks, with the texts of those that are only read cut until all take ``max_bytes`` of JSON, if they can."""
    for longest_text in _CLIP_LENGTHS:
        if len(json.dumps(blocks)) <= max_bytes:
            break
        blocks = [_clip_texts(block, longest_text) if block["type"] in _READ_ONLY else block for block in blocks]
    return blocks


def blocks_of(view: View) -> list[Block]:
    """The blocks of a view."""
    blocks = view.get("blocks")
    return [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []


def _clip_texts(block: Block, max_length: int) -> Block:
    """A copy in which no text is longer than ``max_length``."""
    return {
        key: clip(value, max_length) if key == "text" and isinstance(value, str) else _clip_inside(value, max_length)
        for key, value in block.items()
    }


def _clip_inside(value: Json, max_length: int) -> Json:
    if isinstance(value, dict):
        return _clip_texts(value, max_length)
    if isinstance(value, list):
        return [_clip_inside(item, max_length) for item in value]
    return value


def view_size_problem(view: View) -> str:
    """What Slack would refuse about the size of a view; "" where nothing."""
    count = len(blocks_of(view))
    if count > MAX_VIEW_BLOCKS:
        return f"the view has {count} blocks, {MAX_VIEW_BLOCKS} is the most"
    metadata = view.get("private_metadata")
    if isinstance(metadata, str) and len(metadata) > MAX_METADATA_LENGTH:
        return "the view's metadata is too long"
    if len(json.dumps(view)) > MAX_VIEW_BYTES:
        return "the view is larger than 250 kB"
    return ""
