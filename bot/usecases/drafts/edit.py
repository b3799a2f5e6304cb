"""Opens a request for editing."""

from bot.errors import Conflict
from bot.requests.lifecycle import STATE_LABELS
from bot.storage import requests
from bot.storage.drafts import Draft
from bot.usecases.actor import Actor
from bot.usecases.drafts.from_request import draft_from_request
from bot.usecases.drafts.submit_edit import check_may_edit
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def edit_request(services: Services, request_id: str, actor: Actor) -> Draft:
    """Return a draft of a request; submitting it makes a new revision. Raises Conflict or NotAllowed."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    if request.state not in ("awaiting_approval", "scheduled"):
        text = f"{request.name} cannot be edited any more: {STATE_LABELS[request.state].lower()}."
        raise Conflict(text, code=RefusalCode.NOT_EDITABLE)
    await check_may_edit(services, request, actor.person)
    return await draft_from_request(services, request, actor.person, request.values, request.reason, revises=request.id)
