"""Lists the emergencies that are to be reviewed."""

from collections.abc import Sequence

from bot.requests.emergency import due_review_text, named_reviewers
from bot.storage import requests, reviews
from bot.usecases.actor import Actor
from bot.usecases.services import Services
from bot.usecases.sight import UNKNOWN_SIGHT, seen_requests


async def list_reviews(services: Services, actor: Actor) -> Sequence[str]:
    """Return a line for each emergency that is to be reviewed and that the person may see, the first to be due first,
    and one more if Slack does not tell of some."""
    now = services.clock.now()
    async with services.db.read() as tx:
        due = await reviews.not_reviewed(tx)
        found = await requests.by_ids(tx, [each.request_id for each in due]) if due else []
    emergencies = [request for request in found if request.is_emergency]
    seen, is_open = await seen_requests(services, emergencies, actor.person)
    by_id = {request.id: request for request in seen}
    pairs = [(by_id[each.request_id], each) for each in due if each.request_id in by_id]
    users = {user for request, _ in pairs for user in named_reviewers(request)}
    names = await services.directory.names_of(users)
    lines = [
        f"{request.name} · {request.title}: {due_review_text(request, each, now, actor.zone, names)}"
        for request, each in pairs
    ]
    return [*lines, UNKNOWN_SIGHT] if is_open else lines
