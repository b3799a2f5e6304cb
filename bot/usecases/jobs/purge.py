"""Deletes old records."""

from datetime import timedelta

from bot.storage import drafts, messages
from bot.usecases.services import Services


async def purge_old_records(services: Services) -> None:
    """Delete old drafts, messages and jobs. Requests, decisions and the audit trail are kept."""
    now = services.clock.now()
    timing = services.settings.timing
    async with services.db.write() as tx:
        await drafts.delete_unused_since(tx, now - timedelta(days=timing.keep_drafts_days))
        await messages.delete_before(tx, now - timedelta(days=timing.keep_finished_jobs_days))
    await services.engine.prune(timedelta(days=timing.keep_finished_jobs_days).total_seconds())
