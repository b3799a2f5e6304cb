"""Starts a run. Only from here does a call that changes something go to a back end.

After a crash the same job runs again and continues from the attempt's row: what was only prepared is admitted once
more; what was sent is looked up by its token, never sent again.
"""

import asyncio

import structlog
from sqlalchemy.exc import DBAPIError
from structlog.contextvars import bind_contextvars

from bot.backends.base import Plan
from bot.errors import Conflict, ContentAltered
from bot.requests.model import Run
from bot.storage import requests, runs
from bot.usecases.integrity import stop_altered_request
from bot.usecases.runs.admission import admit
from bot.usecases.runs.attempts import find_by_token, send_with_retries
from bot.usecases.runs.transitions import StartingRun, return_to_pending
from bot.usecases.services import Services

JOB = "dispatch"
_DATABASE_RETRY_DELAYS = (0.2, 0.5, 1.0, 2.0, 5.0)
_log = structlog.get_logger(__name__)


def job_key(run: Run, suffix: str = "") -> str:
    """Return the key of the job that dispatches a run. A new ``suffix`` makes a new job for the same run."""
    return f"{run.id}:{run.version}:{suffix}" if suffix else f"{run.id}:{run.version}"


def run_id_of(key: str) -> str:
    """Return the id of the run that a job dispatches."""
    return key.partition(":")[0]


async def dispatch_run(services: Services, run_id: str) -> None:
    """Start a run, or find out what became of an earlier try. Safe to repeat; waits while the database is away."""
    tries = 0
    while True:
        try:
            await _dispatch_once(services, run_id)
            return
        except DBAPIError as error:
            wait = _DATABASE_RETRY_DELAYS[min(tries, len(_DATABASE_RETRY_DELAYS) - 1)]
            tries += 1
            _log.warning("database unavailable; retrying", run_id=run_id, seconds=wait, error=str(error.orig))
            await asyncio.sleep(wait)
        except Conflict as conflict:
            _log.info("run continued by another node", run_id=run_id, why=str(conflict))
            return


async def _dispatch_once(services: Services, run_id: str) -> None:
    async with services.db.read() as tx:
        run = await runs.get(tx, run_id)
        request = await requests.get(tx, run.request_id)
        attempt = await runs.get_attempt(tx, run.token) if run.token else None
    bind_contextvars(request=request.name, run=run.number, backend=request.content.backend)
    if run.state == "starting" and attempt is not None and attempt.state == "prepared":
        # Time has passed since it was admitted, and the stored plan is not what people signed.
        run, request = await return_to_pending(services, run, request)
    if run.state == "pending":
        try:
            starting = await admit(services, run, request)
            if starting is not None:
                await send_with_retries(services, starting)
        except ContentAltered:
            await stop_altered_request(services, request.id)
    elif run.state == "starting" and attempt is not None and attempt.state == "sent":
        plan = Plan.model_validate(attempt.plan)
        operation = services.backends.operation(request.content.backend, plan.operation)
        starting = StartingRun(run, request, operation, plan)
        await find_by_token(services, starting, "The bot was stopped while this was being sent")
