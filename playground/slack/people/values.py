"""Between what people say (an option's text, a name, a date) and what Slack stores (an option, an id, an epoch)."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from playground.slack.elements import MANY_OPTIONS, ONE_OPTION, TEXT_INPUTS, Element, Json, options_of
from playground.slack.errors import NotOnScreen
from playground.slack.text import readable, visible
from playground.slack.workspace import Workspace

REQUIRED = "Please complete this required field."


def option_text(ws: Workspace, option: Json) -> str:
    text = option["text"]
    return readable(text["text"], ws.shown_name) if text.get("type") == "mrkdwn" else str(text["text"])


def pick_option(ws: Workspace, options: Sequence[Json], wanted: str) -> Json:
    """The option of a text. Raises NotOnScreen."""
    found = next((o for o in options if option_text(ws, o) == wanted), None)
    found = found or next((o for o in options if option_text(ws, o).casefold() == wanted.casefold()), None)
    if found is not None:
        return found
    offered = ", ".join(repr(option_text(ws, o)) for o in options) or "none"
    raise NotOnScreen(f"There is no option {wanted!r}; there are: {offered}.")


def stored(ws: Workspace, element: Element, said: Any, zone: str) -> Any:
    """The state of an element that a person in ``zone`` sets to ``said``; None and empty values clear it. Raises
    NotOnScreen."""
    kind = element.kind
    if said is None or said in ("", []):
        return [] if kind in MANY_OPTIONS or kind.startswith("multi_") or kind == "file_input" else None
    if kind in TEXT_INPUTS:
        return str(said)
    if kind in ONE_OPTION:
        return pick_option(ws, options_of(element.spec), str(said))
    if kind == "checkboxes" and isinstance(said, bool):
        return options_of(element.spec) if said else []
    if kind in MANY_OPTIONS:
        return [pick_option(ws, options_of(element.spec), str(one)) for one in _several(said)]
    if kind.startswith("multi_"):
        return [_ident(ws, kind, one) for one in _several(said)]
    if kind in ("users_select", "channels_select", "conversations_select"):
        return _ident(ws, kind, said)
    if kind == "rich_text_input" and isinstance(said, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": said}]}
        return {"type": "rich_text", "elements": [section]}
    return _moment(kind, said, zone)


def said(ws: Workspace, element: Element, value: Any) -> Any:
    """The state of an element in a person's words: text, list of texts, None when empty."""
    if value in (None, []):
        return None
    if element.kind in ONE_OPTION:
        return option_text(ws, value)
    if element.kind in MANY_OPTIONS:
        return [option_text(ws, option) for option in value]
    if element.kind == "rich_text_input":
        return visible([value], ws.shown_name)
    if "users" in element.kind or "channels" in element.kind or "conversations" in element.kind:
        return [_name(ws, ident) for ident in value] if isinstance(value, list) else _name(ws, value)
    return value


def complaint(element: Element, value: Any) -> str:
    """Why the client would not submit this value; empty when it would."""
    if value in (None, "", []):
        return REQUIRED if element.required else ""
    match element.kind:
        case "plain_text_input":
            return _length(element.spec, value)
        case "number_input":
            return _number(element.spec, value)
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            return "Please enter a valid email address."
        case "url_text_input" if not re.fullmatch(r"https?://\S+", value):
            return "Please enter a valid URL."
        case _:
            return ""


def _length(spec: Json, value: str) -> str:
    most, least = spec.get("max_length", 3000), spec.get("min_length", 0)
    if len(value) > most:
        return f"Please enter at most {most} characters."
    return f"Please enter at least {least} characters." if len(value) < least else ""


def _number(spec: Json, value: str) -> str:
    pattern = r"-?\d+(\.\d+)?" if spec.get("is_decimal_allowed") else r"-?\d+"
    if not re.fullmatch(pattern, value):
        return "Please enter a number."
    if "min_value" in spec and float(value) < float(spec["min_value"]):
        return f"Please enter a number of at least {spec['min_value']}."
    if "max_value" in spec and float(value) > float(spec["max_value"]):
        return f"Please enter a number of at most {spec['max_value']}."
    return ""


def _several(said: Any) -> list[Any]:
    return [said] if isinstance(said, str) else list(said)


def _ident(ws: Workspace, kind: str, said: Any) -> str:
    try:
        if "users" in kind or str(said).startswith("@"):
            return ws.user_named(str(said)).id
        return ws.channel_named(str(said)).id
    except KeyError as error:
        raise NotOnScreen(str(error)) from error


def _name(ws: Workspace, ident: str) -> str:
    return ws.shown_name("user" if ident in ws.users else "channel", ident)


def _moment(kind: str, said: Any, zone: str) -> Any:
    match said:
        case datetime() if kind == "datetimepicker":
            return int((said if said.tzinfo else said.replace(tzinfo=ZoneInfo(zone))).timestamp())
        case datetime() | date() if kind == "datepicker":
            return said.strftime("%Y-%m-%d")
        case time() if kind == "timepicker":
            return said.strftime("%H:%M")
        case _:
            return said
