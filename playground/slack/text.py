"""What a person can read: blocks as plain text, one line a block, mrkdwn left as it is."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from playground.slack.elements import Json

Name = Callable[[str, str], str]
"""Gives the shown name of an id: ``("user", "U1") -> "@alice"``, ``("channel", "C1") -> "#ops"``."""

_MENTION = re.compile(r"<([@#!])([^>|]+)(?:\|([^>]*))?>")
_LINK = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")


def readable(text: str, name: Name) -> str:
    """A mrkdwn text with mentions and links as people see them, and Slack's three escapes undone."""

    def mention(match: re.Match[str]) -> str:
        sign, what, label = match.groups()
        if sign == "@":
            return name("user", what)
        if sign == "#":
            return name("channel", what)
        if what.startswith("subteam^"):
            return name("usergroup", what.removeprefix("subteam^"))
        if what.startswith("date^"):
            return label or what
        return f"@{what}"

    text = _MENTION.sub(mention, text)
    text = _LINK.sub(lambda m: m[2] or m[1], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def visible(blocks: Sequence[Json], name: Name) -> str:
    """All that can be read in blocks."""
    lines = (_block(block, name) for block in blocks)
    return "\n".join(line for line in lines if line)


def _block(block: Json, name: Name) -> str:
    match block.get("type"):
        case "header":
            return _text(block["text"], name)
        case "section":
            parts = [_text(block.get("text"), name), *(_text(field, name) for field in block.get("fields", []))]
            return "\n".join(part for part in [*parts, _element(block.get("accessory"), name)] if part)
        case "context":
            return " ".join(_text(part, name) or part.get("alt_text", "") for part in block["elements"])
        case "actions":
            return " ".join(f"[{_element(part, name)}]" for part in block["elements"])
        case "input":
            parts = [_text(block["label"], name), _text(block.get("hint"), name), _element(block["element"], name)]
            return "\n".join(part for part in parts if part)
        case "rich_text":
            return "\n".join(_rich(part, name) for part in block["elements"])
        case "markdown":
            return str(block["text"])
        case "image":
            return " ".join(filter(None, [_text(block.get("title"), name), block.get("alt_text", "")]))
        case "table":
            return "\n".join(" | ".join(_cell(cell, name) for cell in row) for row in block["rows"])
        case "file":
            return str(block.get("external_id", ""))
        case _:
            return ""


def _element(spec: Any, name: Name) -> str:
    """An element's own words: a button's text, or what can be chosen where all choices are on show."""
    if not isinstance(spec, dict):
        return ""
    if spec.get("type") == "image":
        return str(spec.get("alt_text", ""))
    if spec.get("type") in ("checkboxes", "radio_buttons"):
        shown = [(_text(o["text"], name), _text(o.get("description"), name)) for o in spec.get("options", [])]
        return "\n".join(" ".join(filter(None, pair)) for pair in shown)
    return _text(spec.get("text"), name) or _text(spec.get("placeholder"), name)


def _text(value: Any, name: Name) -> str:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return ""
    text: str = value["text"]
    return readable(text, name) if value.get("type") == "mrkdwn" else text


def _cell(cell: Json, name: Name) -> str:
    match cell.get("type"):
        case "rich_text":
            return _block(cell, name)
        case "raw_number":
            return str(cell.get("value", ""))
        case _:
            return str(cell.get("text", ""))


def _rich(part: Json, name: Name) -> str:
    match part.get("type"):
        case "rich_text_list":
            return "\n".join(f"• {_rich(item, name)}" for item in part["elements"])
        case "rich_text_section" | "rich_text_quote" | "rich_text_preformatted":
            return "".join(_leaf(leaf, name) for leaf in part["elements"])
        case _:
            return ""


def _leaf(leaf: Json, name: Name) -> str:
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
