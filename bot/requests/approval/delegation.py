"""Delegation: somebody else approves in your place for some days. It goes one step only, and never reaches the
delegate's own requests."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from bot.requests.directory import Directory, ineligibility_reason
from bot.requests.durations import format_duration
from bot.requests.model import Person
from bot.values import FrozenModel

MAX_DELEGATION_LENGTH = timedelta(days=90)


class Delegation(FrozenModel):
    """``to_user`` may approve in the place of ``user`` from ``starts`` until ``ends``, or until ``ended_at`` if that is
    sooner."""

    id: str
    team: str
    user: str
    to_user: str
    starts: datetime
    ends: datetime
    ended_at: datetime | None = None

    def is_active(self, at: datetime) -> bool:
        """Return whether it is in force at a moment."""
        return self.starts <= at < (min(self.ends, self.ended_at) if self.ended_at else self.ends)


class DelegationCode(StrEnum):
    """Why somebody may not delegate."""

    TO_THEMSELVES = "to_themselves"
    DELEGATOR_INELIGIBLE = "delegator_ineligible"
    DELEGATE_INELIGIBLE = "delegate_ineligible"
    OVER = "over"
    TOO_LONG = "too_long"


class DelegationProblem(FrozenModel):
    """Why somebody may not delegate, with the sentence for them."""

    code: DelegationCode
    text: str


def delegation_problem(
    delegator: Person, delegate: Person, starts: datetime, ends: datetime, now: datetime, directory: Directory
) -> DelegationProblem | None:
    """Return why somebody may not delegate in this way; None if they may."""
    if delegator.user == delegate.user:
        return DelegationProblem(code=DelegationCode.TO_THEMSELVES, text="You cannot delegate to yourself.")
    if problem := ineligibility_reason(directory.user(delegator)):
        return DelegationProblem(code=DelegationCode.DELEGATOR_INELIGIBLE, text=problem)
    if ineligibility_reason(directory.user(delegate)):
        return DelegationProblem(
            code=DelegationCode.DELEGATE_INELIGIBLE,
            text="That person cannot approve anything: delegate to an active full member of this workspace.",
        )
    if ends <= now or ends <= starts:
        return DelegationProblem(
            code=DelegationCode.OVER, text="That would be over before it begins; name an end in the future."
        )
    if ends - starts > MAX_DELEGATION_LENGTH:
        longest = format_duration(MAX_DELEGATION_LENGTH.total_seconds())
        return DelegationProblem(
            code=DelegationCode.TOO_LONG, text=f"A delegation may last at most {longest}; name an earlier end."
        )
    return None


def delegators_of(person: Person, delegations: Iterable[Delegation], at: datetime) -> tuple[str, ...]:
    """Return the user ids in whose place a person may approve at a moment, sorted."""
    users = {d.user for d in delegations if d.team == person.team and d.to_user == person.user and d.is_active(at)}
    return tuple(sorted(users - {person.user}))
