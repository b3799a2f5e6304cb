"""Tells administrators of requests that nobody can approve."""

from datetime import datetime

from bot.requests.hashing import sha256_hex
from bot.requests.model import Request
from bot.storage import messages, requests
from bot.usecases.services import Services

MAX_REQUESTS_PER_ROUND = 100


async def alert_unapprovable(services: Services) -> None:
    """Tell the administrators' channel of each request that nobody can approve now: a group may be gone or empty.

    What Slack does not tell is no reason: only what is certain is told.
    """
    channel = services.settings.channels.admin
    if not channel:
        return
    now = services.clock.now()
    async with services.db.read() as tx:
        ids = [summary.id for summary in await requests.summaries_awaiting_approval(tx, MAX_REQUESTS_PER_ROUND)]
    for request_id in ids:
        request, reasons = await _unapprovable_reasons(services, request_id, now)
        if reasons:
            text = f"{request.name} cannot be approved by anybody now: {' '.join(reasons)}"
            dedupe = f"stuck:{request.id}:{request.revision}:{sha256_hex(text)}"
            async with services.db.write() as tx:
                await messages.add(tx, now, "note", channel, facts={"text": text}, dedupe=dedupe)
            services.wake.sender.set()


async def _unapprovable_reasons(services: Services, request_id: str, now: datetime) -> tuple[Request, tuple[str, ...]]:
    """Return a request and why nobody can approve it, a sentence each."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        decisions = await requests.decisions_of(tx, request_id)
    if request.state != "awaiting_approval":
        return request, ()
    directory = await services.approvals.directory_for(request, decisions)
    delegations = await services.approvals.delegations_for(decisions)
    status = services.approvals.approval_status(request, decisions, directory, delegations, now)
    return request, status.unapprovable_reasons
