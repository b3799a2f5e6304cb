"""What a new request and a new revision have in common."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypedDict

from pydantic import JsonValue

from bot.errors import Conflict
from bot.requests.approval.deadlines import expires_at, next_reminder_at
from bot.requests.model import Content, Request, Requirement, TargetSet
from bot.storage import audit, requests
from bot.storage.drafts import Draft
from bot.storage.transactions import Tx
from bot.usecases.budgets import used_up_text
from bot.usecases.drafts.preview import PreviewResult
from bot.usecases.pauses.notes import note_to_admins
from bot.usecases.planning import plan_runs
from bot.usecases.refusals import RefusalCode
from bot.usecases.reviews.open_review import open_review
from bot.usecases.services import Services

LOOK_AGAIN = "Please go back and look at the preview again."


class SubmittedFields(TypedDict):
    """The fields of a request that come from its draft: everything but its identity and its history."""

    content: Content
    content_hash: str
    labels: Mapping[str, JsonValue]
    values: Mapping[str, JsonValue]
    title: str
    rerun_of: str
    summary: tuple[tuple[str, str], ...]
    phrase: str
    zone: str
    reason: str
    targets: TargetSet
    warnings: tuple[str, ...]
    facts: Mapping[str, JsonValue]
    calls: tuple[Mapping[str, JsonValue], ...]
    changes: tuple[Mapping[str, str], ...]
    scheduler: Literal["backend", "nightshift"]
    scheduler_reason: str
    requirement: Requirement
    approve_by: datetime | None
    remind_at: datetime | None
    start_at: datetime | None
    latest_start: datetime | None
    round_opened_at: datetime | None
    approved_at: datetime | None


def submitted_fields(draft: Draft, preview: PreviewResult, now: datetime) -> SubmittedFields:
    """Return the fields of a request that come from its draft."""
    return {
        "content": preview.content,
        "content_hash": preview.content.hash,
        "labels": draft.labels,
        "values": draft.values,
        "title": preview.title,
        "rerun_of": draft.rerun_of or "",
        "summary": preview.summary,
        "phrase": preview.phrase,
        "zone": preview.zone,
        "reason": draft.reason,
        "targets": preview.targets,
        "warnings": preview.warnings,
        "facts": preview.facts,
        "calls": preview.calls,
        "changes": preview.changes,
        "scheduler": "backend" if preview.scheduler == "backend" else "nightshift",
        "scheduler_reason": preview.scheduler_reason,
        "requirement": preview.requirement,
        "approve_by": expires_at(preview.requirement, now, preview.content.schedule),
        "remind_at": next_reminder_at(preview.requirement, now, now),
        "start_at": preview.start_at,
        "latest_start": preview.latest_start,
        "round_opened_at": now,
        "approved_at": None,
    }


def audit_data(request: Request) -> dict[str, JsonValue]:
    """Return what the audit trail says of the content of a new revision."""
    data: dict[str, JsonValue] = {"hash": request.content_hash}
    if request.content.change:
        data["change"] = request.content.change
    if request.is_emergency:
        data["emergency"] = True
    return data


async def approve_by_policy(tx: Tx, services: Services, request: Request, now: datetime) -> Request:
    """Approve a request if policy does so without asking anybody. Raises Conflict if it no longer may."""
    if request.requirement.effect != "approve":
        return request
    if request.edited_by or request.taken_over_from:
        text = f"Somebody else has edited {request.name} meanwhile, so it needs approvers. {LOOK_AGAIN}"
        raise Conflict(text, code=RefusalCode.EDITED_BY_OTHERS)
    budgets, start = services.policy.budgets, request.start_at or now
    rule = await budgets.exhausted(tx, request.requirement, start, now)
    if rule:
        text = f"{used_up_text(rule)} {LOOK_AGAIN}"
        raise Conflict(text, code=RefusalCode.BUDGET_EXHAUSTED)
    data: dict[str, JsonValue] = {"reasons": list(request.requirement.reasons)}
    if request.is_emergency:
        data["emergency"] = True
    await audit.record(tx, now, "nightshift", "request.approved_by_policy", request.id, data)
    request = await requests.transition(tx, request, "approved", approved_at=now)
    request = await requests.transition(tx, request, "scheduled")
    await open_review(tx, request, now)
    await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
    if request.is_emergency and (rule := await budgets.exhausted(tx, request.requirement, start, now)):
        text = f"{request.name} is the last emergency that the rule “{rule}” lets start today without an approval."
        await note_to_admins(tx, services, text, dedupe=f"last-emergency:{request.id}")
    return request
