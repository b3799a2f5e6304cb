"""Ends a person's delegation."""

from bot.requests.model import Person
from bot.storage import audit, delegations
from bot.usecases.services import Services


async def end_delegation(services: Services, person: Person) -> str:
    """End a person's delegation. Returns what happened, as a sentence."""
    now = services.clock.now()
    async with services.db.write() as tx:
        ended = await delegations.end(tx, person, now)
        if ended:
            await audit.record(tx, now, person.key, "delegation.ended")
    return "You decide for yourself again." if ended else "You have not delegated to anybody."
