"""The history of a request in Details: the audit trail in words, the newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from blocks.details_tabs import tab_blocks
from blocks.limits import fit_view
from blocks.text import Element, View, actions, button, clip, context, modal, rich_text_lines, text_run, user_mention
from blocks.times import readers_time
from bot.requests.model import Request
from bot.values import Json

HISTORY_CALLBACK = "details_history"
PAGE_SIZE = 25
MAX_TEXT_LENGTH = 500
WORDS: Mapping[str, str] = {
    "request.submitted": "requested it",
    "request.approved_by_policy": "approved it by policy",
    "request.approved": "approved it",
    "request.denied": "denied it",
    "request.changes_requested": "requested changes",
    "request.taken_back": "took a decision back",
    "request.revised": "changed it",
    "request.asked_again": "asked for approval again",
    "request.start_moved": "moved the start",
    "request.shown": "was shown all of it",
    "request.taken_over": "took it over",
    "request.withdrawn": "withdrew it",
    "request.expired": "ended it: nobody decided in time",
    "request.undeliverable": "could not show it to its approvers",
    "request.cancelled": "cancelled it",
    "request.cancelled_in_backend": "cancelled it in the system that runs it",
    "request.content_altered": "found that its stored content was altered",
    "request.reviewed": "reviewed it",
    "run.prepared": "prepared a start",
    "run.started": "started it",
    "run.replaced": "prepared the start again",
    "run.start_checked": "checked the coming start",
    "run.start_cancelled": "cancelled the coming start",
    "run.unknown": "got no answer to a start, so it may or may not have started",
    "run.proposed": "named the run that this may be",
    "run.adopted": "took a run of the system for this one",
    "run.again": "let it start again",
    "run.closed": "closed the run",
    "run.finished": "recorded the result",
    "run.ended_unseen": "marked it as ended",
    "starts.released": "let it start during a pause",
    "series.paused": "paused the series",
    "series.resumed": "resumed the series",
    "series.taken_out": "took the series out of the system that kept its times",
}
"""What each action of the audit trail means, after the name of who did it."""
_TOLD = ("comment", "reason", "why", "outcome", "state", "revision")
"""The data of an entry that people are shown, in this order."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An entry of the audit trail. ``actor`` is ``team/user``, or ``nightshift``."""

    at: datetime
    actor: str
    action: str
    data: Mapping[str, Json]


def history_view(request: Request, entries: Sequence[HistoryEntry], page: int) -> View:
    """A page of the history, counted from 0. ``entries`` are all, oldest first."""
    newest = list(reversed(entries))
    first = page * PAGE_SIZE if page * PAGE_SIZE < len(newest) else 0
    shown = newest[first : first + PAGE_SIZE]
    blocks = tab_blocks("details_history", request)
    rows = [_row(entry) for entry in shown] or [[text_run("Nothing is recorded yet.")]]
    blocks.append(rich_text_lines(*rows))
    value = f"{request.id}:{request.revision}"
    turning = []
    if first:
        turning.append(button("Newer", "details_history_newer", f"{value}:{page - 1}"))
    if first + len(shown) < len(newest):
        turning.append(button("Older", "details_history_older", f"{value}:{page + 1}"))
    if turning:
        blocks.append(actions("history_pages", *turning))
        blocks.append(context(f"{first + 1}–{first + len(shown)} of {len(newest):,}, the newest first"))
    return fit_view(modal(request.name, blocks, callback_id=HISTORY_CALLBACK))


def _row(entry: HistoryEntry) -> list[Element]:
    words = WORDS.get(entry.action, entry.action.replace(".", " ").replace("_", " "))
    told = [_data_text(name, str(entry.data[name])) for name in _TOLD if entry.data.get(name) not in (None, "")]
    text = f" {words}" + (f": {clip(' · '.join(told), MAX_TEXT_LENGTH)}" if told else "")
    _, is_person, user = entry.actor.partition("/")
    who = user_mention(user) if is_person else text_run("Nightshift", bold=True)
    return [readers_time(entry.at), text_run("  "), who, text_run(text)]


def _data_text(name: str, text: str) -> str:
    match name:
        case "revision":
            return f"revision {text}"
        case "state":
            return text.replace("_", " ")
        case _:
            return text
