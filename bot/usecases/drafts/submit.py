"""A checked draft becomes a request, or a new revision of one; once, however often the button is pressed."""

from datetime import datetime
from typing import Any

from bot import failpoints
from bot.backends.base import form_fields
from bot.errors import Conflict, InputError, NotAllowed
from bot.ids import new_id
from bot.requests.approval.deadlines import expires_at, next_reminder_at
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Request
from bot.requests.policy.explain import headline
from bot.requests.revisions import diff_contents
from bot.schedule import to_phrase
from bot.storage import audit, drafts, messages, requests, runs
from bot.storage.drafts import Draft
from bot.storage.transactions import Tx
from bot.usecases.drafts.preview import PreviewResult, editors_including, policy_input_of_draft, preview_result_of
from bot.usecases.runs.finish import plan_runs
from bot.usecases.services import Services

_REVIEW_PREVIEW = "Please go back and look at the preview again."


async def submit(services: Services, draft: Draft, version: int) -> Request:
    """Make a request of a draft exactly as it was previewed. Raises Conflict where it has changed since.

    Pressed twice, it gives the same request twice.
    """
    existing = await _existing_request(services, draft) if draft.state != "open" else None
    if existing is not None:
        return existing
    checked = preview_result_of(draft)
    if checked is None or draft.version != version:
        raise Conflict(f"The form has changed since this preview. {_REVIEW_PREVIEW}")
    now = services.clock.now()
    if checked.latest_start is not None and checked.latest_start <= now:
        raise InputError({"": "The time for this has passed while the preview was open. Please choose a new one."})
    await _recheck_policy(services, draft, checked)
    failpoints.hit(failpoints.BEFORE_SUBMIT)
    if draft.revises:
        request = await _revise(services, draft, checked, now)
    else:
        request = await _create_once(services, draft, checked, now)
    failpoints.hit(failpoints.AFTER_SUBMIT)
    services.wake.sender.set()
    if request.state != "awaiting_approval":
        services.wake.scheduler.set()
    return request


async def _existing_request(services: Services, draft: Draft) -> Request | None:
    """The request that a draft became, if it did."""
    async with services.db.read() as tx:
        return await requests.by_draft(tx, draft.id)


async def _create_once(services: Services, draft: Draft, checked: PreviewResult, now: datetime) -> Request:
    try:
        async with services.db.write() as tx:
            await drafts.save(tx, draft, now, state="submitted")
            return await _create_request(tx, services, draft, checked, now)
    except Conflict:
        # Pressed twice at the same moment: the other one was first.
        existing = await _existing_request(services, draft)
        if existing is None:
            raise
        return existing


async def _recheck_policy(services: Services, draft: Draft, checked: PreviewResult) -> None:
    """Policy is asked once more: since the preview the hour may have changed, a freeze may have begun, or somebody may
    have left a group. Raises Conflict, InputError or NotAllowed."""
    ask = await policy_input_of_draft(services, draft, checked.content, checked.targets, checked.facts, checked.zone)
    requirement = (await services.policy.evaluate(ask, checked.conflicts)).requirement
    if requirement.effect == "refuse":
        raise InputError({"": " ".join(requirement.reasons) or "Policy does not allow this any more."})
    if not requirement.is_no_stricter_than(checked.requirement):
        raise Conflict(f"Policy asks for more than when this was previewed. {headline(requirement)} {_REVIEW_PREVIEW}")


def _request_fields(draft: Draft, checked: PreviewResult, now: datetime) -> dict[str, Any]:
    """The part of a request that a draft decides: the whole of it, but for its identity and its history."""
    return {
        "content": checked.content,
        "content_hash": checked.content.hash,
        "labels": draft.labels,
        "values": draft.values,
        "title": checked.title,
        "summary": checked.summary,
        "phrase": checked.phrase,
        "zone": checked.zone,
        "reason": draft.reason,
        "targets": checked.targets,
        "warnings": checked.warnings,
        "facts": checked.facts,
        "calls": checked.calls,
        "changes": checked.changes,
        "scheduler": "backend" if checked.scheduler == "backend" else "nightshift",
        "scheduler_reason": checked.scheduler_reason,
        "requirement": checked.requirement,
        "approve_by": expires_at(checked.requirement, now, checked.content.schedule),
        "remind_at": next_reminder_at(checked.requirement, now, now),
        "start_at": checked.start_at,
        "latest_start": checked.latest_start,
        "round_opened_at": now,
        "approved_at": None,
    }


