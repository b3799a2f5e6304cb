"""Withdraws a request before it is decided."""

from bot.errors import Conflict, NotAllowed
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Person
from bot.storage import audit, messages, requests
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def withdraw(services: Services, request_id: str, person: Person) -> str:
    """Withdraw a request. Returns what happened, as a sentence. Raises Conflict or NotAllowed."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id)
        if request.state != "awaiting_approval":
            text = f"{request.name} was decided already: {STATE_LABELS[request.state].lower()}."
            raise Conflict(text, code=RefusalCode.ALREADY_DECIDED)
        if person != request.requester:
            text = "Only the requester can withdraw it. Approvers can deny it."
            raise NotAllowed(text, code=RefusalCode.NOT_REQUESTER)
        await requests.transition(tx, request, "withdrawn", finished_at=now, outcome="Withdrawn by the requester.")
        await audit.record(tx, now, person.key, "request.withdrawn", request.id)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return f"{request.name} is withdrawn."
