"""Gives a request another requester: somebody who answers for it from now on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import Conflict, NotAllowed
from bot.requests.lifecycle import FINAL_RUN_STATES, STATE_LABELS
from bot.requests.model import Person, Request, RequirementCode
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.requests import RequestChanges
from bot.storage.transactions import Tx
from bot.usecases.approvals.new_round import fields_now, open_new_round, requirement_for_new_round
from bot.usecases.integrity import load_intact
from bot.usecases.planning import cancel_unsent_run
from bot.usecases.policy_input import PolicyInput, policy_input_of_request
from bot.usecases.preflight import backend_differences, current_preview
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see

_STATES = ("awaiting_approval", "approved", "scheduled", "starting")


async def take_over(services: Services, request_id: str, person: Person) -> str:
    """Make a person the requester of a request, and ask its approvers again.

    Whoever wrote it before cannot approve it. Anybody who may request it can take it over once its authors may not
    request it any more; until then its approvers can. Returns what happened, as a sentence. Raises Conflict,
    InputError if policy refuses it to the person, NotAllowed, or ContentAltered.
    """
    async with services.db.read() as tx:
        request, _ = await load_intact(tx, request_id)
    await check_may_see(services, request, person)
    _check_open(request)
    await _check_may_take_over(services, request, person)
    owned = request.model_copy(update=_ownership(request, person))
    current, problem = await current_preview(services, request)
    if current is None:
        raise Conflict(f"{request.name} cannot be taken over now. {problem}")
    requirement, warnings = await requirement_for_new_round(services, owned, current)
    differences = backend_differences(services, request, current)
    fields = await fields_now(services, owned, current, differences, requirement)
    groups = await services.policy.group_ids_of([person])
    fields |= {"warnings": warnings, **_ownership(request, person, groups)}
    now = services.clock.now()
    async with services.db.write() as tx:
        stored = await requests.get(tx, request_id, for_update=True)
        if (stored.revision, stored.requester) != (request.revision, request.requester):
            raise Conflict(f"{request.name} has been changed meanwhile. Please look at its card.")
        _check_open(stored)
        await _cancel_unsent_runs(tx, stored, now)
        pause = await pauses.of_series(tx, request_id)
        if pause is not None and pause.by is None:
            await pauses.end(tx, pause, now)
        data = {"from": request.requester.user}
        await audit.record(tx, now, person.key, "request.taken_over", request_id, data)
        stored = await open_new_round(tx, services, stored, fields, _reason(request), [_CODE], by=person)
        await _tell(tx, stored, request, person, now)
    services.wake.sender.set()
    return f"You have taken over {request.name}. Its approvers are asked again."


_CODE = RefusalCode.TAKEN_OVER


def _reason(request: Request) -> str:
    return f"Somebody else has taken over {request.name}."


def _ownership(request: Request, person: Person, groups: Sequence[str] = ()) -> RequestChanges:
    """Return the fields that say whose a request is. ``groups`` are the ids of the new requester's user groups."""
    authors = (request.requester, *request.edited_by, *request.taken_over_from)
    former = dict.fromkeys(author.user for author in authors if author != person)
    known = request.author_groups
    return {
        "requester": person,
        "editors": (),
        "last_editor": "",
        "former_authors": tuple(former),
        "author_groups": None if known is None else tuple(sorted({*known, *groups})),
    }


def _check_open(request: Request) -> None:
    if request.state not in _STATES:
        text = f"{request.name} cannot be taken over: {STATE_LABELS[request.state].lower()}."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)


async def _check_may_take_over(services: Services, request: Request, person: Person) -> None:
    """Raise Conflict or NotAllowed unless a person may take a request over. Its requester may where somebody else who
    wrote it has left; anybody may where the requester has."""
    policy_input = policy_input_of_request(request)
    if person == request.requester:
        if not (request.edited_by and await _has_left(services, policy_input)):
            raise Conflict(f"{request.name} is yours already.", code=RefusalCode.OWN_REQUEST)
        return
    if await _has_left(services, replace(policy_input, editors=())):
        return
    permission = await services.approvals.can_manage(request, person)
    if not permission.allowed:
        text = f"{request.name} still has a requester, so only its approvers can take it over. {permission.reason}"
        raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)


async def _has_left(services: Services, policy_input: PolicyInput) -> bool:
    """Return whether an author may not request it any more."""
    now = await services.policy.requirement_now(policy_input)
    return now.effect == "refuse" and RequirementCode.REQUESTER_NOT_ALLOWED in now.codes


async def _cancel_unsent_runs(tx: Tx, request: Request, now: datetime) -> None:
    """Cancel what was not sent. Raises Conflict if something runs, or one start is scheduled in the back end.

    A series goes on there: each of its starts is checked, and none may happen before it is approved again.
    """
    for run in await runs.of_request(tx, request.id):
        if run.state == "scheduled_in_backend" and request.is_series:
            continue
        if run.state == "scheduled_in_backend":
            text = f"{request.name} is scheduled in {request.content.backend}. Cancel it, and request it again."
            raise Conflict(text, code=RefusalCode.NOT_EDITABLE)
        if run.state not in FINAL_RUN_STATES and not await cancel_unsent_run(tx, run, now, _reason(request)):
            text = f"A run of {request.name} is not over. Cancel it, or take the request over once it has ended."
            raise Conflict(text, code=RefusalCode.NOT_EDITABLE)


async def _tell(tx: Tx, request: Request, before: Request, person: Person, now: datetime) -> None:
    """Give the new requester a card of their own, and tell the earlier one."""
    key = f"{request.id}:{request.revision}"
    await messages.add(tx, now, "receipt", person.user, request.id, dedupe=f"receipt:{key}")
    facts = {"text": f"{request.name} was taken over and is not yours any more.", "by": person.user}
    await messages.add(tx, now, "note", before.requester.user, request.id, facts=facts, dedupe=f"taken-over:{key}")
