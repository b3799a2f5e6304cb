"""The run whose outcome a person says."""

from bot.errors import Conflict, NightshiftError, NotAllowed
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Person, Request, Run
from bot.storage import requests, runs
from bot.usecases.refusals import RefusalCode
from bot.usecases.runs.find_unknown import find_unknown_run
from bot.usecases.services import Services


async def load_unknown_run(services: Services, request_id: str, person: Person) -> tuple[Request, Run]:
    """Return a request and its run of unknown outcome, if the person may say what became of it.

    Raises Conflict or NotAllowed.
    """
    async with services.db.read() as tx:
        request = await requests.get(tx, request_id)
        all_runs = await runs.of_request(tx, request_id)
    permission = await services.approvals.can_manage(request, person)
    if person != request.requester and not permission.allowed:
        text = f"Only the requester and the approvers can say this. {permission.reason}"
        raise NotAllowed(text, code=RefusalCode.NOT_MANAGER)
    run = next((run for run in all_runs if run.state == "unknown"), None)
    if run is None:
        text = f"{request.name} is not in doubt any more: {STATE_LABELS[request.state].lower()}."
        raise Conflict(text, code=RefusalCode.OUTCOME_KNOWN)
    return request, run


async def has_started(services: Services, run: Run) -> bool:
    """Look up a run by its token, and record it if the back end has it. Raises Conflict if that cannot be told."""
    try:
        await find_unknown_run(services, run)
    except NightshiftError as error:
        text = f"{error} Nobody can tell yet whether it started, so nothing was changed. Try again soon."
        raise Conflict(text, code=RefusalCode.OUTCOME_UNKNOWN) from error
    async with services.db.read() as tx:
        return (await runs.get(tx, run.id)).state != "unknown"
