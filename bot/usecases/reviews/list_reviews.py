"""Lists the emergencies that are to be reviewed."""

from collections.abc import Sequence

from bot.requests.emergency import due_review_text
from bot.requests.model import Request
from bot.storage import requests, reviews
from bot.usecases.services import Services


async def list_reviews(services: Services, zone: str) -> Sequence[tuple[Request, str]]:
    """Return each emergency that is to be reviewed, the first to be due first, with a line about it. ``zone`` is that
    of the times."""
    now = services.clock.now()
    async with services.db.read() as tx:
        due = await reviews.not_reviewed(tx)
        found = {request.id: request for request in await requests.by_ids(tx, [each.request_id for each in due])}
    pairs = [(found[each.request_id], each) for each in due if found[each.request_id].is_emergency]
    return [
        (request, f"{request.name} · {request.title}: {due_review_text(request, each, now, zone)}")
        for request, each in pairs
    ]
