"""Who may decide on a request now, and who may take a decision back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.requests.approval.delegation import delegators_of
from bot.requests.approval.permission import RIGHTS_UNKNOWN, Permission, PermissionCode
from bot.requests.approval.rounds import ApprovalRound, current_decisions
from bot.requests.approval.status import NO_APPROVERS_TEXT, ApprovalStatus, StatusCode, approval_status, deciders
from bot.requests.directory import Directory, eligible_approvers, ineligibility_reason, is_excluded
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Decision, Person, RequestState, Stage
from bot.requests.setting_types import REQUESTERS_GROUPS
from bot.requests.text import approver_names, join_words


def permission_to_decide(
    approval_round: ApprovalRound,
    state: RequestState,
    person: Person,
    decisions: Iterable[Decision],
    directory: Directory,
    now: datetime,
) -> Permission:
    """Return whether a person may approve, deny or ask for changes at this moment; unknown if Slack does not tell."""
    decisions = list(decisions)
    certain = _permission_to_decide(approval_round, state, person, decisions, directory, now)
    if certain.allowed or directory.is_complete:
        return certain
    possible = _permission_to_decide(
        approval_round, state, person, decisions, _possible_for(person, approval_round, decisions, directory), now
    )
    return certain if possible.code == certain.code else RIGHTS_UNKNOWN


def _possible_for(
    person: Person, approval_round: ApprovalRound, decisions: Sequence[Decision], directory: Directory
) -> Directory:
    """Return the directory in which a person, their delegators and everyone who decided are in every unknown group."""
    delegators = (delegation.user for delegation in approval_round.delegations)
    return directory.as_possible(person.user, *delegators, *deciders(decisions))


def _permission_to_decide(
    approval_round: ApprovalRound,
    state: RequestState,
    person: Person,
    decisions: Sequence[Decision],
    directory: Directory,
    now: datetime,
) -> Permission:
    """Return whether a person may decide, from one reading of a directory."""
    if state != "awaiting_approval":
        return _refuse(PermissionCode.NOT_OPEN, f"There is nothing left to decide: {STATE_LABELS[state].lower()}.")
    if problem := ineligibility_reason(directory.user(person)):
        return _refuse(PermissionCode.INELIGIBLE, problem)
    if person.user in approval_round.barred_approvers:
        return _refuse_author(approval_round, person)
    own = [d for d in current_decisions(approval_round, decisions) if d.person == person]
    if own:
        return _refuse(PermissionCode.ALREADY_DECIDED, _already_decided_text(approval_round, own[-1], now))
    status = approval_status(approval_round, decisions, directory, now)
    if status.state != "waiting" and status.code is not StatusCode.APPROVED_BY_PEOPLE:
        return _refuse(PermissionCode.SETTLED, f"There is nothing left to decide: {status.text.lower()}.")
    helpful = _helpful_approvers(approval_round, status, directory, now)
    if person.user in helpful:
        return Permission()
    if person.user not in approval_round.authors:
        for user in delegators_of(person, approval_round.delegations, now):
            excludes = any(is_excluded(stage, person.user, directory) for stage in approval_round.stages(now))
            if user in helpful and user not in approval_round.authors and not excludes:
                return Permission(on_behalf_of=user)
    return _refuse_for_now(approval_round, person, status, directory, now)


def _helpful_approvers(
    approval_round: ApprovalRound, status: ApprovalStatus, directory: Directory, now: datetime
) -> frozenset[str]:
    """Return the user ids whose decision would help. An approval that became complete without one, because somebody
    took back a request for changes or joined a group again, is concluded by that of any approver."""
    if status.code is not StatusCode.APPROVED_BY_PEOPLE:
        return status.eligible_approvers
    stages = approval_round.stages(now)
    return frozenset().union(*(eligible_approvers(s, directory) for s in stages)) - approval_round.barred_approvers


_ALREADY_DECIDED: Mapping[str, str] = {
    "approved": "You have approved this already.",
    "denied": "You have denied this already.",
    "changes": "You have asked for changes already.",
}


_PLACE_TAKEN_TEXT = "Somebody has decided in your place already. If they take that back, you can decide yourself."


def _already_decided_text(approval_round: ApprovalRound, decision: Decision, now: datetime) -> str:
    """Return why somebody cannot decide once more, and what to do where they act for others too."""
    text = f"{_ALREADY_DECIDED[decision.verdict]} To change your mind, take that back first."
    delegators = delegators_of(decision.person, approval_round.delegations, now)
    if decision.verdict != "approved" or not set(delegators) - {decision.on_behalf_of}:
        return text
    return (
        f"{text} Nobody counts twice: whoever else you act for decides themselves, or lets another person do it "
        "(/nightshift delegate)."
    )


def _refuse(code: PermissionCode, reason: str) -> Permission:
    return Permission(code=code, reason=reason)


def _refuse_author(approval_round: ApprovalRound, person: Person) -> Permission:
    if person == approval_round.requester:
        text = "You asked for this yourself, so others decide. You can withdraw it."
        return _refuse(PermissionCode.OWN_REQUEST, text)
    did = "wrote this request before somebody else took it over"
    did = did if person in approval_round.former_authors else "have edited this request"
    return _refuse(PermissionCode.OWN_EDIT, f"You {did}, so others decide.")


def _refuse_for_now(
    approval_round: ApprovalRound, person: Person, status: ApprovalStatus, directory: Directory, now: datetime
) -> Permission:
    """Say why an approval of this person would not help the current stage."""
    stages = approval_round.stages(now)
    if not stages:
        return _refuse(PermissionCode.NO_APPROVERS_NAMED, NO_APPROVERS_TEXT)
    stage = stages[status.stage_index]
    current = approver_names(stage)
    if is_excluded(stage, person.user, directory):
        return _refuse(PermissionCode.EXCLUDED, _excluded_text(stage, person))
    own_stages = [index for index, stage in enumerate(stages) if person.user in eligible_approvers(stage, directory)]
    if any(index > status.stage_index for index in own_stages):
        return _refuse(PermissionCode.LATER_STAGE, f"It is not your turn yet: {current} decides first.")
    if any(index < status.stage_index for index in own_stages):
        return _refuse(PermissionCode.EARLIER_STAGE, f"Your stage is complete; now {current} decides.")
    if own_stages:
        return _refuse(PermissionCode.PLACE_TAKEN, _PLACE_TAKEN_TEXT)
    text = f"Only {current} may decide on this, and you are not one of them."
    return _refuse(PermissionCode.NOT_AN_APPROVER, text)


def _excluded_text(stage: Stage, person: Person) -> str:
    if person.user in stage.excluded:
        return "Policy does not let you approve this, so somebody else has to decide."
    wording = {f"the {REQUESTERS_GROUPS}": "a group of the requester"}
    groups = [wording.get(name, name) for name in stage.excluded_names]
    return f"You are in {join_words(groups, 'or')}, so somebody else has to decide."


def permission_to_retract(
    approval_round: ApprovalRound, state: RequestState, decision: Decision, person: Person
) -> Permission:
    """Return whether a person may take a decision back: only their own, on the current content, while the request is
    still waiting for approval."""
    if decision.person != person:
        return _refuse(PermissionCode.NOT_OWN_DECISION, "Only the person who decided can take that back.")
    if decision.retracted_at is not None:
        return _refuse(PermissionCode.ALREADY_RETRACTED, "That has been taken back already.")
    if decision.content_hash != approval_round.content_hash:
        text = "The request has changed since, so that decision does not count any more."
        return _refuse(PermissionCode.CONTENT_CHANGED, text)
    if state != "awaiting_approval":
        return _refuse(PermissionCode.NOT_OPEN, f"It is too late to take that back: {STATE_LABELS[state].lower()}.")
    return Permission()