async def _create_request(tx: Tx, services: Services, draft: Draft, checked: PreviewResult, now: datetime) -> Request:
    request = Request(
        id=new_id("r"),
        number=await requests.next_number(tx),
        state="awaiting_approval",
        version=1,
        revision=1,
        requester=draft.person,
        channel=draft.channel,
        created_at=now,
        **_request_fields(draft, checked, now),
    )
    await requests.add(tx, request, draft.id)
    who = f"{draft.person.team}/{draft.person.user}"
    await audit.record(tx, now, who, "request.submitted", request.id, {"hash": request.content_hash})
    await _post_approval_card(tx, services, request, now)
    await messages.add(tx, now, "receipt", request.requester.user, request.id, dedupe=f"receipt:{request.id}")
    return await _approve_by_policy(tx, services, request, now)


async def _revise(services: Services, draft: Draft, checked: PreviewResult, now: datetime) -> Request:
    """Put another content before the approvers. What was approved so far counts no more, and everybody is told."""
    async with services.db.read() as tx:
        request = await requests.get(tx, draft.revises or "")
    if draft.person != request.requester:
        ruling = await services.approvals.can_manage(request, draft.person)
        if not ruling.allowed:
            raise NotAllowed(f"Only the requester and the approvers can edit this. {ruling.reason}")
    fields = form_fields(services.backends.operation(checked.content.backend, checked.content.operation).params_model)
    found = diff_contents(
        request.content,
        checked.content,
        describe_schedule=to_phrase,
        field_labels={field.name: field.label for field in fields},
        labels_before=request.labels,
        labels_after=draft.labels,
        secret_fields={field.name for field in fields if field.secret},
    )
    asks_more = not checked.requirement.is_no_stricter_than(request.requirement)
    if not found and draft.reason == request.reason and not asks_more:
        raise InputError({"": "Nothing was changed."})
    # Content that comes back to what it once was is put before its approvers anew all the same.
    content = checked.content.model_copy(update={"renewal": request.content.renewal + bool(found)})
    checked = checked.model_copy(update={"content": content})
    async with services.db.write() as tx:
        await drafts.save(tx, draft, now, state="submitted")
        request = await requests.get(tx, request.id)
        await _cancel_pending_runs(tx, request, now)
        request = await requests.revise(
            tx,
            request,
            draft.person,
            now,
            "awaiting_approval",
            revision_changes=tuple(change.model_dump() for change in found),
            last_editor=draft.person.user,
            editors=tuple(person.user for person in editors_including(request, draft.person)),
            **_request_fields(draft, checked, now),
        )
        data = {"revision": request.revision, "hash": request.content_hash, "fields": [c.field for c in found]}
        await audit.record(tx, now, f"{draft.person.team}/{draft.person.user}", "request.revised", request.id, data)
        text = f"{request.name} was changed. Approvals of the earlier content do not count any more."
        for card in await messages.of_request(tx, request.id, ["approval"]):
            facts = {"text": text, "by": draft.person.user}
            dedupe = f"revised:{request.id}:{request.revision}:{card.recipient}"
            await messages.add(
                tx, now, "note", card.recipient, request.id, parent_id=card.id, facts=facts, dedupe=dedupe
            )
        # An edit may have moved it to a back end whose approvers sit in another channel.
        await _post_approval_card(tx, services, request, now)
        await messages.mark_dirty(tx, request.id, now)
        return await _approve_by_policy(tx, services, request, now)


async def _post_approval_card(tx: Tx, services: Services, request: Request, now: datetime) -> None:
    """The card for the approvers, once in each channel."""
    channel = services.backends.approvals_channel(request.content.backend)
    await messages.add(tx, now, "approval", channel, request.id, dedupe=f"approval:{request.id}:{channel}")


async def _cancel_pending_runs(tx: Tx, request: Request, now: datetime) -> None:
    """An approved request can still be edited while nothing of it has started: its waiting run is given up."""
    if request.state == "awaiting_approval":
        return
    several = await runs.of_request(tx, request.id)
    if request.state != "scheduled" or any(run.state not in ("pending", "cancelled", "missed") for run in several):
        raise Conflict(f"{request.name} cannot be edited any more: {STATE_LABELS[request.state].lower()}.")
    for run in several:
        if run.state == "pending":
            await runs.transition(tx, run, "cancelled", finished_at=now, problem="Replaced by an edit.")


async def _approve_by_policy(tx: Tx, services: Services, request: Request, now: datetime) -> Request:
    """Where policy approves without asking, the request goes on by itself."""
    if request.requirement.effect != "approve":
        return request
    if request.edited_by:
        raise Conflict(f"Somebody else has edited {request.name} meanwhile, so it needs approvers. {_REVIEW_PREVIEW}")
    spent = await services.policy.exhausted_budget(tx, request.requirement, now)
    if spent:
        raise Conflict(f"The rule “{spent}” has approved as many at once today as it may. {_REVIEW_PREVIEW}")
    data = {"reasons": list(request.requirement.reasons)}
    await audit.record(tx, now, "nightshift", "request.approved_by_policy", request.id, data)
    request = await requests.transition(tx, request, "approved", approved_at=now)
    request = await requests.transition(tx, request, "scheduled")
    await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
    return request
