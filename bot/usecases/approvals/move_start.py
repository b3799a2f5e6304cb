"""Moves the start of a request that is approved after it."""

from bot.requests.approval.deadlines import expires_at, next_reminder_at
from bot.requests.model import Decision, Person, Request
from bot.requests.notify.events import Event
from bot.schedule import Schedule, latest_start_of, start_of, to_phrase
from bot.storage import audit, requests
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.services import Services
from bot.values import JsonObject


async def move_start(tx: Tx, request: Request, decision: Decision, schedule: Schedule) -> tuple[Request, Decision]:
    """Give a request another schedule, and return it with the decision of the approver who chose that.

    The schedule is content: the decision is on the new revision, and earlier approvals do not count for it. Nobody
    becomes an author, since people choose only from what the request itself allows. Raises Conflict.
    """
    start, requirement, now = start_of(schedule), request.requirement, decision.at
    content = request.content.model_copy(update={"schedule": schedule, "renewal": request.content.renewal + 1})
    change = {"field": "When", "before": to_phrase(request.content.schedule), "after": to_phrase(schedule)}
    request = await requests.revise(
        tx,
        request,
        Person(team=request.requester.team, user="nightshift"),
        now,
        request.state,
        content=content,
        content_hash=content.hash,
        phrase=to_phrase(schedule),
        revision_changes=(change,),
        start_at=start.instant if start else None,
        latest_start=latest_start_of(schedule),
        scheduler="nightshift" if start else request.scheduler,
        round_opened_at=now,
        approve_by=expires_at(requirement, now, schedule),
        remind_at=next_reminder_at(requirement, now, now),
    )
    data: JsonObject = {"revision": request.revision, "hash": content.hash, "when": to_phrase(schedule)}
    await audit.record(tx, now, decision.person.key, "request.start_moved", request.id, data)
    return request, decision.model_copy(update={"revision": request.revision, "content_hash": content.hash})


async def ask_for_moved_start(tx: Tx, services: Services, request: Request, decision: Decision) -> None:
    """Tell the approvers that a start was moved, and that their approvals are needed for it."""
    text = f"The start of {request.name} has passed. It was moved: {to_phrase(request.content.schedule)}. "
    text += "This reset earlier approvals."
    key = f"{request.content.renewal}"
    await tell(tx, services, request, Event.ASKED_AGAIN, text, key=key, by=decision.person)
