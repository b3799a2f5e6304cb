"""Ends pauses whose time has run out."""

from bot.storage import pauses
from bot.usecases.pauses.resume_starts import end_pause
from bot.usecases.services import Services


async def end_pauses(services: Services) -> None:
    """End every pause whose time has run out, and let what it held be checked at once."""
    now = services.clock.now()
    async with services.db.read() as tx:
        over = [pause for pause in await pauses.not_ended(tx) if pause.until is not None and pause.until <= now]
    for pause in over:
        async with services.db.write() as tx:
            await end_pause(tx, services, pause, now, None)
        services.wake.sender.set()
        services.wake.scheduler.set()
