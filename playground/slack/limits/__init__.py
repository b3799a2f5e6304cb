"""Every documented limit of Block Kit, for messages, modals and the home tab.

Slack documents no total for a message's text, but refuses somewhere above 13,000 characters of blocks with
``msg_blocks_too_long``; MAX_MESSAGE_TEXT approximates it.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal

from playground.slack.errors import ApiError
from playground.slack.limits.blocks import check_blocks
from playground.slack.limits.objects import OPTION_GROUP, SELECT_OPTION, plain_text
from playground.slack.limits.rules import ObjectRule, Report, Rule, any_value, array, boolean_value, string

MAX_MESSAGE_BLOCKS = 50
MAX_VIEW_BLOCKS = 100
MAX_MESSAGE_TEXT = 13_200
MAX_VIEW_BYTES = 250_000

_VIEW: dict[str, Rule] = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL = ObjectRule(
    {"type": any_value, "title": plain_text(24), "blocks": any_value},
    {
        **_VIEW,
        "submit": plain_text(24),
        "close": plain_text(24),
        "clear_on_close": boolean_value,
        "notify_on_close": boolean_value,
        "submit_disabled": boolean_value,
    },
)
_HOME = ObjectRule({"type": any_value, "blocks": any_value}, _VIEW)
_OPTIONS_RESPONSE = ObjectRule(
    {}, {"options": array(SELECT_OPTION, 100, 0), "option_groups": array(OPTION_GROUP, 100, 0)}
)


def check_message(blocks: Any) -> None:
    """Raise ApiError if Slack would refuse these blocks in a message."""
    report = Report()
    check_blocks(report, "/blocks", blocks, "message", MAX_MESSAGE_BLOCKS)
    if report.messages:
        raise ApiError("invalid_blocks", report.messages)
    if sum(map(len, _texts(blocks))) > MAX_MESSAGE_TEXT:
        raise ApiError("msg_blocks_too_long")


def check_view(content: Any, kind: Literal["modal", "home"]) -> None:
    """Raise ApiError if Slack would refuse this view."""
    if len(json.dumps(content).encode()) > MAX_VIEW_BYTES:
        raise ApiError("view_too_large")
    report = Report()
    if isinstance(content, dict) and content.get("type") != kind:
        report.add("/view/type", f"unsupported type: {content.get('type')}")
    else:
        (_MODAL if kind == "modal" else _HOME)(report, "/view", content)
    if not report.messages:
        check_blocks(report, "/view/blocks", content["blocks"], kind, MAX_VIEW_BLOCKS)
    if not report.messages and kind == "modal":
        _check_submit(report, content)
    if report.messages:
        raise ApiError("invalid_arguments", report.messages)


def check_options(response: Any) -> None:
    """Raise ApiError if Slack cannot show this answer to a request for options."""
    report = Report()
    _OPTIONS_RESPONSE(report, "", response)
    if not report.messages and ("options" in response) == ("option_groups" in response):
        report.add("", "must have exactly one of options or option_groups")
    if report.messages:
        raise ApiError("invalid_options", report.messages)


def check_errors(errors: Any, input_ids: set[str]) -> None:
    """Raise ApiError if these are not errors for input blocks of the view."""
    report = Report()
    if not isinstance(errors, dict) or not errors:
        report.add("/errors", "must provide an object")
    else:
        for ident, message in errors.items():
            if ident not in input_ids:
                report.add(f"/errors/{ident}", "must be the block_id of an input block")
            string(2000)(report, f"/errors/{ident}", message)
    if report.messages:
        raise ApiError("invalid_response", report.messages)


def _check_submit(report: Report, content: Any) -> None:
    if any(block["type"] == "input" for block in content["blocks"]) and "submit" not in content:
        report.add("/view", "missing required field: submit, which a view with inputs needs")


def _texts(value: Any) -> Iterator[str]:
    """Every text that people would read in blocks."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "text" and isinstance(item, str):
                yield item
            else:
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
