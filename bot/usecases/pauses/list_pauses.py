"""Lists what is paused now."""

from datetime import datetime

from bot.requests.lifecycle import FINAL_STATES
from bot.requests.pauses import holding_pause
from bot.storage import pauses, requests
from bot.usecases.actor import Actor
from bot.usecases.pauses.pause_starts import pause_line
from bot.usecases.pauses.scopes import Scope, scope_of
from bot.usecases.services import Services
from bot.usecases.sight import UNKNOWN_SIGHT, seen_requests


async def list_pauses(services: Services, actor: Actor, *, with_series: bool = True) -> list[str]:
    """Return a line for each pause, those of everything and of systems first, without series that the person may not
    see, and one more line if Slack does not tell of some."""
    zone = actor.zone
    now = services.clock.now()
    async with services.db.read() as tx:
        in_force = [pause for pause in await pauses.not_ended(tx) if pause.holds_at(now)]
        series_ids = [pause.name for pause in in_force if pause.scope == "series"]
        of_series = await requests.by_ids(tx, series_ids) if series_ids and with_series else []
    # The pause of a series that is over is ended a moment after it.
    of_series = [request for request in of_series if request.state not in FINAL_STATES]
    seen, is_open = await seen_requests(services, of_series, actor.person)
    names = {request.id: request.name for request in seen}
    wide = [pause_line(scope_of(services, pause), pause, zone) for pause in in_force if pause.scope != "series"]
    series = [
        pause_line(Scope("series", pause.name, names[pause.name]), pause, zone)
        for pause in in_force
        if pause.name in names
    ]
    return [*wide, *series, *([UNKNOWN_SIGHT] if is_open else [])]


async def pause_note(services: Services, backend: str, start_at: datetime | None, zone: str) -> str:
    """Return that a start would be held, as a sentence for its preview; "" if no pause would. None starts at once."""
    now = services.clock.now()
    async with services.db.read() as tx:
        pause = holding_pause(await pauses.not_ended(tx), backend, "", max(start_at or now, now))
    # The preview puts a mark of its own before it.
    line = pause_line(scope_of(services, pause), pause, zone).removeprefix("⏸️ ") if pause else ""
    return f"{line} Its start would be held." if line else ""
