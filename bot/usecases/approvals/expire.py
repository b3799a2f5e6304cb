"""Ends a request that was not approved in time."""

from collections.abc import Sequence

from bot.requests.lifecycle import FINAL_RUN_STATES
from bot.requests.model import Request, Run
from bot.requests.notify.events import Event
from bot.requests.notify.words import expired_text
from bot.storage import audit, messages, requests, runs
from bot.usecases.notifications import tell
from bot.usecases.services import Services


async def expire_request(services: Services, request: Request) -> Request:
    """End a request that was not approved in time. Raises Conflict if it has changed."""
    now = services.clock.now()
    async with services.db.write() as tx:
        outcome = _outcome(await runs.of_request(tx, request.id))
        request = await requests.transition(tx, request, "expired", finished_at=now, outcome=outcome)
        await runs.end_series_there(tx, request.id, now)
        await audit.record(tx, now, "nightshift", "request.expired", request.id)
        await tell(tx, services, request, Event.EXPIRED, expired_text(request), key=str(request.revision))
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    return request


def _outcome(earlier_runs: Sequence[Run]) -> str:
    """Return what becomes of a request. A series that was to be approved again has made runs before."""
    if not any(run.started_at for run in earlier_runs):
        return "Nobody decided in time, so nothing was done."
    is_running = any(run.state not in FINAL_RUN_STATES and run.state != "scheduled_in_backend" for run in earlier_runs)
    present = " The present run goes on; /nightshift cancel stops it." if is_running else ""
    return f"Nobody decided in time, so no further run will start.{present}"
