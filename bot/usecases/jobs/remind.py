"""Reminds approvers of requests that wait for them."""

from datetime import datetime

import structlog

from bot.errors import Conflict
from bot.requests.approval.deadlines import escalates_at, next_reminder_at
from bot.requests.model import Request
from bot.requests.text import approver_names
from bot.storage import messages, requests
from bot.usecases.services import Services

_log = structlog.get_logger(__name__)


async def send_reminders(services: Services) -> None:
    """Remind the approvers of every request that is due for it, and name the second group once it may decide too."""
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
    text = _escalation_text(request, opened_at, now)
    async with services.db.write() as tx:
        remind_at = next_reminder_at(request.requirement, opened_at, now)
        await requests.transition(tx, request, request.state, remind_at=remind_at)
        for card in await messages.of_request(tx, request.id, ["approval"]):
            dedupe = f"reminder:{request.id}:{request.revision}:{int(now.timestamp())}:{card.recipient}"
            await messages.add(
                tx, now, "reminder", card.recipient, request.id, parent_id=card.id, facts={"text": text}, dedupe=dedupe
            )
        await messages.mark_dirty(tx, request.id, now)
    services.wake.sender.set()


def _escalation_text(request: Request, opened_at: datetime, now: datetime) -> str:
    """Return a sentence that names the second group once it may decide; "" before."""
    at = escalates_at(request.requirement, opened_at)
    second_group = request.requirement.escalate_to
    if at is None or second_group is None or now < at:
        return ""
    return f"{approver_names(second_group)} may decide now too."
