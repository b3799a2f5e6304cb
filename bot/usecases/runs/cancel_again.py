"""Asks a back end again to take back what an operation has created there, after somebody has cancelled its request."""

from bot.backends.base import Handle
from bot.errors import BackendError, Refused, RemoteNotFound
from bot.requests.model import Request, Run
from bot.requests.start_check import CANCEL_AGAIN, is_cancelled_by_person
from bot.storage import messages, runs
from bot.usecases.runs.finish import finish_run
from bot.usecases.services import Services


async def cancel_again(services: Services, run: Run, request: Request) -> None:
    """Cancel what a run has created, once more every minute until the back end has done so or says that it never will.

    Does nothing for a run that nobody has cancelled. Raises Conflict if the run has changed.
    """
    check, now = run.start_check, services.clock.now()
    operation = services.backends.operation(request.content.backend, request.content.operation)
    if check is None or not is_cancelled_by_person(check):
        async with services.db.write() as tx:
            await runs.transition(tx, await runs.get(tx, run.id), run.state, check_at=None)
        return
    answer = ""
    try:
        answer = await operation.cancel(Handle.model_validate(run.handle))
    except RemoteNotFound:
        # It is gone already.
        pass
    except BackendError as error:
        is_final = isinstance(error, Refused)
        async with services.db.write() as tx:
            current = await runs.get(tx, run.id)
            await runs.transition(
                tx,
                current,
                current.state,
                start_check=None if is_final else check,
                check_at=None if is_final else now + CANCEL_AGAIN,
                problem=f"{check.text} It could not be cancelled{'' if is_final else ' yet'}: {error}",
            )
            await messages.mark_dirty(tx, request.id, now)
        services.wake.sender.set()
        return
    async with services.db.write() as tx:
        problem = f"{check.text} {answer}".strip()
        await finish_run(tx, services, await runs.get(tx, run.id), request, "cancelled", problem=problem)
    services.wake.sender.set()
