"""Reads the log of one target of a run."""

from bot.backends.base import Handle
from bot.errors import BackendError, NotFound
from bot.requests.model import Person
from bot.storage import requests, runs
from bot.usecases.services import Services
from bot.usecases.sight import check_may_read_logs


async def read_log(services: Services, request_id: str, run_id: str, target: str, person: Person) -> str:
    """Return the log of one target, for a person. Raises BackendError, and NotFound or NotAllowed if they may not read
    it."""
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        run = await runs.get(tx, run_id)
    if run.request_id != request.id:
        raise NotFound("This run is not known here any more.")
    await check_may_read_logs(services, request, person)
    if not run.handle:
        raise BackendError(request.content.backend, "This run was never started, so there is no log.")
    operation = services.backends.operation(request.content.backend, request.content.operation)
    return await operation.output(Handle.model_validate(run.handle), target)
