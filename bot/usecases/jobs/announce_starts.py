"""Tells people that approved work starts soon."""

from datetime import timedelta

from bot.requests.notify.events import Event
from bot.requests.notify.words import about_to_start_text
from bot.storage import coming_starts, requests
from bot.storage.coming_starts import ComingStart
from bot.usecases.notifications import tell
from bot.usecases.services import Services

AHEAD = timedelta(minutes=15)
"""How long before a start people are told."""
MIN_WAIT = timedelta(hours=1)
"""Whoever was told of the approval less than this before the start is not told again."""


async def announce_starts(services: Services) -> None:
    """Tell of each start that comes soon, once. The runs of a series are only shown on its card."""
    now = services.clock.now()
    async with services.db.read() as tx:
        coming = await coming_starts.untold_starts(tx, now, AHEAD, MIN_WAIT)
    for start in coming:
        await _announce(services, start)


async def _announce(services: Services, start: ComingStart) -> None:
    async with services.db.write() as tx:
        request = await requests.get(tx, start.request_id)
        if request.is_series or request.state != "scheduled":
            return
        text = about_to_start_text(request, start.starts_at)
        key = f"{start.run_id}:{int(start.starts_at.timestamp())}"
        await tell(tx, services, request, Event.ABOUT_TO_START, text, key=key, run_id=start.run_id)
    services.wake.sender.set()
