"""Ends pauses whose time has run out, and those of series that are over."""

from collections.abc import Sequence

from bot.requests.pauses import Pause
from bot.storage import pauses, requests
from bot.usecases.pauses.resume_starts import end_pause
from bot.usecases.services import Services


async def end_pauses(services: Services) -> None:
    """End every pause whose time has run out, and let what it held be checked at once.

    The pause of a series ends with its request, whoever ended that.
    """
    now = services.clock.now()
    async with services.db.read() as tx:
        not_ended = await pauses.not_ended(tx)
        series = [pause.name for pause in not_ended if pause.scope == "series"]
        over_ids = await requests.over(tx, series) if series else frozenset()
    over = [pause for pause in not_ended if pause.until is not None and pause.until <= now]
    await _forget_series(services, [pause for pause in not_ended if pause.name in over_ids])
    for pause in over:
        async with services.db.write() as tx:
            await end_pause(tx, services, pause, now, None)
        services.wake.sender.set()
        services.wake.scheduler.set()


async def _forget_series(services: Services, over: Sequence[Pause]) -> None:
    for pause in over:
        async with services.db.write() as tx:
            await pauses.end(tx, pause, services.clock.now())
