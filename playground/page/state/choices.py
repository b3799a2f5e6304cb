"""Converts between a browser's fields and Slack's state: offered rows, chosen rows, and entries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from playground.slack import User, Workspace
from playground.slack.client.values import option_text
from playground.slack.elements import MULTI_OPTION_TYPES, SINGLE_OPTION_TYPES, Element, Json, options_of

_IDS = ("users", "channels", "conversations")


@dataclass(frozen=True, slots=True)
class Choice:
    """A row of a select's list."""

    value: str
    text: str
    description: str = ""
    group: str = ""

    def row(self) -> dict[str, str]:
        """The row as the browser gets it."""
        return {"v": self.value, "t": self.text, "d": self.description, "g": self.group}


def is_select(element: Element) -> bool:
    return element.kind.endswith("_select")


def is_many(element: Element) -> bool:
    return element.kind.startswith("multi_") or element.kind == "checkboxes"


def to_choice(ws: Workspace, option: Json, group: str = "") -> Choice:
    """An option as a row."""
    described = option.get("description")
    description = option_text(ws, {"text": described}) if described else ""
    return Choice(str(option["value"]), option_text(ws, option), description, group)


def known_choices(ws: Workspace, viewer: User, element: Element) -> list[Choice]:
    """The rows that are known without asking the bot."""
    kind = element.kind
    if "external" in kind:
        return []
    if "users" in kind:
        return _people(ws)
    if "channels" in kind:
        return _channels(ws, viewer)
    if "conversations" in kind:
        return _conversations(ws, viewer, element.json.get("filter") or {})
    rows = [to_choice(ws, option) for option in element.json.get("options") or ()]
    for group in element.json.get("option_groups") or ():
        rows += [to_choice(ws, option, group["label"]["text"]) for option in group["options"]]
    return rows


def selected_choices(ws: Workspace, element: Element, value: Any) -> list[Choice]:
    """The rows that are chosen now."""
    several: Iterable[Any] = value if isinstance(value, list) else [] if value in (None, "") else [value]
    if any(name in element.kind for name in _IDS):
        return [Choice(ident, _display_name(ws, ident)) for ident in several]
    return [to_choice(ws, option) for option in several]


def state_from_entry(
    element: Element, raw: Any, zone: str, *, current: Any = None, found: Mapping[str, Json] | None = None
) -> Any:
    """The state for a browser's entry. ``found`` are options of a search, by value; ``current`` is
    the present state, whose options stay known."""
    kind = element.kind
    if kind in SINGLE_OPTION_TYPES or kind in MULTI_OPTION_TYPES:
        held = current if isinstance(current, list) else [current] if current else []
        known = {str(o["value"]): o for o in (*held, *(found or {}).values(), *options_of(element.json))}
        if kind in MULTI_OPTION_TYPES:
            return [known[value] for value in raw or () if value in known]
        return known.get(str(raw)) if raw else None
    if kind.startswith("multi_"):
        return [str(value) for value in raw or ()]
    if kind == "datetimepicker":
        day, hour = raw
        return (
            int(datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=ZoneInfo(zone)).timestamp())
            if all(raw)
            else None
        )
    if kind == "rich_text_input" and raw:
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": str(raw)}]}
        return {"type": "rich_text", "elements": [section]}
    return str(raw) if raw else None


def _people(ws: Workspace) -> list[Choice]:
    return [Choice(u.id, u.real_name, f"@{u.name}") for u in ws.people if not u.deleted]


def _channels(ws: Workspace, viewer: User) -> list[Choice]:
    seen = [c for c in ws.channels.values() if c.kind != "im" and (c.kind == "public" or viewer.id in c.members)]
    return [Choice(c.id, f"#{c.name}") for c in seen if not c.is_archived]


def _conversations(ws: Workspace, viewer: User, only: Json) -> list[Choice]:
    kinds = only.get("include") or ["im", "private", "public"]
    rows = [row for row in _channels(ws, viewer) if ws.channels[row.value].kind in kinds]
    return rows + (_people(ws) if "im" in kinds else [])


def _display_name(ws: Workspace, ident: str) -> str:
    if ident in ws.users:
        return ws.users[ident].real_name
    return ws.display_name("channel", ident)
