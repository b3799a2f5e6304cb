"""A round of approval: one revision of a request in front of its approvers, and which of their decisions count."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.requests.approval.delegation import Delegation, delegators_of
from bot.requests.business_time import deadline
from bot.requests.directory import Directory, ineligibility_reason, is_excluded
from bot.requests.model import Decision, Person, Request, Requirement, Stage
from bot.values import FrozenModel


class ApprovalRound(FrozenModel):
    """A revision of a request in front of its approvers. ``editors`` have changed the request since it was made, so
    others approve what they wrote; so have ``former_authors``, from whom the requester took it over."""

    requirement: Requirement
    content_hash: str
    requester: Person
    opened_at: datetime
    delegations: tuple[Delegation, ...] = ()
    editors: tuple[Person, ...] = ()
    former_authors: tuple[Person, ...] = ()

    @property
    def authors(self) -> frozenset[str]:
        """The user ids of the requester and of everyone else who has written the request."""
        others = (*self.editors, *self.former_authors)
        return frozenset({self.requester.user, *(person.user for person in others)})

    @property
    def barred_approvers(self) -> frozenset[str]:
        """The user ids that cannot approve. A policy may let requesters count, but never those who edited."""
        if self.requirement.requester_counts:
            return self.authors - {self.requester.user}
        return self.authors

    def stages(self, now: datetime) -> tuple[Stage, ...]:
        """Return the stages at a moment. After the escalation, its group may approve in each of them."""
        requirement = self.requirement
        extra = requirement.escalate_to
        after = requirement.escalate_after
        if extra is None or after is None or now < deadline(requirement.business, self.opened_at, after):
            return requirement.stages
        return tuple(_with_escalation(stage, extra) for stage in requirement.stages)


def _with_escalation(stage: Stage, extra: Stage) -> Stage:
    names = (*(stage.names or (*stage.groups, *stage.users)), *(extra.names or (*extra.groups, *extra.users)))
    changes = {"groups": stage.groups + extra.groups, "users": stage.users + extra.users, "names": names}
    excluded = {"excluded": (*stage.excluded, *extra.excluded), "excluded_names": stage.excluded_names}
    return stage.model_copy(update=changes | {name: tuple(dict.fromkeys(value)) for name, value in excluded.items()})


def current_round(request: Request, delegations: Iterable[Delegation]) -> ApprovalRound:
    """Return the round that a stored request is in."""
    return ApprovalRound(
        requirement=request.requirement,
        content_hash=request.content_hash,
        requester=request.requester,
        opened_at=request.round_opened_at or request.created_at,
        delegations=tuple(delegations),
        editors=request.edited_by,
        former_authors=request.taken_over_from,
    )


def current_decisions(approval_round: ApprovalRound, decisions: Iterable[Decision]) -> list[Decision]:
    """Return the decisions on the current content that were not taken back, in the order in which they were made."""
    current = [d for d in decisions if d.content_hash == approval_round.content_hash and d.retracted_at is None]
    return sorted(current, key=lambda d: (d.at, d.id))


def countable_approvals(
    approval_round: ApprovalRound, decisions: Sequence[Decision], directory: Directory
) -> dict[str, Decision]:
    """Return the approvals that may count, by the user id for whom they count.

    Nobody counts twice, and nobody has two people counting for them. An approval in person takes precedence over one on
    somebody's behalf.
    """
    by_person: dict[str, Decision] = {}
    for decision in decisions:
        if decision.verdict != "approved" or not _is_countable(approval_round, decision, directory):
            continue
        earlier = by_person.get(decision.person.user)
        if earlier is None or (earlier.on_behalf_of and not decision.on_behalf_of):
            by_person[decision.person.user] = decision
    approvals: dict[str, Decision] = {}
    for user, decision in by_person.items():
        approver = decision.on_behalf_of or user
        if approver not in approvals or not decision.on_behalf_of:
            approvals[approver] = decision
    return approvals


def other_places(
    approval_round: ApprovalRound, approvals: Mapping[str, Decision], directory: Directory
) -> dict[str, frozenset[str]]:
    """Return, by the user id for whom an approval counts, for whom it could count instead: whoever let its person act
    for them. Each of them is offered to one approval only."""
    taken, found = set(approvals), dict[str, frozenset[str]]()
    for approver, decision in approvals.items():
        delegators = delegators_of(decision.person, approval_round.delegations, decision.at)
        places = (decision.model_copy(update={"on_behalf_of": user}) for user in delegators if user not in taken)
        free = [each.on_behalf_of for each in places if _is_countable(approval_round, each, directory)]
        taken |= set(free)
        found[approver] = frozenset(free)
    return found


def _is_countable(approval_round: ApprovalRound, decision: Decision, directory: Directory) -> bool:
    """Return whether an approval may count: the person is eligible now, did not write the request, and, where they
    acted for somebody else, had a delegation from them when they decided."""
    person = decision.person
    if person.team != directory.team or ineligibility_reason(directory.user(person)):
        return False
    if not decision.on_behalf_of:
        return person.user not in approval_round.barred_approvers
    if approval_round.authors & {person.user, decision.on_behalf_of}:
        return False
    if any(is_excluded(stage, person.user, directory) for stage in approval_round.requirement.stages):
        return False
    return decision.on_behalf_of in delegators_of(person, approval_round.delegations, decision.at)
