"""Makes the review of an emergency due."""

from datetime import datetime, timedelta

from bot.requests.model import Request
from bot.storage import reviews
from bot.storage.transactions import Tx


async def open_review(tx: Tx, request: Request, now: datetime) -> None:
    """Make the review due, from the approval of an emergency on. Does nothing for other requests."""
    if request.requirement.review is not None:
        await reviews.add(tx, request.id, now + timedelta(seconds=request.requirement.review.within))
