"""Looks again for runs whose outcome is unknown, so that nobody need be asked about those that turn up."""

from datetime import timedelta

import structlog

from bot.backends.base import Plan
from bot.errors import NightshiftError
from bot.requests.model import Run
from bot.storage import requests, runs
from bot.usecases.runs.transitions import StartingRun, record_started
from bot.usecases.services import Services

MAX_RUNS_PER_ROUND = 50
LOOKUP_PERIOD = timedelta(days=1)
"""How long after it was sent a call is still looked for while nobody asks."""
_log = structlog.get_logger(__name__)


async def find_unknown_runs(services: Services) -> None:
    """Look up every recent run of unknown outcome by its token, and record those that the back end has."""
    async with services.db.read() as tx:
        unknown = await runs.in_state(tx, "unknown", MAX_RUNS_PER_ROUND)
    for run in unknown:
        try:
            await find_unknown_run(services, run, max_age=LOOKUP_PERIOD)
        except NightshiftError as error:
            _log.info("unknown run not found", run_id=run.id, why=str(error))


async def find_unknown_run(services: Services, run: Run, max_age: timedelta | None = None) -> None:
    """Look up a run of unknown outcome by its token, and record it if the back end has it.

    One that was sent longer than ``max_age`` ago is left alone. Raises NightshiftError.
    """
    async with services.db.read() as tx:
        attempt = await runs.get_attempt(tx, run.token)
        request = await requests.get(tx, run.request_id)
    if attempt is None or attempt.sent_at is None:
        return
    if max_age is not None and attempt.sent_at < services.clock.now() - max_age:
        return
    plan = Plan.model_validate(attempt.plan)
    operation = services.backends.operation(request.content.backend, plan.operation)
    handle = await operation.find_started(plan)
    if handle is not None:
        _log.info("unknown run found", run_id=run.id, handle=handle.id)
        await record_started(services, StartingRun(run, request, operation, plan), handle)
