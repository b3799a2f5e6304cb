"""Search for requests: a modal that asks, and one with what was found."""

from collections.abc import Mapping, Sequence

from blocks.inbox_rows import plain_row
from blocks.limits import fit_view
from blocks.text import Block, Element, View, actions, button, context, modal, plain_text, rich_text_lines, text_run
from bot.requests.inbox import InboxRow
from bot.requests.model import RequestState

SEARCH_CALLBACK = "search"
FOUND_CALLBACK = "search_found"
MAX_SHOWN = 40
TEXT, STATE, SYSTEM, PERSON = "text", "state", "system", "person"
ANY = "any"
STATE_GROUPS: Mapping[str, tuple[str, tuple[RequestState, ...]]] = {
    "waiting": ("Waiting for approval", ("awaiting_approval",)),
    "scheduled": ("Scheduled", ("approved", "scheduled")),
    "running": ("Running", ("starting", "running", "unknown")),
    "failed": ("Failed or partly failed", ("failed", "partly_failed")),
    "succeeded": ("Succeeded", ("succeeded",)),
    "denied": ("Denied or expired", ("denied", "expired", "undeliverable")),
    "cancelled": ("Cancelled or withdrawn", ("cancelled", "withdrawn", "ended_unseen")),
    "open": (
        "Everything that is not over",
        ("awaiting_approval", "approved", "scheduled", "starting", "running", "unknown"),
    ),
}
"""The states that can be searched for, by their names in a list's words: what people read, and the states."""


def search_view(systems: Mapping[str, str]) -> View:
    """The modal that asks what to search for. ``systems`` has the title of each back end."""
    states = {ANY: "Any state", **{name: label for name, (label, _) in STATE_GROUPS.items()}}
    blocks = [
        _input(TEXT, "Title, host or number", {"type": "plain_text_input", "max_length": 200}),
        _input(STATE, "State", _select(states)),
        *([_input(SYSTEM, "System", _select({ANY: "Any system", **systems}))] if len(systems) > 1 else []),
        _input(PERSON, "Requested by", {"type": "users_select"}),
    ]
    return modal("Search requests", blocks, callback_id=SEARCH_CALLBACK, submit="Search")


def found_view(rows: Sequence[InboxRow], words: str, note: str = "") -> View:
    """The requests that were found. ``words`` say what was searched for."""
    shown = rows[:MAX_SHOWN]
    blocks: list[Block] = [plain_row(row, "found") for row in shown]
    if not rows:
        blocks.append(rich_text_lines([text_run(f"No requests found: {words}.")]))
    more = len(rows) - len(shown)
    texts = [f"{words}: {len(rows)} found" + (f", the newest {len(shown)} shown" if more > 0 else "")] if rows else []
    if texts or note:
        blocks.append(context(*texts, *([note] if note else [])))
    blocks.append(actions("search_again", button("Search again", "home_search")))
    return fit_view(modal("Search requests", blocks, callback_id=FOUND_CALLBACK))


def _input(name: str, label: str, element: Element) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": plain_text(label, 2000),
        "element": {**element, "action_id": name},
    }


def _select(options: Mapping[str, str]) -> Element:
    elements: list[Element] = [{"text": plain_text(label, 75), "value": value} for value, label in options.items()]
    return {"type": "static_select", "options": elements[:100], "initial_option": elements[0]}
