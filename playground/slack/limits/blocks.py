"""Blocks: the shape of each, and the surfaces that take it."""

from typing import Any

from playground.slack.limits.elements import (
    ELEMENTS,
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    NOT_IN_HOME,
    NOT_IN_MESSAGES,
)
from playground.slack.limits.objects import ID, IMAGE_SOURCE, plain, text
from playground.slack.limits.rich_text import RICH_TEXT
from playground.slack.limits.rules import Report, Rule, Shape, anything, array, boolean, by_type, one_of, string

_IDS: dict[str, Rule] = {"block_id": ID}


def _text_or_fields(report: Report, at: str, value: Any) -> None:
    if "text" not in value and "fields" not in value:
        report.add(at, "missing required field: text")


def _context_part(report: Report, at: str, value: Any) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        ELEMENTS["image"](report, at, value)
    else:
        text(3000)(report, at, value)


def _video_url(report: Report, at: str, value: Any) -> None:
    string(3000, pattern=r"https://.*", hint="must be an https URL")(report, at, value)


_CELL = by_type(
    {
        "raw_text": Shape({"text": string(10_000, 0)}),
        "raw_number": Shape({"value": anything}, {"text": string(10_000, 0)}),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = Shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})

BLOCKS: dict[str, Rule] = {
    "section": Shape(
        {},
        {
            **_IDS,
            "text": text(3000),
            "fields": array(text(2000), 10),
            "accessory": by_type(ELEMENTS, IN_SECTION),
            "expand": boolean,
        },
        _text_or_fields,
    ),
    "header": Shape({"text": plain(150)}, _IDS),
    "divider": Shape({}, _IDS),
    "context": Shape({"elements": array(_context_part, 10)}, _IDS),
    "actions": Shape({"elements": array(by_type(ELEMENTS, IN_ACTIONS), 25)}, _IDS),
    "input": Shape(
        {"label": plain(2000), "element": by_type(ELEMENTS, IN_INPUT)},
        {**_IDS, "hint": plain(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "image": Shape({"alt_text": string(2000)}, {**_IDS, **IMAGE_SOURCE, "title": plain(2000)}),
    "rich_text": RICH_TEXT,
    "markdown": Shape({"text": string(12_000)}, _IDS),
    "table": Shape({"rows": array(array(_CELL, 20), 100)}, {**_IDS, "column_settings": array(_COLUMN, 20, 0)}),
    "video": Shape(
        {"alt_text": string(2000), "title": plain(200), "thumbnail_url": _video_url, "video_url": _video_url},
        {
            **_IDS,
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": _video_url,
            "provider_name": string(50),
            "title_url": _video_url,
        },
    ),
}

EVERYWHERE = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
ALLOWED = {"message": EVERYWHERE | {"markdown", "table"}, "modal": EVERYWHERE, "home": EVERYWHERE}
_FOREIGN = {"message": NOT_IN_MESSAGES, "modal": set[str](), "home": NOT_IN_HOME}


def check_blocks(report: Report, at: str, blocks: Any, surface: str, most: int) -> None:
    """Report everything in ``blocks`` that Slack would refuse on a surface (message, modal or home)."""
    array(by_type(BLOCKS, ALLOWED[surface]), most, 0)(report, at, blocks)
    if report.messages:
        return
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"{at}/{number}"
        ident = block.get("block_id")
        if ident in seen:
            report.add(f"{where}/block_id", f"block_id must be unique: {ident}")
        seen.add(ident or f" {number}")
        _elements(report, where, block, _FOREIGN[surface])
    if surface == "message":
        _cumulative(report, at, blocks)


def _elements(report: Report, at: str, block: Any, foreign: set[str]) -> None:
    """The elements fit the surface, and their action_ids are unique in the block."""
    found = [("element", block["element"])] if block["type"] == "input" else []
    if block["type"] == "actions":
        found += [(f"elements/{n}", element) for n, element in enumerate(block["elements"])]
    ids: set[str] = set()
    for where, element in found:
        if element["type"] in foreign:
            report.add(f"{at}/{where}/type", f"unsupported type: {element['type']}")
        ident = element.get("action_id")
        if ident in ids:
            report.add(f"{at}/{where}/action_id", f"action_id must be unique in its block: {ident}")
        ids.add(ident or f" {where}")


def _cumulative(report: Report, at: str, blocks: Any) -> None:
    markdown = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
    if markdown > 12_000:
        report.add(at, "markdown blocks must be less than 12001 characters together")
    tables = [n for n, b in enumerate(blocks) if b["type"] == "table"]
    for number in tables[1:]:
        report.add(f"{at}/{number}", "only one table is allowed in a message")
