"""Who is told of a request because they may decide on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.requests.approval.rounds import ApprovalRound, current_decisions
from bot.requests.approval.status import ApprovalStatus, approval_status
from bot.requests.directory import Directory, eligible_approvers
from bot.requests.model import Decision, Stage


def undecided_approvers(
    approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory, now: datetime
) -> tuple[str, ...]:
    """Return the user ids of those who may still decide, nearest to deciding first: the stage that waits now, then the
    later ones. Authors are left out unless policy lets them count, and so is everyone who has decided."""
    decisions = list(decisions)
    status = approval_status(approval_round, decisions, directory, now)
    return undecided_of(status, approval_round, decisions, directory, now)


def undecided_of(
    status: ApprovalStatus,
    approval_round: ApprovalRound,
    decisions: Sequence[Decision],
    directory: Directory,
    now: datetime,
) -> tuple[str, ...]:
    """Return the same as ``undecided_approvers`` of a round whose status is known already."""
    if status.state != "waiting":
        return ()
    stages = approval_round.stages(now)[status.stage_index :]
    found = [*sorted(status.eligible_approvers), *_members(stages, directory)]
    current = current_decisions(approval_round, decisions)
    left_out = {user for decision in current for user in (decision.person.user, decision.on_behalf_of)}
    left_out |= approval_round.barred_approvers
    return tuple(dict.fromkeys(user for user in found if user not in left_out))


def second_group(
    approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory, now: datetime
) -> tuple[str, ...]:
    """Return the user ids of those who may decide since the escalation, and have not."""
    escalated = approval_round.requirement.escalate_to
    if escalated is None:
        return ()
    members = eligible_approvers(escalated, directory)
    return tuple(user for user in undecided_approvers(approval_round, decisions, directory, now) if user in members)


def _members(stages: Sequence[Stage], directory: Directory) -> list[str]:
    return [user for stage in stages for user in sorted(eligible_approvers(stage, directory))]
