"""The preview of a draft: what would happen, shown before anything is sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blocks.form import encode_metadata
from blocks.limits import fit_view
from blocks.text import (
    Block,
    Element,
    View,
    bullets,
    clip,
    context,
    divider,
    join_names,
    modal,
    preformatted,
    rich_text,
    rich_text_lines,
    text_run,
)
from blocks.times import schedule_line
from bot.requests.model import TargetSet
from bot.requests.text import count_noun
from bot.schedule import Schedule
from bot.values import JsonObject

PREVIEW_CALLBACK = "preview"
CHECKING_CALLBACK = "checking"
MAX_BODY_LENGTH = 2500


@dataclass(frozen=True, slots=True)
class PreviewModel:
    """The preview of a draft."""

    draft_id: str
    version: int
    title: str
    schedule: Schedule
    zone: str
    echo: Sequence[str]
    targets: TargetSet
    summary: Sequence[tuple[str, str]]
    reason: str
    warnings: Sequence[str]
    scheduler_reason: str
    calls: Sequence[JsonObject]
    changes: Sequence[Mapping[str, str]]
    approval: Sequence[str]
    submit_label: str = "Request approval"


def preview_pending_view(title: str) -> View:
    """Shown while the preview is being made."""
    blocks = [rich_text_lines([text_run("Asking the back end what this would do …")])]
    return modal(title, blocks, callback_id=CHECKING_CALLBACK, close="Back")


def preview_error_view(title: str, problems: Sequence[str]) -> View:
    """Shown when a preview cannot be made. The form below it says what is wrong where."""
    blocks = [
        rich_text_lines([text_run("This does not work yet", bold=True)]),
        rich_text(bullets([clip(problem, 1000) for problem in problems[:20]])),
    ]
    return fit_view(modal(title, blocks, callback_id=CHECKING_CALLBACK, close="Back to the form"))


def preview_view(model: PreviewModel) -> View:
    """The modal that shows a preview and submits it."""
    rows: list[Sequence[Element]] = [[text_run("When ", bold=True), *schedule_line(model.schedule)]]
    targets = model.targets
    names = clip(join_names(targets.names, 10, targets.count), 1000)
    rows.append([text_run("On ", bold=True), text_run(f"{count_noun(targets.count, targets.noun)}: {names}")])
    if targets.note:
        rows.append([text_run(clip(targets.note, 1000))])
    rows += [[text_run(f"{label} ", bold=True), text_run(clip(text, 300))] for label, text in model.summary[:30]]
    rows.append([text_run("Why ", bold=True), text_run(clip(model.reason, 500))])
    rows.append([text_run("Timing ", bold=True), text_run(model.scheduler_reason)])
    blocks: list[Block] = [rich_text_lines(*rows)]
    if model.echo:
        blocks.append(context(*model.echo))
    if model.warnings:
        blocks.append(rich_text(bullets([clip(f"⚠️ {w}", 500) for w in model.warnings[:15]])))
    if model.changes:
        items = [f"{c['field']}: {c['before'] or 'nothing'} → {c['after'] or 'nothing'}" for c in model.changes[:20]]
        blocks.append(rich_text(bullets([clip(item, 300) for item in items])))
    blocks += [
        divider(),
        rich_text_lines([text_run("Approval ", bold=True), text_run(clip(" ".join(model.approval), 1500))]),
    ]
    blocks += call_blocks(model.calls)
    view = modal(
        model.title,
        blocks,
        callback_id=PREVIEW_CALLBACK,
        submit=model.submit_label,
        close="Back",
        metadata=encode_metadata(model.draft_id, model.version),
    )
    return fit_view(view)


def call_blocks(calls: Sequence[JsonObject]) -> list[Block]:
    """The exact requests, with secrets hidden."""
    blocks: list[Block] = []
    for call in calls[:5]:
        body = json.dumps(call.get("body"), indent=2, ensure_ascii=False) if call.get("body") is not None else ""
        blocks.append(rich_text_lines([text_run(clip(f"{call['method']} {call['url']}", 1000), bold=True)]))
        if body:
            blocks.append(rich_text(preformatted(clip(body, MAX_BODY_LENGTH))))
    return blocks
