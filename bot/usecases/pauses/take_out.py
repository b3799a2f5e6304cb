"""Takes a paused series out of the back end that keeps its time. Nightshift keeps it once it is resumed."""

from collections.abc import Sequence

from bot.backends.base import Handle, Operation, Params, Progress
from bot.errors import NightshiftError
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Request, Run
from bot.requests.pauses import KEPT_SINCE_PAUSE
from bot.storage import audit, messages, requests, runs
from bot.storage.transactions import Tx
from bot.usecases.services import Services

_TAKEN_OUT = "Taken out of the back end, because the series is paused."


async def take_out_of_backend(services: Services, request: Request, series: Run) -> str:
    """Cancel a series in its back end, and let Nightshift keep its time. Its approval holds: the content is the same.

    Returns why the back end has not confirmed it, as a sentence; "" if it has. Safe to repeat.
    """
    try:
        operation = services.backends.operation(request.content.backend, request.content.operation)
        handle = Handle.model_validate(series.handle)
        if not _is_over((await operation.poll([handle])).get(handle.id)):
            await operation.cancel(handle)
        progress = (await operation.poll([handle])).get(handle.id)
        cancelled = await _cancelled_runs(services, operation, request) if _is_over(progress) else ()
    except NightshiftError as error:
        return str(error)
    if not _is_over(progress):
        system = services.backends.require(request.content.backend).connection.title
        return f"{system} says that the series is {progress.state if progress else 'not known'}."
    async with services.db.write() as tx:
        await _record(tx, services, request, (series.id, *cancelled))
    services.wake.sender.set()
    return ""


def _is_over(progress: Progress | None) -> bool:
    return progress is not None and progress.is_final


async def _cancelled_runs(services: Services, operation: Operation[Params], request: Request) -> Sequence[str]:
    """Return the ids of the runs that were planned there and are cancelled now. One that has started goes on.

    Raises BackendError.
    """
    async with services.db.read() as tx:
        planned = [run for run in await runs.of_request(tx, request.id) if run.state == "scheduled_in_backend"]
    handles = {run.id: Handle.model_validate(run.handle) for run in planned if run.number}
    if not handles:
        return ()
    found = await operation.poll(list(handles.values()))
    for handle in handles.values():
        progress = found.get(handle.id)
        if progress is not None and progress.state == "waiting":
            await operation.cancel(handle)
    found = await operation.poll(list(handles.values()))
    states = {run_id: found[handle.id].state for run_id, handle in handles.items() if handle.id in found}
    return [run_id for run_id, state in states.items() if state == "cancelled"]


async def _record(tx: Tx, services: Services, request: Request, cancelled: Sequence[str]) -> None:
    now = services.clock.now()
    request = await requests.get(tx, request.id, for_update=True)
    for run in await runs.of_request(tx, request.id):
        if run.state == "scheduled_in_backend" and run.id in cancelled:
            await runs.transition(tx, run, "cancelled", finished_at=now, problem=_TAKEN_OUT, check_at=None)
    if request.state not in FINAL_STATES:
        reason = KEPT_SINCE_PAUSE
        await requests.transition(tx, request, request.state, scheduler="nightshift", scheduler_reason=reason)
    await audit.record(tx, now, "nightshift", "series.taken_out", request.id)
    await messages.mark_dirty(tx, request.id, now)
