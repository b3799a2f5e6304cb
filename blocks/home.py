"""The Home tab and the lists of the hub: requests in a line or two each."""

from collections.abc import Sequence

from blocks.card import STATE_EMOJI
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    button,
    clip,
    context,
    divider,
    header,
    rich_text_lines,
    text_run,
    user_mention,
)
from blocks.times import short_time
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import RequestSummary

MAX_REQUESTS = 10
MAX_PAUSES = 10
MAX_REVIEWS = 10


def request_row(request: RequestSummary, zone: str) -> list[Element]:
    """``🟡 NS-12 · Foreman: run a job · Waiting for approval · 27 Nov 21:00 CET``."""
    return [
        text_run(f"{STATE_EMOJI[request.state]} "),
        text_run(request.name, bold=True),
        text_run(
            f" · {clip(request.title, 80)} · {STATE_LABELS[request.state]} · "
            f"{short_time(request.display_time, zone)} · "
        ),
        user_mention(request.requester),
    ]


def home_view(
    mine: Sequence[RequestSummary],
    waiting: Sequence[RequestSummary],
    zone: str,
    commands: Sequence[str],
    paused: Sequence[str] = (),
    to_review: Sequence[str] = (),
    note: str = "",
) -> View:
    """The Home tab: what is paused, what waits for a decision or a review, and the person's own requests. ``note`` says
    what the lists leave out."""
    review_rows = [[text_run(clip(line, 600))] for line in to_review[:MAX_REVIEWS]]
    pause_rows = [[text_run(clip(line, 600), bold=True)] for line in paused[:MAX_PAUSES]]
    blocks: list[Block] = [
        header("Nightshift"),
        *([rich_text_lines(*pause_rows)] if pause_rows else []),
        context("Maintenance work: ask in a form, approve with a button, run once, see what happened."),
        rich_text_lines([text_run("Start with "), *_command_elements(commands)]),
        divider(),
        header("Waiting for a decision"),
        *_request_blocks("waiting", waiting, zone, "Nothing waits for a decision."),
        *([context(note)] if note else []),
        *([header("Emergencies to review"), rich_text_lines(*review_rows)] if review_rows else []),
        divider(),
        header("Your requests"),
        *_request_blocks("mine", mine, zone, "You have not asked for anything yet."),
    ]
    return {"type": "home", "blocks": blocks[:100]}


def home_error_view(text: str) -> View:
    """The Home tab for somebody who cannot be shown anything."""
    return {"type": "home", "blocks": [header("Nightshift"), rich_text_lines([text_run(text)])]}


def _command_elements(commands: Sequence[str]) -> list[Element]:
    elements: list[Element] = []
    for name in commands:
        elements += [text_run(name, code=True), text_run(" ")]
    return elements


def _request_blocks(block_prefix: str, requests: Sequence[RequestSummary], zone: str, empty_text: str) -> list[Block]:
    """A list. ``block_prefix`` keeps its block ids apart from those of another list with the same request."""
    verb = "approvals" if block_prefix == "waiting" else "mine"
    blocks: list[Block] = [] if requests else [rich_text_lines([text_run(empty_text, italic=True)])]
    for request in requests[:MAX_REQUESTS]:
        blocks.append(rich_text_lines(request_row(request, zone)))
        value = f"{request.id}:{request.revision}"
        blocks.append(actions(f"{block_prefix}|{request.id}", *_row_buttons(block_prefix, request, value)))
    if len(requests) > MAX_REQUESTS:
        blocks.append(context(f"and {len(requests) - MAX_REQUESTS} more: /nightshift {verb}"))
    return blocks


def _row_buttons(block_prefix: str, request: RequestSummary, value: str) -> list[Element]:
    """The buttons of a row. Who waits for a decision is decided on here too, so that a card is never the only way."""
    details = button("Show details", "details", value, spoken=f"Show details of {request.name}, {request.title}")
    if block_prefix != "waiting":
        return [details]
    return [
        button("Approve", "approve", value, spoken=f"Approve {request.name}, {request.title}"),
        button("Deny", "deny", value, spoken=f"Deny {request.name}, {request.title}"),
        details,
    ]


def list_blocks(requests: Sequence[RequestSummary], zone: str, title: str, note: str = "") -> list[Block]:
    """A list as an ephemeral message. ``note`` says what it leaves out."""
    rows = [request_row(request, zone) for request in requests] or [[text_run("There is nothing.", italic=True)]]
    return [header(title), rich_text_lines(*rows), *([context(note)] if note else [])]


def list_text(requests: Sequence[RequestSummary], title: str) -> str:
    """The same for notifications and screen readers."""
    return f"{title}: " + (", ".join(request.name for request in requests) or "nothing")
