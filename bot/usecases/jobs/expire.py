"""Ends requests that nobody decided in time."""

import structlog

from bot.errors import Conflict
from bot.storage import requests
from bot.usecases.approvals.expire import expire_request
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def expire_requests(services: Services) -> None:
    """Expire every request whose approval is overdue, or whose latest start has passed."""
    now = services.clock.now()
    async with services.db.read() as tx:
        overdue = [*await requests.past_approve_by(tx, now), *await requests.past_latest_start(tx, now)]
    for request in {request.id: request for request in overdue}.values():
        try:
            await expire_request(services, request)
        except Conflict as conflict:
            _log.info("request changed before it expired", request=request.name, why=str(conflict))
