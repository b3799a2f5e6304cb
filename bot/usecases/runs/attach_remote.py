"""Attaches the run that the back end has to a run of unknown outcome, on evidence only.

A run that carries the attempt's token is attached at once. Another one must match operation, targets and time, and an
approver who has not written the request must confirm it.
"""

from dataclasses import dataclass

from bot.backends.base import Candidate
from bot.errors import BackendError, Conflict, InputError, NotAllowed
from bot.requests.model import Person, Proposal, Request
from bot.requests.notify.events import Event
from bot.storage import audit, messages, runs
from bot.usecases.notifications import tell
from bot.usecases.refusals import RefusalCode
from bot.usecases.runs.evidence import (
    Doubt,
    candidate_by_id,
    candidate_key,
    differences,
    find_by_token,
    load_doubt,
    matching_candidates,
)
from bot.usecases.runs.transitions import record_started
from bot.usecases.services import Services
from bot.values import Json

CHOICE, REMOTE_ID = "choice", "id"
"""The fields of the question which run it is."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The runs that may be the one that is looked for. ``attached`` says that it was found and attached instead.

    ``system`` is what people call the back end.
    """

    request: Request
    system: str
    candidates: tuple[Candidate, ...] = ()
    attached: str = ""


async def offer_candidates(services: Services, request_id: str, person: Person) -> Offer:
    """Look for the run by its token, and attach it. Else return the runs that match operation, targets and time.

    Raises BackendError, Conflict or NotAllowed.
    """
    doubt = await load_doubt(services, request_id, person)
    handle = await find_by_token(doubt)
    if handle is not None:
        found = Candidate(id=handle.id, handle=handle, title=handle.id, carries_token=True)
        return Offer(doubt.request, doubt.system, attached=await _attach(services, doubt, found, person))
    return Offer(doubt.request, doubt.system, tuple(await matching_candidates(services, doubt)))


async def propose_remote(services: Services, request_id: str, person: Person, choice: str, remote_id: str) -> str:
    """Attach a run that was chosen from the offer or named by its id, or propose it to the approvers.

    Returns what happened. Raises InputError with what does not match, BackendError, Conflict or NotAllowed.
    """
    doubt = await load_doubt(services, request_id, person)
    candidate = await _named_candidate(services, doubt, choice, remote_id.strip())
    if candidate.carries_token or await _reason_against_confirming(services, doubt.request, person) == "":
        return await _attach(services, doubt, candidate, person)
    return await _propose(services, doubt, candidate, person)


async def confirm_remote(services: Services, request_id: str, run_version: int, person: Person) -> str:
    """Attach the run that somebody has proposed, after comparing it once more. ``run_version`` is what the card showed.

    Returns what happened. Raises InputError with what does not match, BackendError, Conflict or NotAllowed.
    """
    doubt = await load_doubt(services, request_id, person)
    proposal = doubt.run.proposal
    if proposal is None or doubt.run.version != run_version:
        text = f"Another run was named for {doubt.request.name} since. Please look at the card again."
        raise Conflict(text, code=RefusalCode.PROPOSAL_REPLACED)
    if reason := await _reason_against_confirming(services, doubt.request, person):
        raise NotAllowed(reason, code=RefusalCode.NOT_INDEPENDENT)
    candidate = await _named_candidate(services, doubt, "", proposal.remote_id)
    return await _attach(services, doubt, candidate, person, proposed_by=proposal.by)


async def _named_candidate(services: Services, doubt: Doubt, choice: str, remote_id: str) -> Candidate:
    """Return the candidate that a person means, if it may be attached. Raises InputError."""
    field = REMOTE_ID if remote_id or not choice else CHOICE
    try:
        if field == CHOICE:
            offered = await matching_candidates(services, doubt)
            candidate = next((c for c in offered if candidate_key(c) == choice), None)
        elif remote_id:
            candidate = await candidate_by_id(doubt, remote_id)
        else:
            raise InputError({field: f"Choose a run, or give the id under which {doubt.system} has it."})
    except BackendError as error:
        text = f"{error} So it is not known whether this is the run, and nothing was recorded. Please try again."
        raise InputError({field: text}, code=RefusalCode.NOT_READABLE) from error
    if candidate is None:
        named = f"nothing under {remote_id[:100]} that can be read" if remote_id else "this run no more"
        text = f"{doubt.system} shows {named}, so it is not known whether it ran. Please look again."
        raise InputError({field: text}, code=RefusalCode.NOT_READABLE)
    if against := await differences(services, doubt, candidate):
        text = " ".join([f"{candidate.id} is not the run of {doubt.request.name}.", *against])
        raise InputError({field: text}, code=RefusalCode.NOT_THE_RUN)
    return candidate


async def _reason_against_confirming(services: Services, request: Request, person: Person) -> str:
    """Return why a person may not confirm on their own that a run is the one; "" if they may."""
    if person in (request.requester, *request.edited_by, *request.taken_over_from):
        return "You have written this request, so an approver who has not must confirm which run it is."
    permission = await services.approvals.can_manage(request, person)
    return "" if permission.allowed else f"Only an approver can confirm which run it is. {permission.reason}"


async def _attach(
    services: Services, doubt: Doubt, candidate: Candidate, person: Person, *, proposed_by: str = ""
) -> str:
    evidence: dict[str, Json] = {"by_token": candidate.carries_token, "title": candidate.title}
    if proposed_by:
        evidence["proposed_by"] = proposed_by
    await record_started(services, doubt.starting, candidate.handle, actor=person.key, evidence=evidence)
    return f"{doubt.request.name} is watched as {candidate.id} from now on."


async def _propose(services: Services, doubt: Doubt, candidate: Candidate, person: Person) -> str:
    now, request = services.clock.now(), doubt.request
    proposal = Proposal(remote_id=candidate.id, title=candidate.title, by=person.user)
    async with services.db.write() as tx:
        run = await runs.transition(tx, doubt.run, "unknown", proposal=proposal)
        data = {"run": run.id, "id": proposal.remote_id, "title": proposal.title}
        await audit.record(tx, now, person.key, "run.proposed", request.id, data)
        text = (
            f"{request.name} is said to have run as “{candidate.title}”. An approver who has not written it must "
            "confirm this."
        )
        await tell(tx, services, request, Event.PROPOSED, text, key=f"{run.id}:{run.version}", by=person)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return (
        f"“{candidate.title}” may be it. An approver who has not written {request.name} must confirm this on its card."
    )
