"""The Home tab and the lists of the hub: requests in a line or two each."""

from collections.abc import Sequence
from typing import Any

from blocks.card import MARKS
from blocks.text import Block, Element, actions, button, clip, context, divider, escape, header, lines, t, user
from blocks.times import short
from bot.requests.lifecycle import WORDS
from bot.requests.model import Brief

SHOWN = 10


def request_line(request: Brief, zone: str) -> list[Element]:
    """``🟡 NS-12 · Foreman: run a job · Waiting for approval · 27 Nov 21:00 CET``."""
    return [
        t(f"{MARKS[request.state]} "),
        t(request.name, bold=True),
        t(f" · {clip(request.title, 80)} · {WORDS[request.state]} · {short(request.when, zone)} · "),
        user(request.requester),
    ]


def home_view(mine: Sequence[Brief], waiting: Sequence[Brief], zone: str, commands: Sequence[str]) -> dict[str, Any]:
    """The Home tab: what waits for a decision, and one's own requests."""
    blocks: list[Block] = [
        header("Nightshift"),
        context("Maintenance work: ask in a form, approve with a button, run once, see what happened."),
        lines([t("Start with "), *_commands(commands)]),
        divider(),
        header("Waiting for a decision"),
        *_rows("waiting", waiting, zone, "Nothing waits for a decision."),
        divider(),
        header("Your requests"),
        *_rows("mine", mine, zone, "You have not asked for anything yet."),
    ]
    return {"type": "home", "blocks": blocks[:100]}


def _commands(commands: Sequence[str]) -> list[Element]:
    elements: list[Element] = []
    for name in commands:
        elements += [t(name, code=True), t(" ")]
    return elements


def _rows(name: str, requests: Sequence[Brief], zone: str, nothing: str) -> list[Block]:
    """A list; ``name`` keeps its block ids apart from those of the other, which may show the same request."""
    blocks: list[Block] = [] if requests else [lines([t(nothing, italic=True)])]
    for request in requests[:SHOWN]:
        blocks.append(lines(request_line(request, zone)))
        value = f"{request.id}:{request.revision}"
        blocks.append(actions(f"{name}|{request.id}", button("Show details", "details", value)))
    if len(requests) > SHOWN:
        blocks.append(context(f"and {len(requests) - SHOWN} more: /nightshift list"))
    return blocks


def list_blocks(requests: Sequence[Brief], zone: str, title: str) -> list[Block]:
    """A list as an ephemeral message."""
    rows = [request_line(request, zone) for request in requests] or [[t("There is nothing.", italic=True)]]
    return [header(title), lines(*rows)]


def list_text(requests: Sequence[Brief], title: str) -> str:
    """The same for notifications and screen readers."""
    return escape(f"{title}: " + (", ".join(request.name for request in requests) or "nothing"))
