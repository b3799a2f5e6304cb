"""Starting from an earlier request: edit it, or run it again on what failed. Both open the form, filled in."""

from collections.abc import Mapping
from typing import Any

from bot.backends.base import Handle, Params
from bot.errors import Conflict, InputError, NotAllowed
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Person, Request, Run
from bot.storage import requests, runs
from bot.storage.drafts import Draft
from bot.usecases.drafts import form as drafting
from bot.usecases.drafts.form import Actor
from bot.usecases.services import Services


async def edit_request(services: Services, request_id: str, actor: Actor) -> Draft:
    """A draft that is the request as it stands. Submitting it makes a new revision. Raises Conflict or NotAllowed."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    if request.state not in ("awaiting_approval", "scheduled"):
        raise Conflict(f"{request.name} cannot be edited any more: {STATE_LABELS[request.state].lower()}.")
    if actor.person != request.requester:
        ruling = await services.approvals.can_manage(request, actor.person)
        if not ruling.allowed:
            raise NotAllowed(f"Only the requester and the approvers can edit this. {ruling.reason}")
    return await _draft_from_request(
        services, request, actor.person, dict(request.values), request.reason, revises=request.id
    )


async def rerun_failed(services: Services, request_id: str, actor: Actor) -> Draft:
    """A draft of a new request for the targets that failed; it is approved like any other. Raises InputError."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        several = await runs.of_request(tx, request_id)
    failed = next((run for run in several if run.state in ("failed", "partly_failed") and run.handle), None)
    if failed is None:
        raise InputError({"": f"No run of {request.name} failed after it had started, so there is nothing to repeat."})
    operation = services.backends.operation(request.content.backend, request.content.operation)
    params = operation.params_model.model_validate(request.content.params)
    again = operation.params_for_rerun(params, Handle.model_validate(failed.handle), _failed_names(failed))
    reason = f"Again on what failed in {request.name}: {request.reason}"[:1000]
    values = {**request.values, **_changed_values(params, again)}
    return await _draft_from_request(services, request, actor.person, values, reason, phrase="now")


def _failed_names(run: Run) -> list[str]:
    return [result["name"] for result in (run.progress or {}).get("results", ()) if result["state"] == "failed"]


def _changed_values(before: Params, after: Params) -> Mapping[str, Any]:
    """What the form must show differently; groups are spread out as the form has them."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: value for name, value in new.items() if value != old.get(name)}


async def _draft_from_request(
    services: Services,
    request: Request,
    person: Person,
    values: dict[str, Any],
    reason: str,
    *,
    revises: str | None = None,
    phrase: str = "",
) -> Draft:
    kind = request.content.backend.partition(".")[0]
    draft = await drafting.create_draft(services, person, kind, request.content.operation, request.channel)
    # The schedule that was agreed on is kept as it is: the phrase is not read a second time.
    reading = {
        "kind": "understood",
        "phrase": phrase or request.phrase,
        "schedule": {"kind": "now"} if phrase else request.content.schedule.model_dump(mode="json"),
    }
    return await drafting.save_draft(
        services,
        draft,
        backend=request.content.backend,
        values=values,
        labels=request.labels,
        phrase=phrase or request.phrase,
        reading=reading,
        reason=reason,
        revises=revises,
    )
