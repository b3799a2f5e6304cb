"""Requests the same work again."""

from bot.requests.lifecycle import FINAL_STATES
from bot.schedule import Now
from bot.storage import requests
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.drafts.from_request import draft_from_request
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see


async def repeat(services: Services, request_id: str, actor: Actor) -> Draft:
    """Return a draft of a new request that is filled in like an earlier one. It starts at once if the earlier start has
    passed, until its author chooses another time."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    await check_may_see(services, request, actor.person)
    has_passed = request.start_at is not None and request.start_at <= services.clock.now()
    starts_now = isinstance(request.content.schedule, Now) or (has_passed and not request.is_series)
    is_over = request.state in FINAL_STATES
    return await draft_from_request(
        services, request, actor.person, request.values, request.reason, starts_now=starts_now and is_over
    )
