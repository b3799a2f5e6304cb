"""Records the review of an emergency."""

from bot.errors import Conflict, InputError, NotAllowed
from bot.requests.lifecycle import FINAL_STATES, STATE_LABELS
from bot.requests.model import Person, Request
from bot.requests.notify.events import Event
from bot.storage import audit, messages, requests, reviews
from bot.usecases.notifications import tell
from bot.usecases.refusals import RefusalCode
from bot.usecases.reviews.participants import may_review
from bot.usecases.services import Services


async def load_reviewable(services: Services, request_id: str, person: Person) -> Request:
    """Return an emergency that a person may review now. Raises Conflict, NotAllowed or NotFound."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        found = await reviews.of_request(tx, request_id)
    review = request.requirement.review
    if review is None or found is None:
        raise Conflict(f"{request.name} is no emergency, so nobody has to review it.", code=RefusalCode.NO_EMERGENCY)
    if found.reviewed_at is not None:
        raise Conflict(f"{request.name} has been reviewed already.", code=RefusalCode.ALREADY_REVIEWED)
    if request.state not in FINAL_STATES:
        text = f"{request.name} is not over yet ({STATE_LABELS[request.state].lower()}). Review it after that."
        raise Conflict(text, code=RefusalCode.NOT_OVER)
    permission = await may_review(services, request, review, person)
    if not permission.allowed:
        raise NotAllowed(permission.reason, code=permission.code)
    return request


async def record_review(services: Services, request_id: str, person: Person, comment: str) -> str:
    """Record what a person found in their review of an emergency. Returns what happened, as a sentence.

    Raises Conflict, InputError, NotAllowed or NotFound.
    """
    request = await load_reviewable(services, request_id, person)
    comment = comment.strip()
    if not comment:
        raise InputError({"": f"Say what you found: /nightshift review {request.name} because …"})
    now = services.clock.now()
    async with services.db.write() as tx:
        await reviews.complete(tx, request.id, person, comment, now)
        await audit.record(tx, now, person.key, "request.reviewed", request.id, {"comment": comment})
        text = f"{request.name} was reviewed: {comment}"
        await tell(tx, services, request, Event.REVIEWED, text, key="1", by=person)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return f"You have reviewed {request.name}."
