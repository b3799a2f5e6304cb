"""Records a person's decision on a request.

What it leads to follows from all decisions together, and from who may still decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot import failpoints
from bot.errors import Conflict, ContentAltered, NotAllowed
from bot.ids import new_id
from bot.requests.approval.deadlines import LateChoice, LateOption, assess_lateness, chosen_schedule
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.permission import Permission
from bot.requests.directory import InMemoryDirectory as Directory
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Person, Request
from bot.requests.notify.events import Event
from bot.requests.notify.words import decision_text, next_start_text
from bot.requests.pauses import shown_pauses
from bot.schedule import Now
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.approvals.approver_limits import check_approver_limits
from bot.usecases.approvals.complete import complete_approval
from bot.usecases.approvals.disclose import check_shown
from bot.usecases.approvals.expire import expire_request
from bot.usecases.approvals.move_start import ask_for_moved_start, move_start
from bot.usecases.approvals.next_stage import tell_next_stage
from bot.usecases.integrity import check_intact, stop_altered_request
from bot.usecases.notifications import tell
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.values import FrozenModel, JsonObject

Verdict = Literal["approved", "denied", "changes"]


class DecisionResult(FrozenModel):
    """What the person who decided is told.

    If ``late_options`` are given, nothing was recorded: the approval comes after the start, and the person must choose.
    """

    request: Request
    text: str
    late_options: tuple[LateOption, ...] = ()


@dataclass(frozen=True, slots=True)
class _Context:
    """What a decision is judged by."""

    request: Request
    directory: Directory
    delegations: tuple[Delegation, ...]
    permission: Permission
    in_channel: frozenset[str] | None
    """Who is in the approvers' channel; None if that is not known, or does not matter."""


async def record_decision(
    services: Services,
    request_id: str,
    revision: int,
    person: Person,
    verdict: Verdict,
    *,
    comment: str = "",
    late: LateChoice | None = None,
    interaction_context: JsonObject | None = None,
) -> DecisionResult:
    """Record a decision on a revision, and what follows from it.

    Rights are checked now, from live groups. ``interaction_context`` is kept as evidence of the click. A request whose
    content was altered in the database is stopped. Raises Conflict, NotAllowed or NotFound.
    """
    try:
        return await _decide(services, request_id, revision, person, verdict, comment, late, interaction_context)
    except ContentAltered:
        await stop_altered_request(services, request_id)
        raise


async def _decide(
    services: Services,
    request_id: str,
    revision: int,
    person: Person,
    verdict: Verdict,
    comment: str,
    late: LateChoice | None,
    interaction_context: JsonObject | None,
) -> DecisionResult:
    context = await _load_and_authorize(services, request_id, revision, person)
    request = context.request
    if verdict != "approved" and not comment.strip():
        raise NotAllowed("Say why: the requester needs a reason.", code=RefusalCode.REASON_MISSING)
    now = services.clock.now()
    if verdict == "approved":
        async with services.db.read() as tx:
            await check_shown(tx, request, person)
        choice = await _settle_lateness(services, request, late, now)
        if isinstance(choice, DecisionResult):
            return choice
        late = choice
        await _check_reschedule(services, request, late, now)
    if late == "drop":
        verdict, comment = "denied", comment.strip() or "Dropped, because its start had passed."
    decision = Decision(
        id=new_id("v"),
        request_id=request.id,
        revision=request.revision,
        content_hash=request.content_hash,
        person=person,
        verdict=verdict,
        comment=comment.strip(),
        at=now,
        on_behalf_of=context.permission.on_behalf_of,
    )
    evidence = {**(interaction_context or {}), "rendered": request.version}
    failpoints.hit(failpoints.BEFORE_DECISION)
    result = await _store_decision(services, decision, late, evidence, context)
    failpoints.hit(failpoints.AFTER_DECISION)
    services.wake.sender.set()
    services.wake.scheduler.set()
    return result


async def _settle_lateness(
    services: Services, request: Request, late: LateChoice | None, now: datetime
) -> LateChoice | DecisionResult | None:
    """Return what to do about an approval after the start; None if it is in time.

    Returns the result for the approver if nothing is to be recorded: they must choose first, or policy drops it.
    """
    lateness = assess_lateness(request, now)
    if not lateness.late:
        if late == "drop":
            raise Conflict(f"The start of {request.name} has not passed. Deny it to stop it.")
        return None
    if late in {option.choice for option in lateness.options}:
        return late
    if lateness.policy_choice is None:
        return DecisionResult(request=request, text=lateness.text, late_options=lateness.options)
    if lateness.policy_choice != "drop":
        return lateness.policy_choice
    request = await expire_request(services, request)
    return DecisionResult(request=request, text=f"{lateness.text} {request.name} has expired.")


async def load_decidable_request(services: Services, request_id: str, revision: int, person: Person) -> Request:
    """Return the request if the person may decide on it: checked before they type a reason or the back end is asked.

    Raises Conflict, NotAllowed or NotFound.
    """
    try:
        return (await _load_and_authorize(services, request_id, revision, person)).request
    except ContentAltered:
        await stop_altered_request(services, request_id)
        raise


