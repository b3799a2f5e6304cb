"""People and user groups as they are at this moment, and who of them may act. Looking them up is done elsewhere."""

import re
from collections.abc import Mapping
from typing import Protocol

from bot.requests.model import Person, Requirement, Stage
from bot.values import FrozenModel

_GROUP = re.compile(r"@[\w.-]+|S[A-Z0-9]{2,}")
_USER = re.compile(r"[UW][A-Z0-9]{2,}")


class User(FrozenModel):
    """A Slack user, as far as rights go. A guest is any restricted user; a stranger comes from another workspace."""

    person: Person
    name: str = ""
    deleted: bool = False
    bot: bool = False
    guest: bool = False
    external: bool = False


class UserGroup(FrozenModel):
    """A user group with the user ids of its present members. A disabled group has none."""

    id: str
    handle: str = ""
    members: frozenset[str] = frozenset()


class Directory(Protocol):
    """The workspace as it is now. What cannot be found out counts as absent, so that rights fail closed."""

    @property
    def team(self) -> str:
        """The workspace that user ids in policy belong to."""
        ...

    def group(self, name: str) -> UserGroup | None:
        """A user group by its id or ``@handle``; None where there is none or it cannot be looked up now."""
        ...

    def user(self, person: Person) -> User | None:
        """What is known of a person; None where nothing is."""
        ...

    def local_user(self, user: str) -> User | None:
        """What is known of a person of this workspace, by user id; None where nothing is."""
        ...


class InMemoryDirectory:
    """A directory held in memory: one answer of Slack, or a test's."""

    def __init__(self, team: str, users: Mapping[str, User], groups: Mapping[str, UserGroup]) -> None:
        """``members`` by user id, ``groups`` by group id."""
        self._team = team
        self._users = users
        self._groups = dict(groups) | {f"@{g.handle.lower()}": g for g in groups.values() if g.handle}

    @property
    def team(self) -> str:
        return self._team

    def group(self, name: str) -> UserGroup | None:
        return self._groups.get(name.lower() if name.startswith("@") else name)

    def user(self, person: Person) -> User | None:
        found = self._users.get(person.user)
        return found if found is not None and found.person == person else None

    def local_user(self, user: str) -> User | None:
        found = self._users.get(user)
        return found if found is not None and found.person.team == self._team else None


def is_group(name: str) -> bool:
    """Whether a name in policy is a user group: ``@handle`` or an id such as S0123ABCD."""
    return _GROUP.fullmatch(name) is not None


def is_user(name: str) -> bool:
    """Whether a name in policy is a user's id, such as U0123ABCD."""
    return _USER.fullmatch(name) is not None


def ineligibility_reason(user: User | None) -> str:
    """Why somebody may neither ask nor approve, as a sentence; empty where nothing speaks against it."""
    if user is None:
        return "You are not known in this workspace, so you cannot do this."
    if user.deleted:
        return "This account is deactivated, so it cannot do this."
    if user.external:
        return "People from other workspaces cannot do this."
    if user.guest:
        return "Guests cannot do this; ask a full member of the workspace."
    if user.bot:
        return "Bots cannot do this; a person has to."
    return ""


def active_members(users: frozenset[str], directory: Directory) -> frozenset[str]:
    """Those of some user ids who may act at all."""
    return frozenset(u for u in users if not ineligibility_reason(directory.local_user(u)))


def stage_members(stage: Stage, directory: Directory) -> frozenset[str]:
    """The user ids that a stage stands for at this moment, able to act or not."""
    users = set(stage.users)
    for name in stage.groups:
        group = directory.group(name)
        users |= group.members if group else set()
    return frozenset(users)


def eligible_approvers(stage: Stage, directory: Directory) -> frozenset[str]:
    """The user ids that may approve in a stage at this moment."""
    return active_members(stage_members(stage, directory), directory)


def notified_users(requirement: Requirement, directory: Directory, requester: Person | None = None) -> frozenset[str]:
    """Everybody whom asking for these approvals will notify; the requester only where they count themselves."""
    everybody = frozenset(user for stage in requirement.stages for user in eligible_approvers(stage, directory))
    if requester is not None and not requirement.requester_counts:
        return everybody - {requester.user}
    return everybody


def group_problems(stage: Stage, directory: Directory) -> tuple[str, ...]:
    """What is wrong with a stage's groups, a sentence each: not there, or without anybody who may approve."""
    faults = []
    for index, name in enumerate(stage.groups):
        shown = stage.names[index] if index < len(stage.names) else name
        group = directory.group(name)
        if group is None:
            faults.append(f"The user group {shown} cannot be found.")
        elif not active_members(group.members, directory):
            faults.append(f"The user group {shown} has nobody who may approve.")
    return tuple(faults)


def resolve_groups(requirement: Requirement, directory: Directory) -> Requirement:
    """The same requirement with group ids for handles, so that renaming a group changes nothing. A group that is
    not found keeps its handle and has no members."""

    def of(stage: Stage) -> Stage:
        found = [(name, directory.group(name)) for name in stage.groups]
        return stage.model_copy(update={"groups": tuple(group.id if group else name for name, group in found)})

    return requirement.model_copy(
        update={
            "stages": tuple(of(stage) for stage in requirement.stages),
            "escalate_to": of(requirement.escalate_to) if requirement.escalate_to else None,
        }
    )
