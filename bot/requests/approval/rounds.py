"""A round of approval: one revision of a request before its approvers, and which of their decisions count."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.requests.approval.delegation import Delegation, delegators_of
from bot.requests.directory import Directory, ineligibility_reason
from bot.requests.model import Decision, Person, Request, Requirement, Stage
from bot.values import FrozenModel


class ApprovalRound(FrozenModel):
    """One asking: a revision of a request before its approvers. ``editors`` have changed the request since it was made:
    what they wrote is for others to approve."""

    requirement: Requirement
    content_hash: str
    requester: Person
    opened_at: datetime
    delegations: tuple[Delegation, ...] = ()
    editors: tuple[Person, ...] = ()

    @property
    def authors(self) -> frozenset[str]:
        """The user ids of the requester and of everyone who has edited the request."""
        return frozenset({self.requester.user, *(editor.user for editor in self.editors)})

    @property
    def barred_approvers(self) -> frozenset[str]:
        """The user ids that cannot approve. A policy may let requesters count, but never those who edited."""
        if self.requirement.requester_counts:
            return self.authors - {self.requester.user}
        return self.authors

    def stages(self, now: datetime) -> tuple[Stage, ...]:
        """The stages as they are at a moment: after the escalation its group may approve in each of them."""
        requirement = self.requirement
        extra = requirement.escalate_to
        after = requirement.escalate_after
        if extra is None or after is None or now < self.opened_at + timedelta(seconds=after):
            return requirement.stages
        return tuple(_with_escalation(stage, extra) for stage in requirement.stages)


def _with_escalation(stage: Stage, extra: Stage) -> Stage:
    names = (*(stage.names or (*stage.groups, *stage.users)), *(extra.names or (*extra.groups, *extra.users)))
    return stage.model_copy(
        update={"groups": stage.groups + extra.groups, "users": stage.users + extra.users, "names": names}
    )


def current_decisions(approval_round: ApprovalRound, decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions on the current content that were not taken back, in the order in which they were made."""
    found = [d for d in decisions if d.content_hash == approval_round.content_hash and d.retracted_at is None]
    return sorted(found, key=lambda d: (d.at, d.id))


def countable_approvals(
    approval_round: ApprovalRound, decisions: Sequence[Decision], directory: Directory
) -> dict[str, Decision]:
    """The approvals that may count, by the user id for whom they count: one a person, and one a seat."""
    by_human: dict[str, Decision] = {}
    for decision in decisions:
        if decision.verdict != "approved" or not _is_countable(approval_round, decision, directory):
            continue
        before = by_human.get(decision.person.user)
        if before is None or (before.on_behalf_of and not decision.on_behalf_of):
            by_human[decision.person.user] = decision
    votes: dict[str, Decision] = {}
    for user, decision in by_human.items():
        seat = decision.on_behalf_of or user
        if seat not in votes or not decision.on_behalf_of:
            votes[seat] = decision
    return votes


def _is_countable(approval_round: ApprovalRound, decision: Decision, directory: Directory) -> bool:
    """Whether an approval may count: the person may act now, and it is neither on their own request nor in a place
    that was not given to them."""
    person = decision.person
    if person.team != directory.team or ineligibility_reason(directory.user(person)):
        return False
    if not decision.on_behalf_of:
        return person.user not in approval_round.barred_approvers
    if approval_round.authors & {person.user, decision.on_behalf_of}:
        return False
    return decision.on_behalf_of in delegators_of(person, approval_round.delegations, decision.at)


def current_round(request: Request, delegations: Iterable[Delegation]) -> ApprovalRound:
    """Return the round that a stored request is in."""
    return ApprovalRound(
        requirement=request.requirement,
        content_hash=request.content_hash,
        requester=request.requester,
        opened_at=request.round_opened_at or request.created_at,
        delegations=tuple(delegations),
        editors=request.edited_by,
    )
