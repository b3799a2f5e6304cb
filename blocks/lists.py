"""Lists of requests as an ephemeral message."""

from collections.abc import Mapping, Sequence

from blocks.inbox_rows import row_time, state_mark, state_text
from blocks.limits import fit_message
from blocks.text import (
    Block,
    Element,
    actions,
    button,
    clip,
    context,
    header,
    rich_text_lines,
    text_run,
    user_mention,
)
from blocks.times import readers_time
from bot.requests.inbox import InboxRow

MAX_ROWS = 20


def list_blocks(rows: Sequence[InboxRow], title: str, empty: str, starts: Mapping[str, str], note: str) -> list[Block]:
    """A list: its title, two lines for each request, and what it leaves out. An empty one offers what to do instead;
    ``starts`` has the label of each start button by its action."""
    notes = [context(note)] if note else []
    if not rows:
        buttons = [button(label, action) for action, label in list(starts.items())[:1]]
        buttons.insert(0, button("Search all requests", "home_search"))
        return [rich_text_lines([text_run(empty)]), *notes, actions("list_go", *buttons)]
    lines: list[Sequence[Element]] = []
    for row in rows[:MAX_ROWS]:
        lines += [[text_run(f"{state_mark(row)} "), text_run(clip(row.title, 120), bold=True)], _second_line(row)]
    more = len(rows) - MAX_ROWS
    if more > 0:
        notes.append(context(f"The newest {MAX_ROWS} of {len(rows)}. Say more to see fewer, such as: list failed"))
    return fit_message([header(title), rich_text_lines(*lines), *notes])


def list_text(rows: Sequence[InboxRow], title: str, empty: str) -> str:
    """The same for notifications and screen readers."""
    return f"{title}: {', '.join(row.name for row in rows[:MAX_ROWS])}" if rows else empty


def _second_line(row: InboxRow) -> list[Element]:
    return [
        text_run(f"{row.name} · {state_text(row)} · "),
        readers_time(row_time(row)),
        text_run(" · "),
        user_mention(row.requester.user),
    ]
