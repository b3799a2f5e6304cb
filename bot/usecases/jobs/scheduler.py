"""Does what is due by the clock. Every node runs it; compare-and-set lets one of them win."""

from bot.storage import runs
from bot.usecases.jobs.announce_starts import announce_starts
from bot.usecases.jobs.end_pauses import end_pauses
from bot.usecases.jobs.expire import expire_requests
from bot.usecases.jobs.remind import send_reminders
from bot.usecases.runs import dispatch
from bot.usecases.services import Services

MAX_STARTS_PER_ROUND = 64
"""Maximum runs given to the engine in one round; the rest follow in the next."""


async def tick(services: Services) -> None:
    """Start, expire, remind and announce whatever is due, and end pauses."""
    await end_pauses(services)
    await start_due_runs(services)
    await expire_requests(services)
    await send_reminders(services)
    await announce_starts(services)


async def start_due_runs(services: Services) -> None:
    """Give every due run to the engine. Repeating it for the same run changes nothing."""
    async with services.db.read() as tx:
        due = await runs.due_to_start(tx, services.clock.now(), MAX_STARTS_PER_ROUND)
    for run in due:
        await services.engine.start(dispatch.JOB, dispatch.job_key(run))
