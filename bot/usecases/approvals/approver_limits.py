"""Counts what one person approves, where policy limits that."""

from bot.errors import NotAllowed
from bot.requests.approval.limits import limit_since, limit_text
from bot.requests.model import Decision, Request
from bot.storage.decision_counts import approved_since
from bot.storage.transactions import Tx
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def check_approver_limits(tx: Tx, services: Services, request: Request, decision: Decision) -> None:
    """Raise NotAllowed if an approval that was just stored is one too many for its person.

    Call it after the audit trail was written: that makes simultaneous approvals wait for each other.
    """
    zone = services.policy.policy.defaults.zone
    for limit in request.requirement.approver_limits:
        approved = await approved_since(tx, decision.person, limit_since(limit, decision.at, zone))
        if len(approved) > limit.count:
            raise NotAllowed(limit_text(limit), code=RefusalCode.LIMIT_REACHED)
