"""Says in the preview of an edit which approvals it costs."""

from bot.requests.model import Requirement
from bot.requests.notify.words import lost_approval_text
from bot.storage import requests
from bot.storage.drafts import Draft
from bot.usecases.services import Services


async def lost_approval_note(services: Services, draft: Draft, requirement: Requirement) -> str:
    """Return which approvals end with an edit, as a sentence; "" if there are none, or nobody has to approve it."""
    if not draft.revises or requirement.effect != "ask":
        return ""
    async with services.db.read() as tx:
        request = await requests.get(tx, draft.revises)
        decisions = await requests.decisions_of(tx, request.id)
    count = sum(
        decision.verdict == "approved" and decision.revision == request.revision and decision.retracted_at is None
        for decision in decisions
    )
    return lost_approval_text(request, count)
