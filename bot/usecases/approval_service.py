"""Who may decide on a request, how its approval is progressing, and whether it still holds.

The rules are pure (``bot.requests.approval``); here they get the people, groups and delegations they need.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from bot.clock import Clock
from bot.requests.approval.deciding import permission_to_decide, permission_to_retract
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.permission import RIGHTS_UNKNOWN, Permission, PermissionCode
from bot.requests.approval.rounds import current_round
from bot.requests.approval.status import ApprovalStatus, approval_status, holds_as_decided, is_still_valid
from bot.requests.directory import InMemoryDirectory as Directory
from bot.requests.directory import ineligibility_reason, stage_members
from bot.requests.durations import format_age
from bot.requests.model import Decision, Person, Request, Stage
from bot.slack.live_directory import (
    DECISION_GROUP_AGE_SECONDS,
    load_approval_directory,
    load_last_known_directory,
    people_of_approval,
)
from bot.slack.users import SlackDirectory
from bot.storage import delegations, requests
from bot.storage.database import Database

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ApprovalAtStart:
    """Whether an approval holds when a run is to start. ``note`` says what could not be checked; "" if all was."""

    permission: Permission
    note: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalService:
    """Answers who may decide on a request, retract a decision or manage the request.

    ``default_stages`` are the approvers of a request that no rule names any for. ``stale_directory`` is for how many
    seconds the last answer of Slack holds at a start while Slack does not answer.
    """

    directory: SlackDirectory
    db: Database
    clock: Clock
    default_stages: Sequence[Stage]
    stale_directory: float = 3600.0

    async def directory_for(self, request: Request, decisions: Sequence[Decision], *extra: Person) -> Directory:
        """Load the people and groups that decide on a request, those who decided already included."""
        return await load_approval_directory(self.directory, request, decisions, extra)

    async def directory_for_decision(
        self, request: Request, decisions: Sequence[Decision], person: Person
    ) -> Directory:
        """Load the people and groups that a decision is judged by, the groups as they are at this moment."""
        return await load_approval_directory(
            self.directory, request, decisions, [person], max_group_age=DECISION_GROUP_AGE_SECONDS
        )

    async def delegations_for(self, decisions: Sequence[Decision]) -> tuple[Delegation, ...]:
        """Return the delegations in force now, and those that were in force when the decisions were made."""
        async with self.db.read() as tx:
            return await delegations.for_decisions(tx, decisions, self.clock.now())

    def permission_to_decide(
        self,
        request: Request,
        person: Person,
        decisions: Sequence[Decision],
        directory: Directory,
        delegations: Sequence[Delegation],
        now: datetime,
    ) -> Permission:
        """Return whether a person may decide on a request now."""
        return permission_to_decide(
            current_round(request, delegations), request.state, person, decisions, directory, now
        )

    def approval_status(
        self,
        request: Request,
        decisions: Sequence[Decision],
        directory: Directory,
        delegations: Sequence[Delegation],
        now: datetime,
    ) -> ApprovalStatus:
        """Return how far the approval of a request has come."""
        return approval_status(current_round(request, delegations), decisions, directory, now)

    def permission_to_retract(self, request: Request, decision: Decision, person: Person) -> Permission:
        """Return whether a person may still retract a decision."""
        return permission_to_retract(current_round(request, ()), request.state, decision, person)

    async def can_manage(self, request: Request, person: Person) -> Permission:
        """Return whether a person is an approver of a request, who may cancel it or resolve its outcome; unknown if
        Slack does not tell.

        The default approvers manage what policy approved by itself.
        """
        directory = await self.directory_for(request, (), person)
        stages = list(current_round(request, ()).stages(self.clock.now()))
        if request.requirement.effect == "approve":
            stages += self.default_stages
        certain = _permission_to_manage(person, stages, directory)
        possible = _permission_to_manage(person, stages, directory.as_possible(person.user))
        return certain if possible.code == certain.code else RIGHTS_UNKNOWN

    async def approval_at_start(self, request: Request) -> ApprovalAtStart:
        """Return whether an approval still holds; unknown if Slack does not tell.

        Approvers who have left their group or the company no longer count. While Slack does not answer, its last answer
        holds for ``stale_directory`` seconds.
        """
        if request.requirement.effect != "ask":
            return ApprovalAtStart(Permission())
        async with self.db.read() as tx:
            decisions = await requests.decisions_of(tx, request.id)
        directory, age = await load_last_known_directory(
            self.directory, request.requirement, people_of_approval(request, decisions), self.stale_directory
        )
        approval_round = current_round(request, await self.delegations_for(decisions))
        if holds_as_decided(approval_round, decisions, directory):
            return ApprovalAtStart(Permission())
        permission = is_still_valid(approval_round, decisions, directory, self.clock.now())
        if not permission.allowed or not age:
            return ApprovalAtStart(permission)
        note = f"Slack did not answer at the start. Its answer of {format_age(age)} earlier said who may approve."
        _log.warning("approvers checked from Slack's last answer", request=request.name, seconds=round(age))
        return ApprovalAtStart(permission, note)


def _permission_to_manage(person: Person, stages: Sequence[Stage], directory: Directory) -> Permission:
    """Return whether a person may manage a request, from one reading of a directory."""
    if problem := ineligibility_reason(directory.user(person)):
        return Permission(code=PermissionCode.INELIGIBLE, reason=problem)
    if any(person.user in stage_members(stage, directory) for stage in stages):
        return Permission()
    return Permission(code=PermissionCode.NOT_AN_APPROVER, reason="You are not one of them.")
