"""Submits a previewed draft: it becomes a request, or a new revision of one, once."""

from dataclasses import replace
from datetime import datetime

from bot import failpoints
from bot.errors import Conflict, InputError
from bot.ids import new_id
from bot.requests.model import Request
from bot.requests.notify.events import Event
from bot.requests.policy.explain import headline
from bot.storage import audit, drafts, requests
from bot.storage.drafts import Draft
from bot.storage.transactions import Tx
from bot.usecases.drafts.policy_input import policy_input_of_draft
from bot.usecases.drafts.preview import PreviewResult, preview_result_of
from bot.usecases.drafts.submission import (
    LOOK_AGAIN,
    approve_by_policy,
    audit_data,
    submitted_fields,
)
from bot.usecases.drafts.submit_edit import load_edited_request, submit_edit
from bot.usecases.notifications import Reachable, tell
from bot.usecases.policy_service import PolicyOutcome
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def submit(services: Services, draft: Draft, version: int) -> Request:
    """Make a request of a draft exactly as it was previewed. Repeating it returns the same request.

    Raises Conflict if the draft has changed since, EditOvertaken if its request has, InputError or NotAllowed.
    """
    existing = await _existing_request(services, draft) if draft.state != "open" else None
    if existing is not None:
        return existing
    preview = preview_result_of(draft)
    if preview is None or draft.version != version:
        text = f"The form has changed since this preview. {LOOK_AGAIN}"
        raise Conflict(text, code=RefusalCode.DRAFT_CHANGED)
    now = services.clock.now()
    if preview.latest_start is not None and preview.latest_start <= now:
        text = "The time for this has passed while the preview was open. Please choose a new one."
        raise InputError({"": text}, code=RefusalCode.TIME_PASSED)
    edited = await load_edited_request(services, draft, draft.revises) if draft.revises else None
    outcome = await _recheck_policy(services, draft, preview)
    failpoints.hit(failpoints.BEFORE_SUBMIT)
    if edited is not None:
        request = await submit_edit(services, draft, edited, preview, now, outcome.group_ids_of(draft.person))
    else:
        request = await _create_once(services, draft, preview, outcome, now)
    failpoints.hit(failpoints.AFTER_SUBMIT)
    services.wake.sender.set()
    if request.state != "awaiting_approval":
        services.wake.scheduler.set()
    return request


async def _existing_request(services: Services, draft: Draft) -> Request | None:
    """Return the request that a draft became; None if it did not."""
    async with services.db.read() as tx:
        return await requests.by_draft(tx, draft.id)


async def _recheck_policy(services: Services, draft: Draft, preview: PreviewResult) -> PolicyOutcome:
    """Evaluate policy again: a freeze may have begun since the preview, or somebody may have left a group. Returns what
    it demands.

    Raises Conflict, InputError or NotAllowed.
    """
    policy_input = await policy_input_of_draft(
        services, draft, preview.content, preview.targets, preview.facts, preview.zone
    )
    policy_input = replace(policy_input, may_be_running=preview.may_be_running)
    outcome = await services.policy.evaluate(policy_input, preview.conflicts)
    requirement = outcome.requirement
    if requirement.effect == "refuse":
        text = " ".join(requirement.reasons) or "Policy does not allow this any more."
        raise InputError({"": text}, code=RefusalCode.POLICY_REFUSES)
    if not requirement.is_no_stricter_than(preview.requirement):
        text = f"Policy asks for more than when this was previewed. {headline(requirement)} {LOOK_AGAIN}"
        raise Conflict(text, code=RefusalCode.POLICY_STRICTER)
    return outcome


async def _create_once(
    services: Services, draft: Draft, preview: PreviewResult, outcome: PolicyOutcome, now: datetime
) -> Request:
    try:
        async with services.db.write() as tx:
            await drafts.save(tx, draft, now, state="submitted")
            return await _create_request(tx, services, draft, preview, outcome, now)
    except Conflict:
        # The button was pressed twice, and the other press has won.
        existing = await _existing_request(services, draft)
        if existing is None:
            raise
        return existing


async def _create_request(
    tx: Tx, services: Services, draft: Draft, preview: PreviewResult, outcome: PolicyOutcome, now: datetime
) -> Request:
    request = Request(
        id=new_id("r"),
        number=await requests.next_number(tx),
        state="awaiting_approval",
        version=1,
        revision=1,
        requester=draft.person,
        channel=draft.channel,
        created_at=now,
        author_groups=outcome.group_ids_of(draft.person),
        **submitted_fields(draft, preview, now),
    )
    await services.policy.budgets.lock(tx, request.requirement)
    await requests.add(tx, request, draft.id)
    await audit.record(tx, now, draft.person.key, "request.submitted", request.id, audit_data(request))
    reachable = _reachable(services, request, outcome)
    await tell(tx, services, request, Event.REQUESTED, key="1", by=draft.person, reachable=reachable)
    return await approve_by_policy(tx, services, request, now)


def _reachable(services: Services, request: Request, outcome: PolicyOutcome) -> Reachable | None:
    """Return whom a new request can reach; None if Slack would have to be asked for it."""
    members = services.directory.known_channel_members(services.backends.approvals_channel(request.content.backend))
    is_known = outcome.directory.is_complete and outcome.requirement.stages == request.requirement.stages
    if members is None or not is_known:
        return None
    return Reachable(outcome.approvers, members)
