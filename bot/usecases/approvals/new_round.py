"""Opens a new round of approval: the same request, perhaps with what it would do now."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from bot.backends.base import Preview
from bot.errors import InputError
from bot.requests.approval.deadlines import expires_at, next_reminder_at
from bot.requests.change import change_rows
from bot.requests.emergency import emergency_rows, marked_title
from bot.requests.model import HASH_VERSION, Content, Person, Request, Requirement, TargetSet
from bot.requests.notify.events import Event
from bot.requests.overlap import overlap_rows
from bot.requests.resolutions import Difference
from bot.storage import audit, messages, requests
from bot.storage.requests import RequestChanges
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.policy_input import policy_input_of_request
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.usecases.summary import summarize_params
from bot.usecases.titles import request_title


def content_now(request: Request, current: Preview) -> Content:
    """Return the content of a request with what its parameters stand for now. Earlier approvals do not count for it."""
    return request.content.model_copy(
        update={
            "resolutions": current.resolutions,
            "targets": current.targets.names if current.targets.fixed else (),
            "renewal": request.content.renewal + 1,
            "hash_version": HASH_VERSION,
        }
    )


async def requirement_for_new_round(
    services: Services, request: Request, current: Preview | None
) -> tuple[Requirement, tuple[str, ...]]:
    """Return what policy demands of the request as it is now, and the warnings that go with it.

    Someone was to decide on it, so a rule alone does not approve it now.
    """
    policy_input, warnings = policy_input_of_request(request), request.warnings
    if current is not None:
        targets = TargetSet(**current.targets.model_dump())
        policy_input = replace(
            policy_input, content=content_now(request, current), targets=targets, facts=current.facts
        )
        warnings = current.warnings
    conflicts = tuple(conflict.text for conflict in await services.conflicts.find(policy_input))
    outcome = await services.policy.evaluate(policy_input, conflicts)
    if outcome.requirement.effect == "refuse":
        text = f"Policy does not allow that. {' '.join(outcome.requirement.reasons)}".strip()
        raise InputError({"": text}, code=RefusalCode.POLICY_REFUSES)
    requirement = outcome.requirement if outcome.requirement.effect == "ask" else request.requirement
    return requirement, tuple(dict.fromkeys((*warnings, *conflicts, *outcome.freeze_notes)))


async def fields_now(
    services: Services, request: Request, current: Preview, changes: Sequence[Difference], requirement: Requirement
) -> RequestChanges:
    """Return the fields of a request as what ``current`` shows. ``changes`` are the differences from its approved
    content. Raises BackendError if the back end does not say what its fields are called."""
    operation = services.backends.operation(request.content.backend, request.content.operation)
    fields, content = await operation.fields(request.values), content_now(request, current)
    summary = summarize_params(fields, request.values, request.labels, current.resolutions)
    return {
        "content": content,
        "title": request_title(operation, current, content.schedule, requirement, request.rerun_of),
        "summary": (
            *summary,
            *emergency_rows(requirement),
            *change_rows(content.change),
            *overlap_rows(content, requirement),
        ),
        "targets": TargetSet(**current.targets.model_dump()),
        "warnings": current.warnings,
        "facts": current.facts,
        "changes": tuple(change.model_dump() for change in current.changes),
        "revision_changes": tuple({"field": c.field, "before": c.before, "after": c.after} for c in changes),
        "requirement": requirement,
    }


async def open_new_round(
    tx: Tx,
    services: Services,
    request: Request,
    fields: RequestChanges,
    why: str,
    codes: Sequence[StrEnum],
    *,
    by: Person | None = None,
) -> Request:
    """Put a request with new ``fields`` before its approvers, and tell them. ``why`` is for people, ``codes`` for
    programs, ``by`` is who caused it. Earlier approvals stop counting. Raises Conflict if the request has changed."""
    now = services.clock.now()
    content = fields.get("content") or request.content.model_copy(update={"renewal": request.content.renewal + 1})
    requirement = fields.get("requirement") or request.requirement
    changes: RequestChanges = {
        **fields,
        "content": content,
        "content_hash": content.hash,
        "title": fields.get("title") or marked_title(request.title, requirement),
        "round_opened_at": now,
        "approved_at": None,
        "approve_by": expires_at(requirement, now, content.schedule),
        "remind_at": next_reminder_at(requirement, now, now),
        "outcome": why,
    }
    nightshift = Person(team=request.requester.team, user="nightshift")
    request = await requests.revise(tx, request, nightshift, now, "awaiting_approval", **changes)
    data = {"why": why, "codes": list(codes), "hash": content.hash}
    await audit.record(tx, now, "nightshift", "request.asked_again", request.id, data)
    text = f"{request.name} must be approved again. {why}"
    await tell(tx, services, request, Event.ASKED_AGAIN, text, key=str(content.renewal), by=by)
    await messages.mark_dirty(tx, request.id, now)
    return request
