"""Delegation: for some days somebody else approves in your place. It never goes further than one step, and never
reaches the delegate's own requests."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.requests.directory import Directory, ineligibility_reason
from bot.requests.durations import format_duration
from bot.requests.model import Person
from bot.values import FrozenModel

MAX_DELEGATION_LENGTH = timedelta(days=90)


class Delegation(FrozenModel):
    """``to_user`` may approve in the place of ``user`` from ``starts`` until ``ends``, or ``ended_at`` if sooner."""

    id: str
    team: str
    user: str
    to_user: str
    starts: datetime
    ends: datetime
    ended_at: datetime | None = None

    def is_active(self, at: datetime) -> bool:
        """Whether it is in force at a moment."""
        return self.starts <= at < (min(self.ends, self.ended_at) if self.ended_at else self.ends)


def delegation_problem(
    delegator: Person, delegate: Person, starts: datetime, ends: datetime, now: datetime, directory: Directory
) -> str:
    """Why somebody may not delegate in this way, as a sentence; empty where they may."""
    if delegator.user == delegate.user:
        return "You cannot delegate to yourself."
    if problem := ineligibility_reason(directory.user(delegator)):
        return problem
    if ineligibility_reason(directory.user(delegate)):
        return "That person cannot approve anything: delegate to an active full member of this workspace."
    if ends <= now or ends <= starts:
        return "That would be over before it begins; name an end in the future."
    if ends - starts > MAX_DELEGATION_LENGTH:
        return (
            f"A delegation may last at most {format_duration(MAX_DELEGATION_LENGTH.total_seconds())}; name "
            "an earlier end."
        )
    return ""


def delegators_of(person: Person, delegations: Iterable[Delegation], at: datetime) -> tuple[str, ...]:
    """The user ids in whose place a person may approve at a moment, in a fixed order."""
    mine = {d.user for d in delegations if d.team == person.team and d.to_user == person.user and d.is_active(at)}
    return tuple(sorted(mine - {person.user}))
