"""Reminds approvers of requests that wait for them."""

from datetime import datetime

import structlog

from bot.errors import Conflict
from bot.requests.approval.deadlines import escalates_at, next_reminder_at
from bot.requests.approval.rounds import current_round
from bot.requests.model import Request
from bot.requests.notify.approvers import undecided_approvers
from bot.requests.notify.events import Event
from bot.requests.text import approver_names
from bot.storage import messages, requests
from bot.usecases.notifications import tell
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def send_reminders(services: Services) -> None:
    """Remind the approvers of every request that is due for it, and tell the second group once it may decide too."""
    async with services.db.read() as tx:
        due = await requests.past_remind_at(tx, services.clock.now())
    for request in due:
        try:
            await _remind(services, request)
        except Conflict as conflict:
            _log.info("request changed before its reminder", request=request.name, why=str(conflict))


async def _remind(services: Services, request: Request) -> None:
    now = services.clock.now()
    opened_at = request.round_opened_at or request.created_at
    channel = services.backends.approvals_channel(request.content.backend)
    members = await services.directory.channel_members(channel)
    escalation = _escalation_text(request, opened_at, now)
    event = Event.ESCALATED if _escalates_now(request, opened_at, now) else Event.REMINDED
    approvers = await _undecided(services, request, now)
    key = f"{request.revision}:{int(now.timestamp())}"
    async with services.db.write() as tx:
        remind_at = next_reminder_at(request.requirement, opened_at, now)
        request = await requests.transition(tx, request, request.state, remind_at=remind_at)
        await tell(tx, services, request, event, escalation, key=key, approvers=approvers, in_channel=members)
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()


async def _undecided(services: Services, request: Request, now: datetime) -> tuple[str, ...] | None:
    """Return who may still decide; None if Slack does not tell."""
    async with services.db.read() as tx:
        decisions = await requests.decisions_of(tx, request.id)
    directory = await services.approvals.directory_for(request, decisions)
    delegations = await services.approvals.delegations_for(decisions)
    if not directory.is_complete:
        return None
    return undecided_approvers(current_round(request, delegations), decisions, directory, now)


def _escalates_now(request: Request, opened_at: datetime, now: datetime) -> bool:
    """Return whether this is the first reminder since the second group may decide too."""
    at = escalates_at(request.requirement, opened_at)
    return at is not None and request.remind_at is not None and request.remind_at <= at <= now


def _escalation_text(request: Request, opened_at: datetime, now: datetime) -> str:
    """Return a sentence that names the second group once it may decide; "" before."""
    at = escalates_at(request.requirement, opened_at)
    second_group = request.requirement.escalate_to
    if at is None or second_group is None or now < at:
        return ""
    return f"{approver_names(second_group)} may decide now too."
