"""A request as a row of Home, of a list or of a search."""

from collections.abc import Sequence
from datetime import datetime

from blocks.states import PAUSED_EMOJI, STATE_EMOJI
from blocks.text import (
    Block,
    Element,
    actions,
    button,
    clip,
    rich_text_lines,
    text_run,
    user_mention,
)
from blocks.times import readers_time
from bot.requests.inbox import InboxRow
from bot.requests.lifecycle import STATE_LABELS
from bot.visible_text import visible

MAX_WARNINGS = 2
MAX_REASON_LENGTH = 150
MAX_OUTCOME_LENGTH = 150


def decision_row(row: InboxRow, system: str) -> list[Block]:
    """A request that needs a decision: what, when, why and the warnings, and the buttons that decide."""
    when = [readers_time(row.start_at)] if row.start_at else [text_run("as soon as approved")]
    lines: list[Sequence[Element]] = [
        [text_run(clip(row.title, 150), bold=True)],
        [text_run(f"{row.name} · {clip(system, 60)} · "), *when],
        [user_mention(row.requester.user), text_run(f": “{clip(row.reason, MAX_REASON_LENGTH)}”")],
    ]
    lines += [[text_run(f"⚠️ {clip(text, 150)}")] for text in row.warnings[:MAX_WARNINGS]]
    if left_out := len(row.warnings) - MAX_WARNINGS:
        lines += [[text_run(f"⚠️ {left_out} more: see Details")]] if left_out > 0 else []
    if row.approve_by is not None:
        lines.append([text_run("Expires "), readers_time(row.approve_by)])
    value = f"{row.id}:{row.revision}"
    return [
        rich_text_lines(*lines),
        actions(
            f"needs|{row.id}",
            button("Approve", "approve", value, style="primary", spoken=_spoken("Approve", row)),
            button("Deny…", "deny", value, spoken=_spoken("Deny", row)),
            button("Details", "details", value, spoken=_spoken("Details of", row)),
        ),
    ]


def running_row(row: InboxRow) -> Block:
    """A request that is under way, with how far it has come."""
    total, done = (
        row.progress.get("total", 0),
        sum(row.progress.get(n, 0) for n in ("succeeded", "failed", "cancelled")),
    )
    failed = row.progress.get("failed", 0)
    counts = f"{done} of {total} done{f', {failed} failed' if failed else ''}" if total else STATE_LABELS[row.state]
    return _section(row, f"{counts} · {row.name}", "run")


def plain_row(row: InboxRow, prefix: str) -> Block:
    """A request in any state. ``prefix`` keeps its block id apart from those of another list."""
    outcome = f" · {clip(row.outcome, MAX_OUTCOME_LENGTH)}" if row.outcome else ""
    return _section(row, f"{state_text(row)} · {row.name}{outcome}", prefix)


def state_text(row: InboxRow) -> str:
    """The state in words."""
    return f"{STATE_LABELS[row.state]}, paused" if row.is_held else STATE_LABELS[row.state]


def state_mark(row: InboxRow) -> str:
    """The mark of the state."""
    return PAUSED_EMOJI if row.is_held else STATE_EMOJI[row.state]


def row_time(row: InboxRow) -> datetime:
    """The time that a list shows of a request: its start, or else when it was made."""
    return row.start_at or row.created_at


def _section(row: InboxRow, text: str, prefix: str) -> Block:
    return {
        "type": "section",
        "block_id": f"{prefix}|{row.id}",
        "text": {
            "type": "plain_text",
            "text": f"{state_mark(row)} {visible(clip(row.title, 150))}\n{visible(clip(text, 300))}",
            "emoji": False,
        },
        "accessory": button("Details", "details", f"{row.id}:{row.revision}", spoken=_spoken("Details of", row)),
    }


def _spoken(verb: str, row: InboxRow) -> str:
    return f"{verb} {row.name}, {row.title}"
