"""Converts between what people see (option texts, names, dates) and what Slack stores (options, ids, epochs)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from playground.slack.elements import (
    MULTI_OPTION_TYPES,
    SINGLE_OPTION_TYPES,
    TEXT_INPUT_TYPES,
    Element,
    Json,
    options_of,
)
from playground.slack.errors import NotVisible
from playground.slack.text import blocks_to_text, mrkdwn_to_text
from playground.slack.workspace import Workspace

REQUIRED_MESSAGE = "Please complete this required field."


def option_text(ws: Workspace, option: Json) -> str:
    text = option["text"]
    return mrkdwn_to_text(text["text"], ws.display_name) if text.get("type") == "mrkdwn" else str(text["text"])


def pick_option(ws: Workspace, options: Sequence[Json], wanted: str) -> Json:
    """The option with a text. Raises NotVisible."""
    found = next((o for o in options if option_text(ws, o) == wanted), None)
    found = found or next((o for o in options if option_text(ws, o).casefold() == wanted.casefold()), None)
    if found is not None:
        return found
    offered = ", ".join(repr(option_text(ws, o)) for o in options) or "none"
    raise NotVisible(f"There is no option {wanted!r}; there are: {offered}.")


def to_state(ws: Workspace, element: Element, value: Any, zone: str) -> Any:
    """The state of an element that a person in ``zone`` sets to ``value``; None and empty values clear it. Raises
    NotVisible."""
    kind = element.kind
    if value is None or value in ("", []):
        return [] if kind in MULTI_OPTION_TYPES or kind.startswith("multi_") or kind == "file_input" else None
    if kind in TEXT_INPUT_TYPES:
        return str(value)
    if kind in SINGLE_OPTION_TYPES:
        return pick_option(ws, options_of(element.json), str(value))
    if kind == "checkboxes" and isinstance(value, bool):
        return options_of(element.json) if value else []
    if kind in MULTI_OPTION_TYPES:
        return [pick_option(ws, options_of(element.json), str(one)) for one in _as_list(value)]
    if kind.startswith("multi_"):
        return [_id_of(ws, kind, one) for one in _as_list(value)]
    if kind in ("users_select", "channels_select", "conversations_select"):
        return _id_of(ws, kind, value)
    if kind == "rich_text_input" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        return {"type": "rich_text", "elements": [section]}
    return _date_or_time(kind, value, zone)


def from_state(ws: Workspace, element: Element, value: Any) -> Any:
    """The state of an element as people see it: text, list of texts, None when empty."""
    if value in (None, []):
        return None
    if element.kind in SINGLE_OPTION_TYPES:
        return option_text(ws, value)
    if element.kind in MULTI_OPTION_TYPES:
        return [option_text(ws, option) for option in value]
    if element.kind == "rich_text_input":
        return blocks_to_text([value], ws.display_name)
    if "users" in element.kind or "channels" in element.kind or "conversations" in element.kind:
        return [_display_name(ws, ident) for ident in value] if isinstance(value, list) else _display_name(ws, value)
    return value


def validation_error(element: Element, value: Any) -> str:
    """Why the client would not submit this value; empty when it would."""
    if value in (None, "", []):
        return REQUIRED_MESSAGE if element.required else ""
    match element.kind:
        case "plain_text_input":
            return _length_error(element.json, value)
        case "number_input":
            return _number_error(element.json, value)
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            return "Please enter a valid email address."
        case "url_text_input" if not re.fullmatch(r"https?://\S+", value):
            return "Please enter a valid URL."
        case _:
            return ""


def _length_error(spec: Json, value: str) -> str:
    most, least = spec.get("max_length", 3000), spec.get("min_length", 0)
    if len(value) > most:
        return f"Please enter at most {most} characters."
    return f"Please enter at least {least} characters." if len(value) < least else ""


def _number_error(spec: Json, value: str) -> str:
    pattern = r"-?\d+(\.\d+)?" if spec.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Please enter a number."
    if "min_value" in spec and float(value) < float(spec["min_value"]):
        return f"Please enter a number of at least {spec['min_value']}."
    if "max_value" in spec and float(value) > float(spec["max_value"]):
        return f"Please enter a number of at most {spec['max_value']}."
    return ""


def _as_list(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)


def _id_of(ws: Workspace, kind: str, value: Any) -> str:
    try:
        if "users" in kind or str(value).startswith("@"):
            return ws.user_by_name(str(value)).id
        return ws.channel_by_name(str(value)).id
    except KeyError as error:
        raise NotVisible(str(error)) from error


def _display_name(ws: Workspace, ident: str) -> str:
    return ws.display_name("user" if ident in ws.users else "channel", ident)


def _date_or_time(kind: str, value: Any, zone: str) -> Any:
    match value:
        case datetime() if kind == "datetimepicker":
            return int((value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone))).timestamp())
        case datetime() | date() if kind == "datepicker":
            return value.strftime("%Y-%m-%d")
        case time() if kind == "timepicker":
            return value.strftime("%H:%M")
        case _:
            return value
