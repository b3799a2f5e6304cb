"""Lists the emergencies that are to be reviewed."""

from collections.abc import Sequence

from bot.requests.emergency import due_review_text
from bot.requests.model import Request
from bot.storage import requests, reviews
from bot.usecases.actor import Actor
from bot.usecases.services import Services
from bot.usecases.sight import seen_requests


async def list_reviews(services: Services, actor: Actor) -> Sequence[tuple[Request, str]]:
    """Return each emergency that is to be reviewed and that the person may see, the first to be due first, with a line
    about it."""
    now = services.clock.now()
    async with services.db.read() as tx:
        due = await reviews.not_reviewed(tx)
        found = await requests.by_ids(tx, [each.request_id for each in due]) if due else []
    seen = {request.id: request for request in (await seen_requests(services, found, actor.person))[0]}
    pairs = [(seen[each.request_id], each) for each in due if each.request_id in seen]
    return [
        (request, f"{request.name} · {request.title}: {due_review_text(request, each, now, actor.zone)}")
        for request, each in pairs
        if request.is_emergency
    ]
