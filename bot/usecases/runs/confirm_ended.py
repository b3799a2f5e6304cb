"""Marks a run as ended because people say that it has: it does not seem to end, or its back end does not answer."""

from collections.abc import Sequence

from bot.errors import Conflict, NotAllowed
from bot.requests.lifecycle import FINAL_STATES
from bot.requests.model import Person, Request, Run
from bot.storage import audit, messages, requests, runs
from bot.usecases.refusals import RefusalCode
from bot.usecases.runs.finish import finish_run
from bot.usecases.services import Services

ENDED_TEXT = "Marked as ended by hand. Nightshift has not seen it end, so it may still be running."


async def confirm_ended(services: Services, request_id: str, run_number: int, person: Person) -> str:
    """Record that a run that is going has ended unseen. The next run of a series may start then.

    ``run_number`` is that of the run that the person was asked about: another may be going by now. Nothing is cancelled
    in the back end. Returns what happened, as a sentence. Raises Conflict or NotAllowed.
    """
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
    await _check_may_confirm(services, request, person)
    now = services.clock.now()
    async with services.db.write() as tx:
        request = await requests.get(tx, request_id, for_update=True)
        run = _going(request, run_number, await runs.of_request(tx, request.id))
        await runs.recheck_request(tx, request.id)
        await finish_run(tx, services, run, request, "ended_unseen", problem=ENDED_TEXT)
        await audit.record(tx, now, person.key, "run.ended_unseen", request.id, {"run": run.id})
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()
    services.wake.scheduler.set()
    if not request.is_series:
        return f"{request.name}: marked as ended. It may still be running, so a repeat needs an approver."
    return f"{request.name}, run {run.number}: marked as ended. The next run may start."


async def _check_may_confirm(services: Services, request: Request, person: Person) -> None:
    """Raise NotAllowed unless a person may say that a run has ended.

    Of a series only an approver who has not written it may, because its next run starts then.
    """
    if not request.is_series and person == request.requester:
        return
    if request.is_series and person in (request.requester, *request.edited_by, *request.taken_over_from):
        text = f"You wrote {request.name}, so another approver has to say this."
        raise NotAllowed(text, code=RefusalCode.NOT_INDEPENDENT)
    permission = await services.approvals.can_manage(request, person)
    if not permission.allowed:
        text = f"Only the approvers can say this. {permission.reason}"
        raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)


def _going(request: Request, number: int, all_runs: Sequence[Run]) -> Run:
    """Return the run with a number if it is going. Raises Conflict if it is not."""
    run = next((run for run in all_runs if run.number == number and run.state == "running"), None)
    if request.state in FINAL_STATES or run is None or not (request.is_series or run.silent_since):
        which = f"Run {number} of {request.name}" if request.is_series else request.name
        text = f"{which} is not going any more, or its back end answers again."
        raise Conflict(text, code=RefusalCode.ALREADY_OVER)
    return run
