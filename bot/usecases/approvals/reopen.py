"""Asks for the approval of a request again."""

from enum import StrEnum

from bot.requests.approval.deadlines import renewal_reason
from bot.requests.model import Request, Run
from bot.storage import requests, runs
from bot.storage.requests import RequestChanges
from bot.usecases.approvals.new_round import fields_now, open_new_round
from bot.usecases.preflight import StartPreflight
from bot.usecases.services import Services


async def series_renewal_reason(services: Services, request: Request) -> str:
    """Return why a series needs a new approval before its next run; "" if it does not."""
    if not request.is_series or request.approved_at is None:
        return ""
    async with services.db.read() as tx:
        run_count = await runs.started_since(tx, request.id, request.approved_at)
    return renewal_reason(request.requirement, request.approved_at, run_count, services.clock.now())


async def reopen_for_approval(
    services: Services, run: Run, request: Request, code: StrEnum, why: str, found: StartPreflight | None = None
) -> None:
    """Put a request before its approvers again instead of starting a run.

    The run is cancelled; the approval plans a new one. ``why`` tells people the reason, ``code`` programs. ``found`` is
    what the request would do now, if its approvers must see that. Raises Conflict if the run or request has changed.
    """
    fields: RequestChanges = {}
    if found is not None and found.current is not None:
        asks = found.requirement is not None and found.requirement.effect == "ask"
        requirement = found.requirement if asks and found.requirement is not None else request.requirement
        fields = await fields_now(services, request, found.current, found.verdict.differences, requirement)
    now = services.clock.now()
    async with services.db.write() as tx:
        await runs.transition(tx, run, "cancelled", finished_at=now, problem=why)
        stored = await requests.get(tx, request.id, for_update=True)
        await open_new_round(tx, services, stored, fields, why, [code])
    services.wake.sender.set()
