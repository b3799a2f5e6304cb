"""rich_text: its elements and their leaves."""

from typing import Any

from playground.slack.limits.objects import ID
from playground.slack.limits.rules import (
    ObjectRule,
    Report,
    Rule,
    array,
    boolean_value,
    by_type,
    integer,
    one_of,
    string,
)

_STYLE = ObjectRule(
    {}, dict.fromkeys(("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight"), boolean_value)
)
_STYLED: dict[str, Rule] = {"style": _STYLE}
_ANY_TEXT = string(100_000)

_LEAVES: dict[str, Rule] = {
    "text": ObjectRule({"text": _ANY_TEXT}, _STYLED),
    "link": ObjectRule({"url": _ANY_TEXT}, {**_STYLED, "text": string(100_000, 0), "unsafe": boolean_value}),
    "emoji": ObjectRule({"name": _ANY_TEXT}, {**_STYLED, "unicode": _ANY_TEXT, "skin_tone": integer(1, 6)}),
    "user": ObjectRule({"user_id": ID}, _STYLED),
    "usergroup": ObjectRule({"usergroup_id": ID}, _STYLED),
    "channel": ObjectRule({"channel_id": ID}, _STYLED),
    "broadcast": ObjectRule({"range": one_of("here", "channel", "everyone")}, _STYLED),
    "color": ObjectRule({"value": _ANY_TEXT}, _STYLED),
    "date": ObjectRule(
        {"timestamp": integer(0, 10**11), "format": _ANY_TEXT}, {**_STYLED, "url": _ANY_TEXT, "fallback": _ANY_TEXT}
    ),
}
_ALL_LEAVES = array(by_type(_LEAVES), 10_000, 0)
_SECTION = ObjectRule({"elements": _ALL_LEAVES})

_PARTS: dict[str, Rule] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": ObjectRule({"elements": _ALL_LEAVES}, {"border": integer(0, 1)}),
    "rich_text_preformatted": ObjectRule(
        {"elements": array(by_type(_LEAVES, {"text", "link"}), 10_000, 0)},
        {"border": integer(0, 1), "language": string(50)},
    ),
    "rich_text_list": ObjectRule(
        {"elements": array(by_type({"rich_text_section": _SECTION}), 10_000), "style": one_of("bullet", "ordered")},
        {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
    ),
}

RICH_TEXT = ObjectRule({"elements": array(by_type(_PARTS), 10_000)}, {"block_id": ID})


def rich_text_value(report: Report, pointer: str, value: Any) -> None:
    """A rich_text block given as a value, such as a table's cell."""
    by_type({"rich_text": RICH_TEXT})(report, pointer, value)
