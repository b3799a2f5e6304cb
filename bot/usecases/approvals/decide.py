"""A person's word on a request. What it leads to follows from all words together, and from who may still speak."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from bot import failpoints
from bot.errors import Conflict, NotAllowed
from bot.ids import new_id
from bot.requests.approval.deadlines import LateChoice, LateOption, assess_lateness
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.status import Permission
from bot.requests.directory import InMemoryDirectory as Directory
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Person, Request
from bot.schedule import Now, Schedule, latest_start_of, start_of
from bot.storage import audit, messages, requests
from bot.storage.transactions import Tx
from bot.usecases.runs.finish import plan_runs
from bot.usecases.services import Services
from bot.values import FrozenModel

Verdict = Literal["approved", "denied", "changes"]


class DecisionResult(FrozenModel):
    """What the one who clicked is told. ``late`` asks what to do with an approval that comes after the start."""

    request: Request
    text: str
    late_options: tuple[LateOption, ...] = ()


async def record_decision(
    services: Services,
    request_id: str,
    revision: int,
    person: Person,
    verdict: Verdict,
    *,
    comment: str = "",
    late: LateChoice | None = None,
    interaction_context: dict[str, Any] | None = None,
) -> DecisionResult:
    """Count a word on a revision. Raises Conflict, NotAllowed or NotFound with the reason in words.

    Rights are checked now, from live groups. ``evidence`` is what Slack said of the click.
    """
    request, directory, held, ruling = await _load_and_authorize(services, request_id, revision, person)
    if verdict != "approved" and not comment.strip():
        raise NotAllowed("Say why: the requester needs a reason.")
    now = services.clock.now()
    if verdict == "approved" and late is None:
        lateness = assess_lateness(request, now)
        if lateness.late and lateness.policy_choice is None:
            return DecisionResult(request=request, text=lateness.text, late_options=lateness.options)
        late = lateness.policy_choice if lateness.late else None
    if verdict == "approved":
        await _check_reschedule(services, request, late, now)
    decision = Decision(
        id=new_id("v"),
        request_id=request.id,
        revision=request.revision,
        content_hash=request.content_hash,
        person=person,
        verdict=verdict,
        comment=comment.strip(),
        at=now,
        on_behalf_of=ruling.on_behalf_of,
    )
    failpoints.hit(failpoints.BEFORE_DECISION)
    answer = await _store(
        services, decision, late, {**(interaction_context or {}), "rendered": request.version}, directory, held
    )
    failpoints.hit(failpoints.AFTER_DECISION)
    services.wake.sender.set()
    services.wake.scheduler.set()
    return answer


async def load_decidable_request(services: Services, request_id: str, revision: int, person: Person) -> Request:
    """The request, if this person may decide on it: before they type a reason, or the back end is asked.

    Raises Conflict, NotAllowed or NotFound.
    """
    return (await _load_and_authorize(services, request_id, revision, person))[0]


async def _load_and_authorize(
    services: Services, request_id: str, revision: int, person: Person
) -> tuple[Request, Directory, tuple[Delegation, ...], Permission]:
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        _check_still_open(request, revision)
        decisions = await requests.decisions_of(tx, request_id)
    directory = await services.approvals.directory_for(request, decisions, person)
    held = await services.approvals.active_delegations()
    ruling = services.approvals.permission_to_decide(request, person, decisions, directory, held, services.clock.now())
    if not ruling.allowed:
        raise NotAllowed(ruling.reason)
    return request, directory, held, ruling


async def _check_reschedule(services: Services, request: Request, late: LateChoice | None, now: datetime) -> None:
    """What starts at once, or at another time than was asked for, must fit policy at that time. Raises NotAllowed."""
    schedule = _chosen_schedule(services, request, late, now) or request.content.schedule
    if late == "drop" or (schedule == request.content.schedule and not isinstance(schedule, Now)):
        return
    objections = await services.policy.reschedule_objections(request, schedule)
    if objections:
        raise NotAllowed(" ".join(objections))


def _chosen_schedule(services: Services, request: Request, late: LateChoice | None, now: datetime) -> Schedule | None:
    """The schedule that an approver chooses together with a late approval; None where it stays."""
    options = assess_lateness(request, now).options
    return next((option.schedule for option in options if option.choice == late), None)


def _check_still_open(request: Request, revision: int) -> None:
    if request.state != "awaiting_approval":
        raise Conflict(
            f"{request.name} was decided already: {STATE_LABELS[request.state].lower()}. Nothing was changed."
        )
    if request.revision != revision:
        raise Conflict(f"{request.name} has been changed since this card was shown. Please look at the new one.")


async def _store(
    services: Services,
    decision: Decision,
    late: LateChoice | None,
    interaction_context: dict[str, Any],
    directory: Directory,
    delegations: Sequence[Delegation],
) -> DecisionResult:
    """Store a decision and what follows, in one transaction; clicks at the same time queue up before it."""
    async with services.db.write() as tx:
        request = await requests.get(tx, decision.request_id, for_update=True)
        before = await requests.decisions_of(tx, decision.request_id)
        _check_still_open(request, decision.revision)
        # Looked at again inside the transaction: the same person may have clicked twice at once.
        ruling = services.approvals.permission_to_decide(
            request, decision.person, before, directory, delegations, decision.at
        )
        if not ruling.allowed:
            raise NotAllowed(ruling.reason)
        await requests.add_decision(tx, decision, interaction_context)
        who = f"{decision.person.team}/{decision.person.user}"
        data = {
            "revision": decision.revision,
            "hash": decision.content_hash,
            "comment": decision.comment,
            **interaction_context,
        }
        await audit.record(tx, decision.at, who, f"request.{decision.verdict}", request.id, data)
        standing = services.approvals.approval_status(request, [*before, decision], directory, delegations, decision.at)
        match standing.state:
            case "denied":
                outcome = decision.comment
                request = await requests.transition(tx, request, "denied", finished_at=decision.at, outcome=outcome)
                text = f"You denied {request.name}. The requester has been told why."
            case "approved":
                request = await complete_approval(tx, services, request, decision.at, late)
                text = f"You approved {request.name}. {STATE_LABELS[request.state]}."
            case _:
                request = await requests.transition(tx, request, request.state)
                if decision.verdict == "changes":
                    await _notify_changes_requested(tx, request, decision)
                text = f"Your word on {request.name} is counted. {standing.text}"
        await messages.mark_dirty(tx, request.id, decision.at)
    return DecisionResult(request=request, text=text)


async def complete_approval(
    tx: Tx, services: Services, request: Request, now: datetime, late: LateChoice | None
) -> Request:
    """The quorum is reached: store the run that follows. ``late`` says what to do where the start has passed."""
    if late == "drop":
        words = "Approved too late, and dropped as the approver chose."
        return await requests.transition(tx, request, "expired", finished_at=now, outcome=words)
    changes: dict[str, Any] = {"approved_at": now}
    moved = _chosen_schedule(services, request, late, now)
    if moved is not None:
        # The approver chose this schedule together with approving; what is signed is what was shown to them.
        start = start_of(moved)
        content = request.content.model_copy(update={"schedule": moved})
        changes |= {
            "content": content,
            "start_at": start.instant if start else None,
            "latest_start": latest_start_of(moved),
            "scheduler": "nightshift" if start else request.scheduler,
        }
    request = await requests.transition(tx, request, "approved", **changes)
    request = await requests.transition(tx, request, "scheduled")
    await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
    return request


async def _notify_changes_requested(tx: Tx, request: Request, decision: Decision) -> None:
    text = f"Changes to {request.name} are asked for: {decision.comment} Use “Edit” on its card."
    await messages.add(
        tx,
        decision.at,
        "note",
        request.requester.user,
        request.id,
        facts={"text": text, "by": decision.person.user},
        dedupe=f"changes:{decision.id}",
    )


async def retract_decision(services: Services, request_id: str, person: Person) -> str:
    """Take one's own word back, while nothing is settled. Raises Conflict or NotAllowed."""
    now = services.clock.now()
    held = await services.approvals.active_delegations()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        mine = [d for d in await requests.decisions_of(tx, request_id) if d.person == person and d.retracted_at is None]
        if not mine:
            raise NotAllowed(f"You have said nothing on {request.name} that could be taken back.")
        ruling = services.approvals.permission_to_retract(request, mine[-1], person, held)
        if not ruling.allowed:
            raise NotAllowed(ruling.reason)
        await requests.retract_decision(tx, mine[-1].id, now)
        await requests.transition(tx, request, request.state)
        who = f"{person.team}/{person.user}"
        await audit.record(tx, now, who, "request.taken_back", request.id, {"decision": mine[-1].id})
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return f"Your word on {request.name} does not count any more."
