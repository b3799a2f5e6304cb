"""The status of an approval, and who may decide.

Both are derived from the decisions on the current content and from the user groups as they are now; neither is stored.
What Slack does not tell is unknown: it completes no approval, refuses nobody, and is never shown as "nobody".
A person counts once over all stages. An approver who is eligible for several stages is assigned where it helps most, so
the order in which people approve changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.requests.approval.assignment import StageAssignment, assign_approvers, reachable_stages
from bot.requests.approval.permission import Permission, PermissionCode
from bot.requests.approval.rounds import ApprovalRound, countable_approvals, current_decisions, other_places
from bot.requests.directory import (
    Directory,
    eligible_approvers,
    group_notes,
    group_problems,
)
from bot.requests.model import Decision, Person, Stage
from bot.requests.text import approver_names, stages_text
from bot.values import FrozenModel


class StatusCode(StrEnum):
    """Why an approval has the state that it has."""

    APPROVED_BY_POLICY = "approved_by_policy"
    APPROVED_BY_PEOPLE = "approved_by_people"
    REFUSED_BY_POLICY = "refused_by_policy"
    DENIED = "denied"
    NO_APPROVERS_NAMED = "no_approvers_named"
    CHANGES_REQUESTED = "changes_requested"
    MORE_APPROVALS_NEEDED = "more_approvals_needed"


class ApprovalStatus(FrozenModel):
    """The status of an approval.

    ``stage_index`` counts from 0; ``approval_count`` of ``required_count`` people have approved in that stage.
    ``approved_by`` lists the people who count, stage by stage. ``eligible_approvers`` are the user ids whose approval
    would help now. ``unapprovable_reasons`` say why the people who are left cannot complete it, and ``group_problems``
    which groups are missing or empty; a sentence each. ``is_certain`` is False if Slack does not tell everything:
    ``approval_count`` is then the least it can be.
    """

    state: Literal["waiting", "approved", "denied"]
    code: StatusCode
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
    is_certain: bool = True
    notes: tuple[str, ...] = ()
    """What else must be known of who may approve, a sentence each, such as how old a list of those on call is."""
    text: str = ""


def approval_status(
    approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory, now: datetime
) -> ApprovalStatus:
    """Derive the status of a round at a moment. Only what is certain counts."""
    decisions = list(decisions)
    certain = _status(approval_round, decisions, directory, now)
    if directory.is_complete or certain.state != "waiting":
        return certain
    possible = _status(approval_round, decisions, directory.as_possible(*deciders(decisions)), now)
    is_counted = (possible.stage_index, possible.approval_count) == (certain.stage_index, certain.approval_count)
    known_reasons = possible.unapprovable_reasons if directory.has_groups else ()
    text = certain.text if is_counted else f"At least {certain.text[:1].lower()}{certain.text[1:]}"
    return certain.model_copy(
        update={
            "is_certain": False,
            "unapprovable_reasons": known_reasons,
            "group_problems": possible.group_problems if directory.has_groups else (),
            "notes": (*certain.notes, _UNKNOWN_APPROVERS_TEXT),
            "text": f"{text}. {_UNKNOWN_APPROVERS_TEXT}",
        }
    )


def deciders(decisions: Iterable[Decision]) -> frozenset[str]:
    """Everyone who decided, or in whose place somebody did, by user id."""
    users = (user for decision in decisions for user in (decision.person.user, decision.on_behalf_of))
    return frozenset(user for user in users if user)


def _status(
    approval_round: ApprovalRound, decisions: Sequence[Decision], directory: Directory, now: datetime
) -> ApprovalStatus:
    """Derive the status from one reading of a directory."""
    requirement = approval_round.requirement
    if requirement.effect == "approve":
        return ApprovalStatus(
            state="approved",
            code=StatusCode.APPROVED_BY_POLICY,
            stage_count=0,
            text="Approved at once, as policy allows",
        )
    current = current_decisions(approval_round, decisions)
    denial = next((d for d in current if d.verdict == "denied"), None)
    if denial is not None:
        return ApprovalStatus(
            state="denied", code=StatusCode.DENIED, denied_by=denial.person, comment=denial.comment, text="Denied"
        )
    if requirement.effect == "refuse":
        return ApprovalStatus(state="denied", code=StatusCode.REFUSED_BY_POLICY, text="Refused by policy")
    stages = approval_round.stages(now)
    if not stages:
        return ApprovalStatus(
            state="waiting",
            code=StatusCode.NO_APPROVERS_NAMED,
            stage_count=0,
            unapprovable_reasons=(NO_APPROVERS_TEXT,),
            text=NO_APPROVERS_TEXT,
        )
    eligible_by_stage = tuple(eligible_approvers(stage, directory) for stage in stages)
    approvals = countable_approvals(approval_round, current, directory)
    eligible_by_stage = _with_other_places(eligible_by_stage, other_places(approval_round, approvals, directory))
    assignment = assign_approvers(tuple(s.quorum for s in stages), eligible_by_stage, tuple(approvals))
    changes = tuple(dict.fromkeys(d.person for d in current if d.verdict == "changes"))
    return _build_status(approval_round, stages, eligible_by_stage, assignment, approvals, changes, directory)


def _with_other_places(
    eligible_by_stage: Sequence[frozenset[str]], places: Mapping[str, frozenset[str]]
) -> tuple[frozenset[str], ...]:
    """Return who is eligible for each stage, with those whose approval can count for somebody else of it."""
    return tuple(
        eligible | {approver for approver, others in places.items() if not others.isdisjoint(eligible)}
        for eligible in eligible_by_stage
    )


_UNKNOWN_APPROVERS_TEXT = "Slack does not say just now who may approve."
NO_APPROVERS_TEXT = "Policy names nobody who could approve this."


def _build_status(
    approval_round: ApprovalRound,
    stages: Sequence[Stage],
    eligible_by_stage: Sequence[frozenset[str]],
    assignment: StageAssignment,
    approvals: Mapping[str, Decision],
    changes: tuple[Person, ...],
    directory: Directory,
) -> ApprovalStatus:
    incomplete = [index for index, stage in enumerate(stages) if len(assignment[index]) < stage.quorum]
    stage_index = incomplete[0] if incomplete else len(stages) - 1
    stage, approval_count = stages[stage_index], len(assignment[stage_index])
    is_complete = not incomplete and not changes
    excluded = _users_without_a_vote(approval_round, approvals)
    eligible = {
        user
        for index in reachable_stages(stage_index, eligible_by_stage, assignment)
        for user in eligible_by_stage[index] - excluded
    }
    notes = () if is_complete else tuple(group_notes(stage, directory))
    return ApprovalStatus(
        state="approved" if is_complete else "waiting",
        code=_status_code(is_complete, changes),
        stage_index=stage_index,
        stage_count=len(stages),
        approval_count=approval_count,
        required_count=stage.quorum,
        approved_by=tuple(tuple(approvals[user].person for user in users) for users in assignment),
        eligible_approvers=frozenset() if is_complete else frozenset(eligible),
        changes_requested_by=changes,
        unapprovable_reasons=_unapprovable_reasons(stages, eligible_by_stage, approvals, excluded),
        group_problems=tuple(text for index in incomplete for text in group_problems(stages[index], directory)),
        notes=notes,
        text=". ".join(
            (
                _status_text(stages, stage_index, approval_count, is_complete, changes),
                *(note.removesuffix(".") for note in notes),
            )
        ),
    )


def _status_code(is_complete: bool, changes: tuple[Person, ...]) -> StatusCode:
    if is_complete:
        return StatusCode.APPROVED_BY_PEOPLE
    return StatusCode.CHANGES_REQUESTED if changes else StatusCode.MORE_APPROVALS_NEEDED


def _users_without_a_vote(approval_round: ApprovalRound, approvals: Mapping[str, Decision]) -> frozenset[str]:
    """Everyone whose approval counts already, for themselves or for somebody else, and everyone barred."""
    decided = {decision.person.user for decision in approvals.values()}
    return frozenset(approvals) | decided | approval_round.barred_approvers


def _unapprovable_reasons(
    stages: Sequence[Stage],
    eligible_by_stage: Sequence[frozenset[str]],
    approvals: Mapping[str, Decision],
    excluded: frozenset[str],
) -> tuple[str, ...]:
    """Name the stages that stay incomplete even if everybody who still may approves."""
    undecided = frozenset().union(*eligible_by_stage) - excluded
    best = assign_approvers(
        tuple(stage.quorum for stage in stages), eligible_by_stage, (*approvals, *sorted(undecided))
    )
    return tuple(
        f"This needs {stage.quorum} of {approver_names(stage)}, "
        f"but {_count_of_them(len(best[index]))} can approve it now."
        for index, stage in enumerate(stages)
        if len(best[index]) < stage.quorum
    )


def _count_of_them(count: int) -> str:
    return f"only {count} of them" if count else "nobody of them"


def _status_text(
    stages: Sequence[Stage], stage_index: int, approval_count: int, is_complete: bool, changes: tuple[Person, ...]
) -> str:
    if is_complete:
        return f"Approved by {stages_text(stages)}"
    stage = stages[stage_index]
    prefix = f"Stage {stage_index + 1} of {len(stages)}: " if len(stages) > 1 else ""
    waits = ". It waits for the requester's changes" if changes else ""
    return f"{prefix}{approval_count} of {stage.quorum} approved by {approver_names(stage)}{waits}"


def is_still_valid(
    approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory, now: datetime
) -> Permission:
    """Re-check the approval immediately before a run starts: the people who gave it may still give it, for this
    content. Unknown if it holds only where what Slack does not tell is a yes."""
    decisions = list(decisions)
    certain = _status(approval_round, decisions, directory, now)
    if certain.state == "approved":
        return Permission()
    possible = _status(approval_round, decisions, directory.as_possible(*deciders(decisions)), now)
    if possible.state == "approved":
        return Permission(code=PermissionCode.UNKNOWN, reason="Slack does not say who may approve this.")
    text = f"The approval no longer holds: {certain.text}."
    return Permission(code=PermissionCode.NOT_APPROVED, reason=text)


def holds_as_decided(approval_round: ApprovalRound, decisions: Iterable[Decision], directory: Directory) -> bool:
    """Return whether an approval holds at the start as it was decided, whoever the approvers are by now.

    Policy must say so, and everyone who gave it may still act and wrote none of it.
    """
    if approval_round.requirement.approval_holds != "decided":
        return False
    current = current_decisions(approval_round, list(decisions))
    approvals = countable_approvals(approval_round, current, directory)
    needed = sum(stage.quorum for stage in approval_round.requirement.stages)
    return needed <= len(approvals) == len({decision.person for decision in current}) and all(
        decision.verdict == "approved" for decision in current
    )


def missing_approver_reasons(status: ApprovalStatus) -> tuple[str, ...]:
    """Return why nobody could approve this if it were asked now, a sentence each; empty where it can be approved.

    ``status`` is that of the round without any decision.
    """
    if not status.unapprovable_reasons:
        return ()
    return tuple(dict.fromkeys((*status.unapprovable_reasons, *status.group_problems)))
