"""Counts what one person approves, where policy limits that."""

from bot.errors import NotAllowed
from bot.requests.approval.limits import limit_since, limit_text
from bot.requests.model import Decision, Person, Request
from bot.storage.decision_counts import approved_since
from bot.storage.transactions import Tx
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def check_approver_limits(tx: Tx, services: Services, request: Request, decision: Decision) -> None:
    """Raise NotAllowed if an approval that was just stored is one too many for its person, or for whom they decide.

    Call it after the audit trail was written: that makes simultaneous approvals wait for each other.
    """
    zone = services.policy.policy.defaults.zone
    people = [decision.person]
    if decision.on_behalf_of:
        people.append(Person(team=decision.person.team, user=decision.on_behalf_of))
    for limit in request.requirement.approver_limits:
        since = limit_since(limit, decision.at, zone)
        for person in people:
            if len(await approved_since(tx, person, since)) > limit.count:
                text = limit_text(limit, in_place_of_another=person != decision.person)
                raise NotAllowed(text, code=RefusalCode.LIMIT_REACHED)
