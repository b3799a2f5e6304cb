"""Approval rounds for tests, and short answers about them."""

from datetime import timedelta
from typing import Any

from bot.requests.approval.deciding import permission_to_decide
from bot.requests.approval.delegation import Delegation
from bot.requests.approval.permission import Permission
from bot.requests.approval.rounds import ApprovalRound
from bot.requests.approval.status import StatusCode, approval_status
from bot.requests.directory import (
    InMemoryDirectory,
)
from bot.requests.model import Decision, Requirement
from tests.unit.requests.build import (
    CONTENT_HASH,
    NOW,
    TEAM,
    make_directory,
    person,
    requirement,
    stage,
)

GROUPS = {"sre": {"UBOB", "UCAT", "UDAN"}, "dba": {"UCAT", "UEVE"}, "leads": {"UFAY"}}
TWO_OF_SRE = requirement(stage("@sre", quorum=2))
SRE_THEN_DBA = requirement(stage("@sre"), stage("@dba"))


def approval_round(what: Requirement, **values: Any) -> ApprovalRound:
    base = {"requirement": what, "content_hash": CONTENT_HASH, "requester": person("UANN"), "opened_at": NOW}
    return ApprovalRound(**(base | values))


def progress(
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> str:
    """The code of the status, or how many have approved while it waits for more."""
    status = approval_status(
        approval_round(what, **values), decisions, directory or make_directory(GROUPS), NOW + timedelta(minutes=minutes)
    )
    if status.code is not StatusCode.MORE_APPROVALS_NEEDED:
        return status.code
    prefix = f"stage {status.stage_index + 1} of {status.stage_count}: " if status.stage_count > 1 else ""
    return f"{prefix}{status.approval_count} of {status.required_count}"


def may_decide(
    user: str,
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> str:
    """The code of the permission, or who they act for."""
    permission = decide(user, what, *decisions, directory=directory, minutes=minutes, **values)
    return f"for {permission.on_behalf_of}" if permission.on_behalf_of else permission.code


def decide(
    user: str,
    what: Requirement,
    *decisions: Decision,
    directory: InMemoryDirectory | None = None,
    minutes: float = 60,
    **values: Any,
) -> Permission:
    return permission_to_decide(
        approval_round(what, **values),
        "awaiting_approval",
        person(user),
        decisions,
        directory or make_directory(GROUPS),
        NOW + timedelta(minutes=minutes),
    )


def delegation(user: str, to_user: str, start: float = 0, end: float = 600, **values: Any) -> Delegation:
    base: dict[str, Any] = {"id": f"{user}-{to_user}", "team": TEAM, "user": user, "to_user": to_user}
    base |= {"starts": NOW + timedelta(minutes=start), "ends": NOW + timedelta(minutes=end)}
    return Delegation(**(base | values))
