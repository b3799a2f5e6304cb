"""What would happen, shown before anything is sent; and the whole of a request in a modal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.form import encode_metadata
from blocks.limits import fit_view
from blocks.text import (
    Block,
    Element,
    bullets,
    clip,
    context,
    divider,
    join_names,
    plain_text,
    preformatted,
    rich_text,
    rich_text_lines,
    text_run,
)
from blocks.times import schedule_line
from bot.requests.model import TargetSet
from bot.schedule import Schedule

PREVIEW_CALLBACK = "preview"
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
    calls: Sequence[Mapping[str, Any]]
    changes: Sequence[Mapping[str, str]]
    approval: Sequence[str]
    submit_label: str = "Ask for approval"


def preview_pending_view(title: str, external_id: str) -> dict[str, Any]:
    """Stands there while the preview is being made."""
    return {
        "type": "modal",
        "callback_id": "checking",
        "external_id": external_id,
        "title": plain_text(clip(title, 24), 24),
        "close": plain_text("Back", 24),
        "blocks": [rich_text_lines([text_run("Asking the back end what this would do …")])],
    }


def preview_error_view(title: str, problems: Sequence[str], external_id: str) -> dict[str, Any]:
    """The preview could not be made; the form below holds everything and says what is wrong where."""
    view = {
        "type": "modal",
        "callback_id": "checking",
        "external_id": external_id,
        "title": plain_text(clip(title, 24), 24),
        "close": plain_text("Back to the form", 24),
        "blocks": [
            rich_text_lines([text_run("This does not work yet", bold=True)]),
            rich_text(bullets([clip(p, 1000) for p in problems[:20]])),
        ],
    }
    return fit_view(view)


def preview_view(model: PreviewModel, external_id: str) -> dict[str, Any]:
    """The modal."""
    rows: list[Sequence[Element]] = [[text_run("When ", bold=True), *schedule_line(model.schedule, model.zone)]]
    matched = model.targets
    names = clip(join_names(matched.names, 10, matched.count), 1000)
    rows.append([text_run("On ", bold=True), text_run(f"{matched.count} {matched.noun}: {names}")])
    if matched.note:
        rows.append([text_run(clip(matched.note, 1000))])
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
    view = {
        "type": "modal",
        "callback_id": PREVIEW_CALLBACK,
        "external_id": external_id,
        "private_metadata": encode_metadata(model.draft_id, model.version),
        "title": plain_text(clip(model.title, 24), 24),
        "submit": plain_text(model.submit_label, 24),
        "close": plain_text("Back", 24),
        "blocks": blocks,
    }
    return fit_view(view)


def call_blocks(calls: Sequence[Mapping[str, Any]]) -> list[Block]:
    """The exact requests, secrets hidden."""
    blocks: list[Block] = []
    for call in calls[:5]:
        body = json.dumps(call.get("body"), indent=2, ensure_ascii=False) if call.get("body") is not None else ""
        blocks.append(rich_text_lines([text_run(clip(f"{call['method']} {call['url']}", 1000), bold=True)]))
        if body:
            blocks.append(rich_text(preformatted(clip(body, MAX_BODY_LENGTH))))
    return blocks
