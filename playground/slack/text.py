"""Blocks as plain text as people read them, one line a block."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from playground.slack.elements import Json

NameResolver = Callable[[str, str], str]
"""Gives the shown name of an id: ``("user", "U1") -> "@alice"``, ``("channel", "C1") -> "#ops"``."""

_MENTION = re.compile(r"<([@#!])([^>|]+)(?:\|([^>]*))?>")
_LINK = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")


def mrkdwn_to_text(text: str, resolve_name: NameResolver) -> str:
    """A mrkdwn text with mentions and links as people see them, and Slack's three escapes undone."""

    def mention(match: re.Match[str]) -> str:
        sign, what, label = match.groups()
        if sign == "@":
            return resolve_name("user", what)
        if sign == "#":
            return resolve_name("channel", what)
        if what.startswith("subteam^"):
            return resolve_name("usergroup", what.removeprefix("subteam^"))
        if what.startswith("date^"):
            return label or what
        return f"@{what}"

    text = _MENTION.sub(mention, text)
    text = _LINK.sub(lambda m: m[2] or m[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def blocks_to_text(blocks: Sequence[Json], resolve_name: NameResolver) -> str:
    """All visible text of blocks."""
    lines = (_block_text(block, resolve_name) for block in blocks)
    return "\n".join(line for line in lines if line)


def _block_text(block: Json, name: NameResolver) -> str:
    match block.get("type"):
        case "header":
            return _text(block["text"], name)
        case "section":
            parts = [_text(block.get("text"), name), *(_text(field, name) for field in block.get("fields", []))]
            return "\n".join(part for part in [*parts, _element_text(block.get("accessory"), name)] if part)
        case "context":
            return " ".join(_text(part, name) or part.get("alt_text", "") for part in block["elements"])
        case "actions":
            return " ".join(f"[{_element_text(part, name)}]" for part in block["elements"])
        case "input":
            parts = [_text(block["label"], name), _text(block.get("hint"), name), _element_text(block["element"], name)]
            return "\n".join(part for part in parts if part)
        case "rich_text":
            return "\n".join(_rich_text(part, name) for part in block["elements"])
        case "markdown":
            return str(block["text"])
        case "image":
            return " ".join(filter(None, [_text(block.get("title"), name), block.get("alt_text", "")]))
        case "table":
            return "\n".join(" | ".join(_cell_text(cell, name) for cell in row) for row in block["rows"])
        case "file":
            return str(block.get("external_id", ""))
        case _:
            return ""


def _element_text(spec: Any, name: NameResolver) -> str:
    """An element's own text: a button's text, or the options where all of them are visible."""
    if not isinstance(spec, dict):
        return ""
    if spec.get("type") == "image":
        return str(spec.get("alt_text", ""))
    if spec.get("type") == "overflow":
        return "⋯ " + " · ".join(_text(option["text"], name) for option in spec["options"])
    if spec.get("type") in ("checkboxes", "radio_buttons"):
        shown = [(_text(o["text"], name), _text(o.get("description"), name)) for o in spec.get("options", [])]
        return "\n".join(" ".join(filter(None, pair)) for pair in shown)
    chosen = spec["initial_option"].get("text") if isinstance(spec.get("initial_option"), dict) else None
    return _text(spec.get("text"), name) or _text(chosen, name) or _text(spec.get("placeholder"), name)


def _text(value: Any, name: NameResolver) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return ""
    text: str = value["text"]
    return mrkdwn_to_text(text, name) if value.get("type") == "mrkdwn" else text


def _cell_text(cell: Json, name: NameResolver) -> str:
    match cell.get("type"):
        case "rich_text":
            return _block_text(cell, name)
        case "raw_number":
            return str(cell.get("value", ""))
        case _:
            return str(cell.get("text", ""))


def _rich_text(part: Json, name: NameResolver) -> str:
    match part.get("type"):
        case "rich_text_list":
            return "\n".join(f"• {_rich_text(item, name)}" for item in part["elements"])
        case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
            return "".join(_leaf_text(leaf, name) for leaf in part["elements"])
        case _:
            return ""


def _leaf_text(leaf: Json, name: NameResolver) -> str:
    match leaf.get("type"):
        case "text":
            return str(leaf["text"])
        case "link":
            return str(leaf.get("text") or leaf["url"])
        case "user":
            return name("user", leaf["user_id"])
        case "channel":
            return name("channel", leaf["channel_id"])
        case "usergroup":
            return name("usergroup", leaf["usergroup_id"])
        case "emoji":
            return f":{leaf['name']}:"
        case "date":
            return str(leaf.get("fallback") or leaf["timestamp"])
        case "broadcast":
            return f"@{leaf['range']}"
        case _:
            return str(leaf.get("text", ""))
