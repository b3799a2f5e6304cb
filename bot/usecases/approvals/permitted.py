"""What a person may do with a request, so that Details offers them only that. Each action checks again when it is
taken."""

from collections.abc import Sequence
from enum import StrEnum

from bot.requests.approval.permission import Permission
from bot.requests.lifecycle import FINAL_STATES, NOT_SENT_RUN_STATES
from bot.requests.model import Decision, Person, Request, Run
from bot.usecases.services import Services


class Action(StrEnum):
    """What can be done with a request that is not over."""

    DECIDE = "decide"
    EDIT = "edit"
    WITHDRAW = "withdraw"
    CANCEL = "cancel"


async def permitted_actions(
    services: Services, request: Request, decisions: Sequence[Decision], runs: Sequence[Run], person: Person
) -> frozenset[Action]:
    """Return what a person may do with a request now. What Slack does not tell just now is left in."""
    if request.state in FINAL_STATES:
        return frozenset()
    found = set()
    is_waiting = request.state == "awaiting_approval"
    may_manage = person == request.requester or _is_possible(await services.approvals.can_manage(request, person))
    if is_waiting and await _may_decide(services, request, decisions, person):
        found.add(Action.DECIDE)
    is_unsent = request.state == "scheduled" and all(run.state in NOT_SENT_RUN_STATES for run in runs)
    if may_manage and (is_waiting or is_unsent):
        found.add(Action.EDIT)
    if is_waiting and person == request.requester:
        found.add(Action.WITHDRAW)
    if may_manage and not is_waiting:
        found.add(Action.CANCEL)
    return frozenset(found)


async def _may_decide(services: Services, request: Request, decisions: Sequence[Decision], person: Person) -> bool:
    directory = await services.approvals.directory_for(request, decisions, person)
    delegations = await services.approvals.delegations_for(decisions)
    now = services.clock.now()
    return _is_possible(
        services.approvals.permission_to_decide(request, person, decisions, directory, delegations, now)
    )


def _is_possible(permission: Permission) -> bool:
    return permission.allowed or permission.is_unknown
