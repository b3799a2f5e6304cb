"""Submits the edit of a request: it becomes a new revision."""

from collections.abc import Sequence
from datetime import datetime

from bot.backends.base import form_fields
from bot.errors import Conflict, InputError, NotAllowed
from bot.requests.lifecycle import FINAL_RUN_STATES, STATE_LABELS
from bot.requests.model import Content, Person, Request
from bot.requests.notify.events import Event
from bot.requests.revisions import FieldChange, diff_contents
from bot.schedule import to_phrase
from bot.storage import audit, drafts, messages, pauses, requests, runs
from bot.storage.drafts import Draft
from bot.storage.transactions import Tx
from bot.usecases.drafts.edit_conflict import find_edit_conflict, overtaken
from bot.usecases.drafts.policy_input import editors_including
from bot.usecases.drafts.preview import PreviewResult
from bot.usecases.drafts.submission import approve_by_policy, audit_data, submitted_fields
from bot.usecases.notifications import has_card, tell
from bot.usecases.planning import cancel_unsent_run
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.values import JsonObject

_REPLACED_TEXT = "Replaced by an edit."


async def load_edited_request(services: Services, draft: Draft, request_id: str) -> Request:
    """Return the request that a draft is an edit of. Raises EditOvertaken if others have changed it meanwhile."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    if await find_edit_conflict(services, draft) is not None:
        raise overtaken(request)
    return request


async def submit_edit(
    services: Services,
    draft: Draft,
    request: Request,
    preview: PreviewResult,
    now: datetime,
    groups: Sequence[str] = (),
) -> Request:
    """Put a new revision before the approvers. Earlier approvals no longer count, and everybody is told. ``groups`` are
    the ids of its author's user groups.

    Raises EditOvertaken if ``request`` is not its newest revision any more; Conflict, InputError or NotAllowed.
    """
    seen_revision = request.revision
    await check_may_edit(services, request, draft.person)
    changes = _field_changes(services, request, draft, preview)
    is_stricter = not preview.requirement.is_no_stricter_than(request.requirement)
    if not changes and draft.reason == request.reason and not is_stricter:
        raise InputError({"": "Nothing was changed."}, code=RefusalCode.NOTHING_CHANGED)
    async with services.db.write() as tx:
        await drafts.save(tx, draft, now, state="submitted")
        request = await requests.get(tx, request.id, for_update=True)
        if request.revision != seen_revision:
            raise overtaken(request)
        # Content that returns to what it once was needs a new approval too, so the hash must differ.
        # So must that of a new reason: approvers decide on it too.
        content = preview.content.model_copy(update={"renewal": request.content.renewal + 1})
        preview = preview.model_copy(update={"content": content})
        await services.policy.budgets.lock(tx, preview.requirement)
        await check_same_place(tx, request, content)
        await _check_same_kind(tx, request, content)
        await _cancel_unsent_runs(tx, request, now)
        request = await requests.revise(
            tx,
            request,
            draft.person,
            now,
            "awaiting_approval",
            revision_changes=tuple(change.model_dump() for change in changes),
            last_editor=draft.person.user,
            editors=tuple(editor.user for editor in editors_including(request, draft.person)),
            author_groups=_with_groups(request, groups),
            **submitted_fields(draft, preview, now),
        )
        await _announce_revision(tx, services, request, draft.person, changes, now)
        if not await has_card(tx, services, request):
            # The edit has moved it to a back end whose approvers use another channel.
            await tell(tx, services, request, Event.REQUESTED, key=str(request.revision), by=draft.person)
        await messages.mark_dirty(tx, request.id, now)
        return await approve_by_policy(tx, services, request, now)


def _with_groups(request: Request, groups: Sequence[str]) -> tuple[str, ...] | None:
    known = request.author_groups
    return None if known is None else tuple(sorted({*known, *groups}))


async def check_may_edit(services: Services, request: Request, person: Person) -> None:
    """Raise NotAllowed unless a person is the requester or an approver of a request."""
    if person == request.requester:
        return
    permission = await services.approvals.can_manage(request, person)
    if not permission.allowed:
        text = f"Only the requester and the approvers can edit this. {permission.reason}"
        raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)


def _field_changes(
    services: Services, request: Request, draft: Draft, preview: PreviewResult
) -> tuple[FieldChange, ...]:
    operation = services.backends.operation(preview.content.backend, preview.content.operation)
    fields = form_fields(operation.params_model)
    return diff_contents(
        request.content,
        preview.content,
        describe_schedule=to_phrase,
        field_labels={field.name: field.label for field in fields},
        labels_before=request.labels,
        labels_after=draft.labels,
        secret_fields={field.name for field in fields if field.secret},
    )


async def check_same_place(tx: Tx, request: Request, content: Content) -> None:
    """Raise Conflict if an edit would move a request to another back end or operation while something of it runs.

    What runs is watched and cancelled through its request, so it would be lost, or somebody else's work cancelled.
    """
    series = await runs.series_of(tx, request.id)
    if series is not None and series.state == "scheduled_in_backend":
        text = f"{request.name} is scheduled in {request.content.backend} as it was. Cancel it, and request it again."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)
    if (content.backend, content.operation) == (request.content.backend, request.content.operation):
        return
    if any(run.handle and run.state not in FINAL_RUN_STATES for run in await runs.of_request(tx, request.id)):
        text = f"{request.name} still runs in {request.content.backend}. Cancel that first, or make a new request."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)


async def _check_same_kind(tx: Tx, request: Request, content: Content) -> None:
    """Raise Conflict if an edit would make a single run of a series, or a series of a single run, at a wrong moment.

    A pause is of a series, and what still runs would end the request in place of its new run.
    """
    if (content.schedule.kind == "series") == request.is_series:
        return
    if await pauses.of_series(tx, request.id):
        text = f"{request.name} is paused, so it stays a series. Resume it first, or make a new request."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)
    if any(run.state not in (*FINAL_RUN_STATES, "pending") for run in await runs.of_request(tx, request.id)):
        text = f"A run of {request.name} is still going, so it stays as it is. Wait for its end, or make a new request."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)


async def _cancel_unsent_runs(tx: Tx, request: Request, now: datetime) -> None:
    """Cancel the run of an approved request, as long as its call was not sent. Raises Conflict if it was."""
    if request.state == "awaiting_approval":
        return
    sent = [
        run
        for run in await runs.of_request(tx, request.id)
        if run.state not in ("cancelled", "missed") and not await cancel_unsent_run(tx, run, now, _REPLACED_TEXT)
    ]
    if sent or request.state not in ("scheduled", "starting"):
        text = f"{request.name} cannot be edited any more: {STATE_LABELS[request.state].lower()}."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)


async def _announce_revision(
    tx: Tx, services: Services, request: Request, editor: Person, changes: Sequence[FieldChange], now: datetime
) -> None:
    """Write a revision to the audit trail, and tell of it."""
    data: JsonObject = {
        "revision": request.revision,
        **audit_data(request),
        "fields": [change.field for change in changes],
    }
    await audit.record(tx, now, editor.key, "request.revised", request.id, data)
    earlier = [d for d in await requests.decisions_of(tx, request.id) if d.revision == request.revision - 1]
    is_lost = any(decision.verdict == "approved" and decision.retracted_at is None for decision in earlier)
    lost = " Approvals of the earlier content do not count any more." if is_lost else ""
    text = f"{request.name} was changed.{lost}"
    await tell(tx, services, request, Event.EDITED, text, key=str(request.revision), by=editor)
