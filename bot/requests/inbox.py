"""A request as a row of Home, and whether it needs somebody's decision."""

from collections.abc import Collection, Mapping
from datetime import datetime

from bot.requests.model import Person, RequestState, Requirement
from bot.values import FrozenModel


class InboxRow(FrozenModel):
    """A request as a row of Home. ``authors`` are the user ids of everyone who wrote it, the requester first."""

    id: str
    number: int
    revision: int
    state: RequestState
    title: str
    backend: str
    requester: Person
    authors: tuple[str, ...] = ()
    reason: str = ""
    warnings: tuple[str, ...] = ()
    requirement: Requirement = Requirement()
    created_at: datetime
    start_at: datetime | None = None
    approve_by: datetime | None = None
    outcome: str = ""
    progress: Mapping[str, int] = {}
    """The counts of the newest run: total, succeeded and failed; empty where they are not known."""
    since: datetime | None = None
    """When the newest run started."""
    is_held: bool = False
    """Whether a pause holds its next start."""

    @property
    def name(self) -> str:
        """What people call it."""
        return f"NS-{self.number}"


class ComingRow(FrozenModel):
    """A start within the next days."""

    request_id: str
    number: int
    title: str
    starts_at: datetime
    backend: str = ""
    is_held: bool = False
    """Whether a pause holds it."""

    @property
    def name(self) -> str:
        """What people call the request."""
        return f"NS-{self.number}"


class Decider(FrozenModel):
    """Somebody who may decide: ``groups`` are the ids and handles of their user groups."""

    user: str
    groups: frozenset[str]


def needs_decision_of(row: InboxRow, deciders: Collection[Decider], decided: Collection[str]) -> bool:
    """Return whether a request waits for the decision of somebody, or of somebody in whose place they may decide.

    ``decided`` are the ids of the requests that they have decided on. Whether the decision counts is judged when it is
    made; here a request is shown rather than left out.
    """
    if row.id in decided or row.state != "awaiting_approval":
        return False
    barred = set(row.authors) - ({row.requester.user} if row.requirement.requester_counts else set())
    return any(decider.user not in barred and _is_in_a_stage(row, decider) for decider in deciders)


def _is_in_a_stage(row: InboxRow, decider: Decider) -> bool:
    names = {decider.user, *decider.groups}
    requirement = row.requirement
    stages = (*requirement.stages, *((requirement.escalate_to,) if requirement.escalate_to else ()))
    return any(names & {*stage.groups, *stage.users} and not names & {*stage.excluded} for stage in stages)
