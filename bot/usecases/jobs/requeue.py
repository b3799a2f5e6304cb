"""Gives a new job to runs that have lost theirs."""

from datetime import timedelta

import structlog

from bot.ids import new_id
from bot.storage import runs
from bot.usecases.runs import dispatch
from bot.usecases.services import Services

ORPHANED_AFTER = timedelta(seconds=30)
_log = structlog.get_logger(__name__)


async def requeue_orphaned_runs(services: Services) -> None:
    """Give a job to every run that is starting or overdue and has none."""
    overdue = services.clock.now() - ORPHANED_AFTER
    async with services.db.read() as tx:
        candidates = [*await runs.in_state(tx, "starting"), *await runs.due_to_start(tx, overdue)]
    for run in candidates:
        if not await services.engine.has_running(dispatch.JOB, f"{run.id}:"):
            _log.warning("run without a job; queued again", run_id=run.id)
            await services.engine.start(dispatch.JOB, dispatch.job_key(run, new_id("s")))
