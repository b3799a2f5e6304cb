"""Tells the reviewers of emergencies that a review is due, and tells them and the admins when it is overdue."""

from bot.requests.emergency import DueReview, due_review_text, named_reviewers
from bot.requests.model import Request, Review
from bot.storage import messages, requests, reviews
from bot.usecases.pauses.notes import note_to_admins
from bot.usecases.reviews.participants import reviewers
from bot.usecases.services import Services


async def tell_reviewers(services: Services) -> None:
    """Tell everyone who may review an emergency, each time it is approved and once when its review is overdue."""
    async with services.db.read() as tx:
        due = await reviews.to_tell(tx, services.clock.now())
        found = {request.id: request for request in await requests.by_ids(tx, [each.request_id for each in due])}
    for each in due:
        request = found[each.request_id]
        if request.requirement.review is None:
            # It was edited, or is approved in the usual way after all.
            async with services.db.write() as tx:
                await reviews.drop(tx, request.id)
        else:
            await _tell(services, request, request.requirement.review, each)


async def _tell(services: Services, request: Request, review: Review, due: DueReview) -> None:
    now = services.clock.now()
    is_overdue = now >= due.due_at
    names = await services.directory.names_of(named_reviewers(request))
    edited = " It has changed since it was requested." if request.revision > 1 else ""
    text = f"{request.name} · {request.title}.{edited} {due_review_text(request, due, now, request.zone, names)}"
    how = f"Once it is over: /nightshift review {request.name} because …"
    people = await reviewers(services, request, review)
    async with services.db.write() as tx:
        if not await reviews.mark_told(tx, due, now):
            return
        kind = "overdue" if is_overdue else "asked"
        for user in sorted(people):
            facts, dedupe = {"text": f"{text} {how}"}, f"review-{kind}:{request.id}:{request.revision}:{user}"
            await messages.add(tx, now, "note", user, request.id, facts=facts, dedupe=dedupe)
        if is_overdue or not people:
            nobody = "" if people else " Nobody can review it: Slack names no one who did not take part."
            await note_to_admins(tx, services, f"{text}{nobody}", dedupe=f"review-{kind}:{request.id}")
        await messages.mark_dirty(tx, request.id, now, kinds=("approval", "receipt"))
    services.wake.sender.set()
