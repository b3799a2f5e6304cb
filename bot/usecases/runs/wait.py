"""Lets a start wait while something that it depends on cannot be told."""

from datetime import timedelta

from bot.requests.model import Request, Run
from bot.schedule import ZonedTime
from bot.storage import messages, requests, runs
from bot.usecases.services import Services


async def wait_and_recheck(services: Services, run: Run, request: Request, why: str) -> None:
    """Check a pending run again after a while, until its latest start. Its card says why it waits, and until when.

    A run without a latest start waits as long as a back end that cannot be reached is retried. Raises Conflict if the
    run has changed.
    """
    now, timing = services.clock.now(), services.settings.timing
    deadline = run.latest_start or now + timedelta(seconds=timing.connect_seconds)
    outcome = f"{why} Retrying until {ZonedTime.from_instant(deadline, request.zone).local:%d %b %H:%M %Z}."
    recheck_at = now + timedelta(seconds=timing.recheck_seconds)
    async with services.db.write() as tx:
        await runs.transition(tx, run, "pending", problem=why, latest_start=deadline, poll_at=recheck_at)
        request = await requests.get(tx, request.id)
        if request.outcome != outcome:
            await requests.transition(tx, request, request.state, outcome=outcome)
            await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
