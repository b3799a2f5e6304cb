"""Retracts a person's own decision."""

from bot.errors import NotAllowed
from bot.requests.model import Person
from bot.storage import audit, messages, requests
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def retract_decision(services: Services, request_id: str, person: Person) -> str:
    """Retract a decision while the request is open. Returns what happened. Raises Conflict or NotAllowed."""
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        decisions = await requests.decisions_of(tx, request_id)
        own = [d for d in decisions if d.person == person and d.retracted_at is None]
        if not own:
            text = f"You have made no decision on {request.name} that you could take back."
            raise NotAllowed(text, code=RefusalCode.NOTHING_TO_RETRACT)
        permission = services.approvals.permission_to_retract(request, own[-1], person)
        if not permission.allowed:
            raise NotAllowed(permission.reason, code=permission.code)
        await requests.retract_decision(tx, own[-1].id, now)
        await requests.transition(tx, request, request.state)
        await audit.record(tx, now, person.key, "request.taken_back", request.id, {"decision": own[-1].id})
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return f"Your decision on {request.name} does not count any more."
