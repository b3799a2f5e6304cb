"""Reads the log of one target of a run."""

from bot.backends.base import Handle
from bot.errors import BackendError
from bot.storage import requests, runs
from bot.usecases.services import Services


async def read_log(services: Services, request_id: str, run_id: str, target: str) -> str:
    """Return the log of one target. Raises BackendError."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        run = await runs.get(tx, run_id)
    if not run.handle:
        raise BackendError(request.content.backend, "This run was never started, so there is no log.")
    operation = services.backends.operation(request.content.backend, request.content.operation)
    return await operation.output(Handle.model_validate(run.handle), target)
