"""Lets a start wait while something that it depends on cannot be told, or a pause holds it."""

from datetime import datetime, timedelta

from bot.requests.model import Request, Run
from bot.requests.notify.events import Event
from bot.requests.notify.words import held_start_text
from bot.requests.pauses import Pause, held_text
from bot.schedule import ZonedTime
from bot.storage import messages, pauses, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.notifications import tell
from bot.usecases.services import Services

MAX_HELD_RECHECK = timedelta(minutes=5)
"""How often a start that a pause holds is checked at least. The end of the pause checks it at once."""
_AFTER_LATEST = timedelta(seconds=1)
"""How long after its latest start a run is recorded as missed."""


async def wait_and_recheck(
    services: Services, run: Run, request: Request, why: str, *, min_seconds: float = 0.0
) -> None:
    """Check a pending run again after a while, until its latest start. Its card says why it waits, and until when.

    It is not checked before ``min_seconds`` have passed, for which a back end may have asked.

    A run without a latest start waits as long as a back end that cannot be reached is retried. That limit is of this
    wait alone: the run gets no latest start by it. Raises Conflict if the run has changed.
    """
    now, timing = services.clock.now(), services.settings.timing
    since = run.silent_since or now
    deadline = end_of_wait(services, run, since)
    outcome = f"{why} Retrying until {ZonedTime.from_instant(deadline, request.zone).local:%d %b %H:%M %Z}."
    recheck_at = now + timedelta(seconds=max(timing.recheck_seconds, min_seconds))
    async with services.db.write() as tx:
        await runs.transition(tx, run, "pending", problem=why, silent_since=since, poll_at=recheck_at)
        await _show(tx, services, request.id, outcome)
    services.wake.sender.set()


def end_of_wait(services: Services, run: Run, since: datetime) -> datetime:
    """Return until when a run waits that has waited since a moment: its latest start, if it has one."""
    return run.latest_start or since + timedelta(seconds=services.settings.timing.connect_seconds)


async def hold_for_pause(services: Services, run: Run, request: Request, pause: Pause) -> None:
    """Check a pending run again when the pause ends, or by its latest start. Its card says what holds it, and
    its requester is told once.

    A run without a latest start waits as long as the pause lasts. Raises Conflict if the run has changed.
    """
    now, text = services.clock.now(), held_text(pause, request.zone)
    latest_start = run.latest_start
    checks = (now + MAX_HELD_RECHECK, pause.until, latest_start + _AFTER_LATEST if latest_start else None)
    recheck_at = min(check for check in checks if check is not None)
    async with services.db.write() as tx:
        if not any(other.id == pause.id for other in await pauses.not_ended(tx)):
            # Somebody has resumed it meanwhile, which rechecks only what was held by then.
            recheck_at = now
        await runs.transition(tx, run, "pending", problem=text, silent_since=None, poll_at=recheck_at)
        await _show(tx, services, request.id, text)
        if pause.scope != "series" and recheck_at > now:
            told = held_start_text(request, run.due_at or now, pause, latest_start)
            await tell(tx, services, request, Event.HELD, told, key=run.id, run_id=run.id)
    services.wake.sender.set()


async def _show(tx: Tx, services: Services, request_id: str, outcome: str) -> None:
    """Show on the cards of a request what it waits for."""
    request = await requests.get(tx, request_id)
    if request.outcome != outcome:
        await requests.transition(tx, request, request.state, outcome=outcome)
        await messages.mark_dirty(tx, request.id, services.clock.now())
