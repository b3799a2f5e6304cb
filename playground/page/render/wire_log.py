"""The wire log: each exchange between Slack and the bot, its time to the answer, and the JSON behind it."""

import json
import re
from collections.abc import Iterable
from typing import Any

from playground.page.render.html import Html, h, join
from playground.page.render.icons import icon
from playground.page.state.viewer import Viewer
from playground.slack import Exchange

_POINTER = re.compile(r"\s*\[json-pointer:([^\]]*)\]")
_MAX_JSON_LENGTH = 20_000
SLOW_MS = 1000


def exchange_html(viewer: Viewer, number: int, entry: Exchange, details: bool) -> Html:
    """One exchange; with ``details``, its JSON."""
    inward = entry.direction == "to_bot"
    speed = "late" if entry.ms >= SLOW_MS else ""
    who = viewer.ws.users.get(entry.user)
    stamp = entry.at.partition("T")[2][:12]
    return h(
        "div",
        h(
            "button",
            h("span", icon("in" if inward else "out"), class_=f"way {'to' if inward else 'from'}"),
            h("span", "to the bot" if inward else "from the bot", class_="unseen"),
            h("b", entry.name),
            h("span", who.name if who and not who.is_bot else _kind_label(entry), class_="muted"),
            h("span", entry.error, class_="error") if entry.error else None,
            h("span", f"{entry.ms:,.0f} ms", class_=f"ms {speed}"),
            type="button",
            class_=f"wire-line {'failed' if entry.error else ''}".strip(),
            data_act="wire",
            data_number=number,
            aria_expanded="true" if details else "false",
            title=stamp,
        ),
        _errors_html(entry),
        _details(entry) if details else None,
        class_="wire-entry",
    )


def split_pointer(message: str) -> tuple[str, str]:
    """The message of an error and its JSON pointer."""
    found = _POINTER.search(message)
    return _POINTER.sub("", message), found[1] if found else ""


def resolve(document: Any, pointer: str) -> Any:
    """The part of ``document`` that a JSON pointer names; None where there is none."""
    here = document
    for part in pointer.strip("/").split("/") if pointer.strip("/") else ():
        if isinstance(here, list) and part.isdigit() and int(part) < len(here):
            here = here[int(part)]
        elif isinstance(here, dict) and part in here:
            here = here[part]
        else:
            return None
    return here


def _kind_label(entry: Exchange) -> str:
    words = {"api": "Web API", "events_api": "event", "response_url": "response_url", "answer": "bad answer"}
    return words.get(entry.kind, entry.kind.replace("_", " "))


def _errors_html(entry: Exchange) -> Html | None:
    """Slack's errors, each with its JSON pointer and the part of the payload that it names."""
    if not entry.messages:
        return None
    rows: Iterable[Html] = [_error_html(entry, *split_pointer(message)) for message in entry.messages[:10]]
    return h("ul", [h("li", row) for row in rows], class_="wire-errors")


def _error_html(entry: Exchange, text: str, pointer: str) -> Html:
    part = resolve(_pointer_root(entry.payload), pointer)
    shown = json.dumps(part, ensure_ascii=False) if part is not None else ""
    return join(
        h("code", pointer) if pointer else None, " ", text, h("pre", _clip(shown, 300), tabindex=0) if shown else None
    )


def _pointer_root(payload: Any) -> Any:
    """The root of JSON pointers: the payload, or the view in it; blocks may have come as JSON text."""
    if not isinstance(payload, dict):
        return payload
    found = {name: _parse_json(value) for name, value in payload.items()}
    return found["view"] if isinstance(found.get("view"), dict) else found


def _parse_json(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _details(entry: Exchange) -> Html:
    sent, back = (
        ("Slack sent", "The bot answered") if entry.direction == "to_bot" else ("The bot sent", "Slack answered")
    )
    return h(
        "div",
        h("p", f"{entry.at} · attempt {entry.attempt + 1}" if entry.attempt else entry.at, class_="muted"),
        h("h4", sent),
        _json(entry.payload),
        h("h4", back),
        _json(entry.answer),
        class_="wire-details",
    )


def _json(value: Any) -> Html:
    loaded = {k: _parse_json(v) for k, v in value.items()} if isinstance(value, dict) else _parse_json(value)
    return h("pre", _clip(json.dumps(loaded, indent=2, ensure_ascii=False, default=str), _MAX_JSON_LENGTH), tabindex=0)


def _clip(text: str, max_length: int) -> str:
    return text if len(text) <= max_length else text[: max_length - 1] + "…"