async def _load_and_authorize(services: Services, request_id: str, revision: int, person: Person) -> _Context:
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        _check_still_open(request, revision)
        decisions = await requests.decisions_of(tx, request_id)
        check_intact(request, decisions)
    directory = await services.approvals.directory_for_decision(request, decisions, person)
    delegations = await services.approvals.delegations_for(decisions)
    permission = services.approvals.permission_to_decide(
        request, person, decisions, directory, delegations, services.clock.now()
    )
    if not permission.allowed:
        raise NotAllowed(permission.reason, code=permission.code)
    has_stages = len(request.requirement.stages) > 1
    channel = services.backends.approvals_channel(request.content.backend)
    in_channel = await services.directory.channel_members(channel) if has_stages else None
    return _Context(request, directory, delegations, permission, in_channel)


async def _check_reschedule(services: Services, request: Request, late: LateChoice | None, now: datetime) -> None:
    """Raise NotAllowed if policy objects to a start at once, or at another time than was requested."""
    schedule = chosen_schedule(request, late, now) or request.content.schedule
    if late == "drop" or (schedule == request.content.schedule and not isinstance(schedule, Now)):
        return
    objections = await services.policy.reschedule_objections(request, schedule)
    if objections:
        raise NotAllowed(" ".join(objections), code=RefusalCode.RESCHEDULE_REFUSED)


def _check_still_open(request: Request, revision: int) -> None:
    if request.state != "awaiting_approval":
        label = STATE_LABELS[request.state].lower()
        text = f"{request.name} was decided already: {label}. Nothing was changed."
        raise Conflict(text, code=RefusalCode.ALREADY_DECIDED)
    if request.revision != revision:
        text = f"{request.name} has been changed since this card was shown. Please look at the new one."
        raise Conflict(text, code=RefusalCode.REVISION_REPLACED)


async def _store_decision(
    services: Services, decision: Decision, late: LateChoice | None, evidence: JsonObject, context: _Context
) -> DecisionResult:
    """Store a decision and what follows in one transaction. Simultaneous clicks wait for each other."""
    async with services.db.write() as tx:
        request = await requests.get(tx, decision.request_id, for_update=True)
        earlier = await requests.decisions_of(tx, decision.request_id)
        _check_still_open(request, decision.revision)
        check_intact(request, earlier)
        # Checked again inside the transaction: the same person may have clicked twice.
        permission = services.approvals.permission_to_decide(
            request, decision.person, earlier, context.directory, context.delegations, decision.at
        )
        if not permission.allowed:
            raise NotAllowed(permission.reason, code=permission.code)
        if decision.verdict == "approved":
            await check_shown(tx, request, decision.person)
        schedule = chosen_schedule(request, late, decision.at) if decision.verdict == "approved" else None
        if schedule is not None:
            request, decision = await move_start(tx, request, decision, schedule)
        await requests.add_decision(tx, decision, dict(evidence))
        data = {
            "revision": decision.revision,
            "hash": decision.content_hash,
            "comment": decision.comment,
            **evidence,
        }
        await audit.record(tx, decision.at, decision.person.key, f"request.{decision.verdict}", request.id, data)
        if decision.verdict == "approved":
            await check_approver_limits(tx, services, request, decision)
        request, text = await _apply_status(tx, services, request, decision, late, [*earlier, decision], context)
        if schedule is not None and request.state == "awaiting_approval":
            await ask_for_moved_start(tx, services, request, decision)
            text = f"{text} Its start was moved, which reset earlier approvals."
        await messages.mark_dirty(tx, request.id, decision.at)
    return DecisionResult(request=request, text=text)


async def _apply_status(
    tx: Tx,
    services: Services,
    request: Request,
    decision: Decision,
    late: LateChoice | None,
    decisions: Sequence[Decision],
    context: _Context,
) -> tuple[Request, str]:
    """Bring a request to the state that its decisions lead to. Returns it and what to tell the person who decided."""
    now = decision.at
    status = services.approvals.approval_status(request, decisions, context.directory, context.delegations, now)
    match status.state:
        case "denied":
            request = await requests.transition(tx, request, "denied", finished_at=now, outcome=decision.comment)
            await runs.end_series_there(tx, request.id, now)
            await _tell_requester(tx, services, request, decision, Event.DENIED)
            return request, f"You denied {request.name}. The requester has been told why."
        case "approved":
            request = await complete_approval(tx, services, request, now)
            await _tell_requester(tx, services, request, decision, Event.APPROVED)
            return request, f"You approved {request.name}. {await _next_start(tx, services, request, now)}"
        case _:
            request = await requests.transition(tx, request, request.state)
            await tell_next_stage(
                tx, services, request, decisions, context.directory, context.delegations, context.in_channel
            )
            if decision.verdict == "changes":
                await _tell_requester(tx, services, request, decision, Event.CHANGES_REQUESTED)
            done = "approved" if decision.verdict == "approved" else "asked for changes to"
            return request, f"You {done} {request.name}. {status.text}."


async def _next_start(tx: Tx, services: Services, request: Request, now: datetime) -> str:
    """Return when an approved request starts, or what holds it, as a sentence; its state if neither is known."""
    planned = await runs.of_request(tx, request.id)
    held_by = shown_pauses(await pauses.not_ended(tx), request, planned, now)
    backend = services.backends.get(request.content.backend)
    text = next_start_text(request, now, held_by, backend.connection.title if backend else "")
    return text or f"{STATE_LABELS[request.state]}."


async def _tell_requester(tx: Tx, services: Services, request: Request, decision: Decision, event: Event) -> None:
    text = decision_text(event, request, decision.comment)
    await tell(tx, services, request, event, text, key=decision.id, by=decision.person)
