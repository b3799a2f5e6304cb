"""The preview of a draft: what would happen, shown before anything is sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blocks.form import encode_metadata
from blocks.limits import fit_view
from blocks.pages import passage_pages
from blocks.text import (
    Block,
    Element,
    View,
    actions,
    bullets,
    button,
    clip,
    context,
    divider,
    header,
    modal,
    rich_text,
    rich_text_lines,
    text_run,
)
from blocks.times import schedule_line
from bot.requests.disclosure import Passage
from bot.requests.model import TargetSet
from bot.requests.text import count_noun
from bot.schedule import Schedule
from bot.values import JsonObject

TITLE = "Review and request"
PREVIEW_CALLBACK = "preview"
CHECKING_CALLBACK = "checking"
PAGES_CALLBACK = "preview_pages"
TARGETS_ACTION, CALLS_ACTION = "preview_targets", "preview_calls"
PAGES_TITLES: Mapping[str, str] = {TARGETS_ACTION: "Where", CALLS_ACTION: "Exact request"}
"""The titles of the pages behind the preview's buttons, by action."""
MAX_NAMES = 5
MAX_PARAMETERS = 30
MAX_PARAMETER_LENGTH = 300


@dataclass(frozen=True, slots=True)
class PreviewModel:
    """The preview of a draft."""

    draft_id: str
    version: int
    title: str
    """What would happen."""
    schedule: Schedule
    zone: str
    """The requester's time zone."""
    echo: Sequence[str]
    targets: TargetSet
    search: str
    """What was typed to find the targets; "" where they were picked."""
    summary: Sequence[tuple[str, str]]
    reason: str
    warnings: Sequence[str]
    scheduler_reason: str
    changes: Sequence[Mapping[str, str]]
    approval: Sequence[str]
    submit_label: str = "Request approval"


def preview_pending_view(title: str) -> View:
    """Shown while the preview is being made."""
    blocks = [rich_text_lines([text_run("Checking what this would do…")])]
    return modal(title, blocks, callback_id=CHECKING_CALLBACK, close="Back")


def preview_error_view(title: str, problems: Sequence[str]) -> View:
    """Shown when a preview cannot be made. The form below it says what is wrong where."""
    blocks = [
        rich_text_lines([text_run("This does not work yet", bold=True)]),
        rich_text(bullets([clip(problem, 1000) for problem in problems[:20]])),
    ]
    return fit_view(modal(title, blocks, callback_id=CHECKING_CALLBACK, close="Back to the form"))


def preview_view(model: PreviewModel) -> View:
    """The modal that shows a preview and submits it: the title, what is unusual, the facts, then the approval."""
    blocks: list[Block] = [header(model.title)]
    if model.warnings:
        blocks.append(rich_text_lines(*[[text_run(clip(f"⚠️ {w}", 500))] for w in model.warnings[:15]]))
    blocks.append(rich_text_lines(*_fact_rows(model)))
    if len(model.echo) > 1:
        blocks.append(context(*model.echo))
    if model.changes:
        items = [f"{c['field']}: {c['before'] or 'nothing'} → {c['after'] or 'nothing'}" for c in model.changes[:20]]
        blocks.append(rich_text(bullets([clip(item, 300) for item in items])))
    approval = clip(" ".join(model.approval), 1500)
    blocks += [divider(), rich_text_lines([text_run("Approval ", bold=True), text_run(approval)]), _page_buttons(model)]
    view = modal(
        TITLE,
        blocks,
        callback_id=PREVIEW_CALLBACK,
        submit=model.submit_label,
        close="Back",
        metadata=encode_metadata(model.draft_id, model.version),
    )
    return fit_view(view)


def _fact_rows(model: PreviewModel) -> list[Sequence[Element]]:
    when = [text_run("When ", bold=True), *schedule_line(model.schedule, {model.zone})]
    rows: list[Sequence[Element]] = [[*when, text_run(f". {model.scheduler_reason}")], _where_row(model)]
    if model.targets.note:
        rows.append([text_run(clip(model.targets.note, 1000))])
    if model.summary:
        rows.append(_what_row(model.summary))
    rows.append([text_run("Why ", bold=True), text_run(f"“{clip(model.reason, 500)}”")])
    return rows


def _where_row(model: PreviewModel) -> list[Element]:
    targets = model.targets
    row = [text_run("Where ", bold=True), text_run(count_noun(targets.count, targets.noun))]
    if model.search and not _lists_names(model.search, targets.names):
        row += [text_run(" found by "), text_run(clip(model.search, MAX_PARAMETER_LENGTH), code=True)]
    names = ", ".join(clip(name, 100) for name in targets.names[:MAX_NAMES])
    rest = targets.count - min(targets.count, len(targets.names), MAX_NAMES)
    if names:
        row.append(text_run(f": {names}{f' + {rest:,} more' if rest else ''}"))
    return row


def _lists_names(search: str, names: Sequence[str]) -> bool:
    """Whether a search is only a list of the targets' names, which are shown anyway."""
    words = set(search.replace(",", " ").replace(";", " ").split())
    return words == set(names)


def _what_row(summary: Sequence[tuple[str, str]]) -> list[Element]:
    """The first parameter, which says most, and the others with their labels."""
    row = [text_run("What ", bold=True), text_run(clip(f"{summary[0][0]} {summary[0][1]}", MAX_PARAMETER_LENGTH))]
    for label, value in summary[1:MAX_PARAMETERS]:
        row.append(text_run(f" · {clip(label, 100)} "))
        row += [text_run(clip(value, MAX_PARAMETER_LENGTH), code=True)] if value else []
    left_out = len(summary) - MAX_PARAMETERS
    return [*row, text_run(f" + {count_noun(left_out, 'more parameters')}")] if left_out > 0 else row


def _page_buttons(model: PreviewModel) -> Block:
    value = f"{model.draft_id}:{model.version}:0"
    row = [button("Exact request", CALLS_ACTION, value)]
    if len(model.targets.names) > MAX_NAMES:
        row.insert(0, button(f"All {count_noun(model.targets.count, model.targets.noun)}", TARGETS_ACTION, value))
    return actions("preview_show", *row)


def call_pages(calls: Sequence[JsonObject]) -> list[list[Block]]:
    """The exact calls, complete but with secrets hidden, page by page."""
    return passage_pages([], [Passage(f"{call['method']} {call['url']}", _body_text(call)) for call in calls])


def _body_text(call: JsonObject) -> str:
    return json.dumps(call["body"], indent=2, ensure_ascii=False) if call.get("body") is not None else ""


def target_pages(targets: TargetSet) -> list[list[Block]]:
    """The names of all targets, page by page."""
    left_out = targets.count - len(targets.names)
    label = count_noun(targets.count, targets.noun) + (f", the first {len(targets.names):,}" if left_out > 0 else "")
    return passage_pages([], [Passage(label, "\n".join(targets.names))])


def pages_view(action: str, draft_id: str, version: int, pages: Sequence[list[Block]], page: int) -> View:
    """A page behind one of the preview's buttons. Closing it goes back to the preview."""
    value = f"{draft_id}:{version}"
    turning = []
    if page > 0:
        turning.append(button("Previous page", f"{action}_previous", f"{value}:{page - 1}"))
    if page < len(pages) - 1:
        turning.append(button("Next page", f"{action}_next", f"{value}:{page + 1}"))
    place = [context(f"Page {page + 1} of {len(pages)}"), actions("preview_turn", *turning)] if turning else []
    return modal(PAGES_TITLES[action], [*pages[page], *place], callback_id=PAGES_CALLBACK, close="Back")
