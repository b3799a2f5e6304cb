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
from playground.slack.limits.objects import ID, IMAGE_SOURCE, any_text, plain_text
from playground.slack.limits.rich_text import RICH_TEXT
from playground.slack.limits.rules import (
    ObjectRule,
    Report,
    Rule,
    any_value,
    array,
    boolean_value,
    by_type,
    one_of,
    string,
)

_IDS: dict[str, Rule] = {"block_id": ID}


def _text_or_fields(report: Report, pointer: str, value: Any) -> None:
    if "text" not in value and "fields" not in value:
        report.add(pointer, "missing required field: text")


def _context_element(report: Report, pointer: str, value: Any) -> None:
    if isinstance(value, dict) and value.get("type") == "image":
        ELEMENTS["image"](report, pointer, value)
    else:
        any_text(3000)(report, pointer, value)


def _video_url(report: Report, pointer: str, value: Any) -> None:
    string(3000, pattern=r"https://.*", hint="must be an https URL")(report, pointer, value)


_CELL = by_type(
    {
        "raw_text": ObjectRule({"text": string(10_000, 0)}),
        "raw_number": ObjectRule({"value": any_value}, {"text": string(10_000, 0)}),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = ObjectRule({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean_value})

BLOCKS: dict[str, Rule] = {
    "section": ObjectRule(
        {},
        {
            **_IDS,
            "text": any_text(3000),
            "fields": array(any_text(2000), 10),
            "accessory": by_type(ELEMENTS, IN_SECTION),
            "expand": boolean_value,
        },
        _text_or_fields,
    ),
    "header": ObjectRule({"text": plain_text(150)}, _IDS),
    "divider": ObjectRule({}, _IDS),
    "context": ObjectRule({"elements": array(_context_element, 10)}, _IDS),
    "actions": ObjectRule({"elements": array(by_type(ELEMENTS, IN_ACTIONS), 25)}, _IDS),
    "input": ObjectRule(
        {"label": plain_text(2000), "element": by_type(ELEMENTS, IN_INPUT)},
        {**_IDS, "hint": plain_text(2000), "optional": boolean_value, "dispatch_action": boolean_value},
    ),
    "image": ObjectRule({"alt_text": string(2000)}, {**_IDS, **IMAGE_SOURCE, "title": plain_text(2000)}),
    "rich_text": RICH_TEXT,
    "markdown": ObjectRule({"text": string(12_000)}, _IDS),
    "table": ObjectRule({"rows": array(array(_CELL, 20), 100)}, {**_IDS, "column_settings": array(_COLUMN, 20, 0)}),
    "video": ObjectRule(
        {"alt_text": string(2000), "title": plain_text(200), "thumbnail_url": _video_url, "video_url": _video_url},
        {
            **_IDS,
            "author_name": string(50),
            "description": plain_text(200),
            "provider_icon_url": _video_url,
            "provider_name": string(50),
            "title_url": _video_url,
        },
    ),
}

COMMON_BLOCKS = {"actions", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
ALLOWED_BLOCKS = {"message": COMMON_BLOCKS | {"markdown", "table"}, "modal": COMMON_BLOCKS, "home": COMMON_BLOCKS}
_FORBIDDEN_ELEMENTS = {"message": NOT_IN_MESSAGES, "modal": set[str](), "home": NOT_IN_HOME}


def check_blocks(report: Report, pointer: str, blocks: Any, surface: str, max_blocks: int) -> None:
    """Report everything in ``blocks`` that Slack would refuse on a surface (message, modal or home)."""
    array(by_type(BLOCKS, ALLOWED_BLOCKS[surface]), max_blocks, 0)(report, pointer, blocks)
    if report.messages:
        return
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"{pointer}/{number}"
        ident = block.get("block_id")
        if ident in seen:
            report.add(f"{where}/block_id", f"block_id must be unique: {ident}")
        seen.add(ident or f" {number}")
        _check_elements(report, where, block, _FORBIDDEN_ELEMENTS[surface])
    if surface == "message":
        _check_totals(report, pointer, blocks)


def _check_elements(report: Report, pointer: str, block: Any, forbidden: set[str]) -> None:
    """The elements fit the surface, and their action_ids are unique in the block."""
    found = [("element", block["element"])] if block["type"] == "input" else []
    if block["type"] == "actions":
        found += [(f"elements/{n}", element) for n, element in enumerate(block["elements"])]
    ids: set[str] = set()
    for where, element in found:
        if element["type"] in forbidden:
            report.add(f"{pointer}/{where}/type", f"unsupported type: {element['type']}")
        ident = element.get("action_id")
        if ident in ids:
            report.add(f"{pointer}/{where}/action_id", f"action_id must be unique in its block: {ident}")
        ids.add(ident or f" {where}")


def _check_totals(report: Report, pointer: str, blocks: Any) -> None:
    markdown = sum(len(b["text"]) for b in blocks if b["type"] == "markdown")
    if markdown > 12_000:
        report.add(pointer, "markdown blocks must be less than 12001 characters together")
    tables = [n for n, b in enumerate(blocks) if b["type"] == "table"]
    for number in tables[1:]:
        report.add(f"{pointer}/{number}", "only one table is allowed in a message")
