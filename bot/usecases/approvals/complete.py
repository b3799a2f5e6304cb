"""Completes an approval: plans the run that follows from it."""

from datetime import datetime

from bot.requests.model import Request
from bot.storage import requests
from bot.storage.transactions import Tx
from bot.usecases.planning import plan_runs
from bot.usecases.reviews.open_review import open_review
from bot.usecases.services import Services


async def complete_approval(tx: Tx, services: Services, request: Request, now: datetime) -> Request:
    """Approve a request and plan its run. The review of an emergency becomes due."""
    request = await requests.transition(tx, request, "approved", approved_at=now)
    request = await requests.transition(tx, request, "scheduled")
    await open_review(tx, request, now)
    await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
    return request
