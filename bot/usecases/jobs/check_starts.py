"""Checks the starts that a back end makes by itself, shortly before them."""

import asyncio
from datetime import timedelta

import structlog

from bot.errors import Conflict, NightshiftError
from bot.requests.model import Run
from bot.storage import runs
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.runs.backend_starts import check_backend_start
from bot.usecases.services import Services

MAX_CHECKS_AT_ONCE = 16
LEASE = timedelta(minutes=1)
"""After this time a check that a node has not finished is made by another one."""
_log = structlog.get_logger(__name__)


async def check_starts(services: Services, backend: ConfiguredBackend) -> None:
    """Check every start of a back end that is due to be checked. One back end that is slow does not delay another."""
    while True:
        async with services.db.write() as tx:
            claimed = await runs.claim_for_check(tx, backend.name, services.clock.now(), LEASE, MAX_CHECKS_AT_ONCE)
        await asyncio.gather(*(_check(services, run) for run in claimed))
        if len(claimed) < MAX_CHECKS_AT_ONCE:
            return


async def _check(services: Services, run: Run) -> None:
    try:
        await check_backend_start(services, run)
    except Conflict as conflict:
        _log.info("run changed while its start was checked", run_id=run.id, why=str(conflict))
        async with services.db.write() as tx:
            await runs.release_check(tx, run.id, services.clock.now(), LEASE)
    except NightshiftError as error:
        # It is checked once more when the claim runs out.
        _log.warning("start not checked", run_id=run.id, why=str(error))
