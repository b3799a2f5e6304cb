"""Completes an approval: plans the run that follows from it."""

from datetime import datetime

from bot.requests.approval.deadlines import LateChoice, assess_lateness
from bot.requests.model import Request
from bot.schedule import Schedule, latest_start_of, start_of
from bot.storage import requests
from bot.storage.transactions import Tx
from bot.usecases.planning import plan_runs
from bot.usecases.services import Services


async def complete_approval(
    tx: Tx, services: Services, request: Request, now: datetime, late: LateChoice | None
) -> Request:
    """Approve a request and plan its run. ``late`` is what to do if its start has passed."""
    if late == "drop":
        outcome = "Approved too late, and dropped as the approver chose."
        return await requests.transition(tx, request, "expired", finished_at=now, outcome=outcome)
    schedule = chosen_schedule(request, late, now)
    if schedule is None:
        request = await requests.transition(tx, request, "approved", approved_at=now)
    else:
        # The approver chose this schedule together with approving, so the approval holds for it.
        start = start_of(schedule)
        request = await requests.transition(
            tx,
            request,
            "approved",
            approved_at=now,
            content=request.content.model_copy(update={"schedule": schedule}),
            start_at=start.instant if start else None,
            latest_start=latest_start_of(schedule),
            scheduler="nightshift" if start else request.scheduler,
        )
    request = await requests.transition(tx, request, "scheduled")
    await plan_runs(tx, now, request, services.settings.timing.grace_minutes)
    return request


def chosen_schedule(request: Request, late: LateChoice | None, now: datetime) -> Schedule | None:
    """Return the schedule that an approver chose together with a late approval; None if it stays the same."""
    options = assess_lateness(request, now).options
    return next((option.schedule for option in options if option.choice == late), None)
