"""How an approval stands, and who may decide. Both come from the decisions on the current content and from user groups
as they are now; nothing is remembered.

A person counts once over all stages. Whoever could count in several is placed where it helps most, so the order in
which people approve changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from bot.requests.approval.assignment import StageAssignment, assign_approvers, reachable_stages
from bot.requests.approval.delegation import delegators_of
from bot.requests.approval.rounds import ApprovalRound, countable_approvals, current_decisions
from bot.requests.directory import Directory, eligible_approvers, group_problems, ineligibility_reason
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Person, RequestState, Stage
from bot.requests.text import approver_names, stages_text
from bot.values import FrozenModel


class ApprovalStatus(FrozenModel):
    """How an approval stands.

    ``stage`` counts from 0; ``have`` of ``need`` people have approved in it. ``approved_by`` lists, stage by stage,
    the people who count. ``may_approve`` are the user ids who could approve now. ``stuck`` are sentences about why
    nobody's approval can complete it as things are; ``faults`` about groups that are gone or empty.
    """

    state: Literal["waiting", "approved", "denied"]
    stage_index: int = 0
    stage_count: int = 1
    approval_count: int = 0
    required_count: int = 0
    approved_by: tuple[tuple[Person, ...], ...] = ()
    eligible_approvers: frozenset[str] = frozenset()
    denied_by: Person | None = None
    comment: str = ""
    changes_requested_by: tuple[Person, ...] = ()
    unapprovable_reasons: tuple[str, ...] = ()
    group_problems: tuple[str, ...] = ()
    text: str = ""


class Permission(FrozenModel):
    """Whether somebody may do something; the reason is a sentence to them. ``on_behalf_of`` is the user id in whose
    place they would act, empty for themselves."""

    allowed: bool
    reason: str = ""
    on_behalf_of: str = ""


def approval_status(
    approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory, now: datetime
) -> ApprovalStatus:
    """How a round stands at this moment."""
    requirement = approval_round.requirement
    if requirement.effect == "approve":
        return ApprovalStatus(state="approved", stage_count=0, text="Approved at once, as policy allows")
    said = current_decisions(approval_round, decisions)
    denial = next((d for d in said if d.verdict == "denied"), None)
    if requirement.effect == "refuse" or denial is not None:
        by, comment = (denial.person, denial.comment) if denial else (None, "")
        return ApprovalStatus(
            state="denied", denied_by=by, comment=comment, text="Denied" if by else "Refused by policy"
        )
    stages = approval_round.stages(now)
    if not stages:
        text = "Policy names nobody who could approve this."
        return ApprovalStatus(state="waiting", stage_count=0, unapprovable_reasons=(text,), text=text)
    seats = tuple(eligible_approvers(stage, directory) for stage in stages)
    votes = countable_approvals(approval_round, said, directory)
    seating = assign_approvers(tuple(s.quorum for s in stages), seats, tuple(votes))
    changes = tuple(dict.fromkeys(d.person for d in said if d.verdict == "changes"))
    return _build_status(approval_round, stages, seats, seating, votes, changes, directory)


def _build_status(
    approval_round: ApprovalRound,
    stages: Sequence[Stage],
    eligible_by_stage: Sequence[frozenset[str]],
    assignment: StageAssignment,
    approvals: Mapping[str, Decision],
    changes: tuple[Person, ...],
    directory: Directory,
) -> ApprovalStatus:
    approved_by = tuple(tuple(approvals[seat].person for seat in seated) for seated in assignment)
    short = [i for i, stage in enumerate(stages) if len(assignment[i]) < stage.quorum]
    at = short[0] if short else len(stages) - 1
    stage, have = stages[at], len(assignment[at])
    done = not short and not changes
    free = _undecided_users(approval_round, approvals)
    reachable = frozenset(
        user
        for i in reachable_stages(at, eligible_by_stage, assignment)
        for user in eligible_by_stage[i]
        if user in free
    )
    faults = () if done else tuple(text for i in short for text in group_problems(stages[i], directory))
    return ApprovalStatus(
        state="approved" if done else "waiting",
        stage_index=at,
        stage_count=len(stages),
        approval_count=have,
        required_count=stage.quorum,
        approved_by=approved_by,
        eligible_approvers=frozenset() if done else reachable,
        changes_requested_by=changes,
        unapprovable_reasons=_unapprovable_reasons(stages, eligible_by_stage, approvals, free) if short else (),
        group_problems=faults,
        text=_status_text(stages, at, have, done, changes),
    )


class _UndecidedUsers:
    """Who has a say left: everybody who has not used it and whose own work this is not."""

    def __init__(self, excluded: frozenset[str]) -> None:
        self._excluded = excluded

    def __contains__(self, user: str) -> bool:
        return user not in self._excluded


def _undecided_users(approval_round: ApprovalRound, approvals: Mapping[str, Decision]) -> _UndecidedUsers:
    used = frozenset(approvals) | frozenset(d.person.user for d in approvals.values())
    return _UndecidedUsers(used | approval_round.barred_approvers)


def _unapprovable_reasons(
    stages: Sequence[Stage],
    eligible_by_stage: Sequence[frozenset[str]],
    approvals: Mapping[str, Decision],
    undecided: _UndecidedUsers,
) -> tuple[str, ...]:
    """Which stages could not be completed even if everybody who still may approved."""
    everybody = (*approvals, *sorted({user for stage in eligible_by_stage for user in stage if user in undecided}))
    best = assign_approvers(tuple(stage.quorum for stage in stages), eligible_by_stage, everybody)
    return tuple(
        f"This needs {stage.quorum} of {approver_names(stage)}, but only {len(best[i])} of them can approve it now."
        for i, stage in enumerate(stages)
        if len(best[i]) < stage.quorum
    )


def _status_text(
    stages: Sequence[Stage], stage_index: int, approval_count: int, is_complete: bool, changes: tuple[Person, ...]
) -> str:
    if is_complete:
        return f"Approved by {stages_text(stages)}"
    stage = stages[stage_index]
    where = f"Stage {stage_index + 1} of {len(stages)}: " if len(stages) > 1 else ""
    return (
        f"{where}{approval_count} of {stage.quorum} approved by "
        f"{approver_names(stage)}{', changes asked for' if changes else ''}"
    )


def permission_to_decide(
    approval_round: ApprovalRound,
    state: RequestState,
    person: Person,
    decisions: Iterable[Decision],
    directory: Directory,
    now: datetime,
) -> Permission:
    """Whether a person may approve, deny or ask for changes at this moment."""
    if state != "awaiting_approval":
        return Permission(allowed=False, reason=f"There is nothing left to decide: {STATE_LABELS[state].lower()}.")
    if problem := ineligibility_reason(directory.user(person)):
        return Permission(allowed=False, reason=problem)
    if person.user in approval_round.barred_approvers:
        return Permission(allowed=False, reason=_author_refusal(approval_round, person))
    decisions = list(decisions)
    mine = [d for d in current_decisions(approval_round, decisions) if d.person == person]
    if mine:
        return Permission(
            allowed=False, reason=f"{_ALREADY_DECIDED[mine[-1].verdict]} To change your mind, take that back first."
        )
    now_at = approval_status(approval_round, decisions, directory, now)
    if now_at.state != "waiting":
        return Permission(allowed=False, reason=f"There is nothing left to decide: {now_at.text.lower()}.")
    if person.user in now_at.eligible_approvers:
        return Permission(allowed=True)
    if person.user not in approval_round.authors:
        for user in delegators_of(person, approval_round.delegations, now):
            if user in now_at.eligible_approvers and user not in approval_round.authors:
                return Permission(allowed=True, on_behalf_of=user)
    return Permission(allowed=False, reason=_not_now_reason(approval_round, person, now_at, directory, now))


def _author_refusal(approval_round: ApprovalRound, person: Person) -> str:
    if person == approval_round.requester:
        return "You asked for this yourself, so others decide. You can withdraw it."
    return "You have edited this request, so others decide."


_ALREADY_DECIDED: Mapping[str, str] = {
    "approved": "You have approved this already.",
    "denied": "You have denied this already.",
    "changes": "You have asked for changes already.",
}


def _not_now_reason(
    approval_round: ApprovalRound, person: Person, status: ApprovalStatus, directory: Directory, now: datetime
) -> str:
    stages = approval_round.stages(now)
    if not stages:
        return "Policy names nobody who could approve this."
    current = approver_names(stages[status.stage_index])
    seats = [index for index, stage in enumerate(stages) if person.user in eligible_approvers(stage, directory)]
    if any(index > status.stage_index for index in seats):
        return f"It is not your turn yet: {current} decides first."
    if any(index < status.stage_index for index in seats):
        return f"Your stage is complete; now {current} decides."
    if status.stage_index in seats:
        return "Somebody has decided in your place already."
    return f"Only {current} may decide on this, and you are not one of them."


def permission_to_retract(
    approval_round: ApprovalRound, state: RequestState, decision: Decision, person: Person
) -> Permission:
    """Whether a person may take a decision back: their own, on the current content, while nothing is settled."""
    if decision.person != person:
        return Permission(allowed=False, reason="Only the person who decided can take that back.")
    if decision.retracted_at is not None:
        return Permission(allowed=False, reason="That has been taken back already.")
    if decision.content_hash != approval_round.content_hash:
        return Permission(
            allowed=False, reason="The request has changed since, so that decision does not count any more."
        )
    if state != "awaiting_approval":
        return Permission(allowed=False, reason=f"It is too late to take that back: {STATE_LABELS[state].lower()}.")
    return Permission(allowed=True)


def is_still_valid(
    approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory, now: datetime
) -> Permission:
    """Re-check the approval immediately before a run starts: the people who gave it may still give it, for this
    content."""
    status = approval_status(approval_round, decisions, directory, now)
    if status.state != "approved":
        return Permission(allowed=False, reason=f"The approval does not stand any more: {status.text}.")
    return Permission(allowed=True)


def missing_approver_reasons(approval_round: ApprovalRound, directory: Directory) -> tuple[str, ...]:
    """Why asking would be in vain, a sentence each; empty where the approvers there are now suffice."""
    found = approval_status(approval_round, (), directory, approval_round.opened_at)
    return (
        tuple(dict.fromkeys((*found.unapprovable_reasons, *found.group_problems))) if found.unapprovable_reasons else ()
    )
