"""What would happen, shown before anything is sent; and the whole of a request in a modal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blocks.form import metadata
from blocks.limits import fit_view
from blocks.text import Block, Element, bullets, clip, context, divider, lines, listed, plain, preformatted, rich, t
from blocks.times import schedule_line
from bot.requests.model import Matched
from bot.schedule import Schedule

PREVIEW = "preview"
BODY_SHOWN = 2500


@dataclass(frozen=True, slots=True)
class Shown:
    """The preview of a draft."""

    draft_id: str
    version: int
    title: str
    schedule: Schedule
    zone: str
    echo: Sequence[str]
    matched: Matched
    summary: Sequence[tuple[str, str]]
    reason: str
    warnings: Sequence[str]
    holding: str
    calls: Sequence[Mapping[str, Any]]
    changes: Sequence[Mapping[str, str]]
    approval: Sequence[str]
    submit: str = "Ask for approval"


def checking_view(title: str, external_id: str) -> dict[str, Any]:
    """Stands there while the preview is being made."""
    return {
        "type": "modal",
        "callback_id": "checking",
        "external_id": external_id,
        "title": plain(clip(title, 24), 24),
        "close": plain("Back", 24),
        "blocks": [lines([t("Asking the back end what this would do …")])],
    }


def wrong_view(title: str, problems: Sequence[str], external_id: str) -> dict[str, Any]:
    """The preview could not be made; the form below holds everything and says what is wrong where."""
    view = {
        "type": "modal",
        "callback_id": "checking",
        "external_id": external_id,
        "title": plain(clip(title, 24), 24),
        "close": plain("Back to the form", 24),
        "blocks": [
            lines([t("This does not work yet", bold=True)]),
            rich(bullets([clip(p, 1000) for p in problems[:20]])),
        ],
    }
    return fit_view(view)


def preview_view(shown: Shown, external_id: str) -> dict[str, Any]:
    """The modal."""
    rows: list[Sequence[Element]] = [[t("When ", bold=True), *schedule_line(shown.schedule, shown.zone)]]
    matched = shown.matched
    names = clip(listed(matched.names, 10, matched.count), 1000)
    rows.append([t("On ", bold=True), t(f"{matched.count} {matched.noun}: {names}")])
    if matched.note:
        rows.append([t(clip(matched.note, 1000))])
    rows += [[t(f"{label} ", bold=True), t(clip(text, 300))] for label, text in shown.summary[:30]]
    rows.append([t("Why ", bold=True), t(clip(shown.reason, 500))])
    rows.append([t("Timing ", bold=True), t(shown.holding)])
    blocks: list[Block] = [lines(*rows)]
    if shown.echo:
        blocks.append(context(*shown.echo))
    if shown.warnings:
        blocks.append(rich(bullets([clip(f"⚠️ {w}", 500) for w in shown.warnings[:15]])))
    if shown.changes:
        items = [f"{c['field']}: {c['before'] or 'nothing'} → {c['after'] or 'nothing'}" for c in shown.changes[:20]]
        blocks.append(rich(bullets([clip(item, 300) for item in items])))
    blocks += [divider(), lines([t("Approval ", bold=True), t(clip(" ".join(shown.approval), 1500))])]
    blocks += call_blocks(shown.calls)
    view = {
        "type": "modal",
        "callback_id": PREVIEW,
        "external_id": external_id,
        "private_metadata": metadata(shown.draft_id, shown.version),
        "title": plain(clip(shown.title, 24), 24),
        "submit": plain(shown.submit, 24),
        "close": plain("Back", 24),
        "blocks": blocks,
    }
    return fit_view(view)


def call_blocks(calls: Sequence[Mapping[str, Any]]) -> list[Block]:
    """The exact requests, secrets hidden."""
    blocks: list[Block] = []
    for call in calls[:5]:
        body = json.dumps(call.get("body"), indent=2, ensure_ascii=False) if call.get("body") is not None else ""
        blocks.append(lines([t(clip(f"{call['method']} {call['url']}", 1000), bold=True)]))
        if body:
            blocks.append(rich(preformatted(clip(body, BODY_SHOWN))))
    return blocks
