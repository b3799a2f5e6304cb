"""The people and user groups of the workspace, and which of them may act. Looking them up happens elsewhere.

What Slack does not tell is unknown: neither yes nor no. A directory therefore has two readings. As it is, it counts
what is unknown as no, so that rights fail closed. ``as_possible`` counts it as yes. What both say is certain; what they
say differently is unknown.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Protocol

from bot.requests.model import Person, Requirement, Stage
from bot.values import FrozenModel

ROTA_PREFIX = "oncall:"
"""Begins the name of a rota, which policy names like a user group: whoever is on call is in it."""
_GROUP = re.compile(rf"@[\w.-]+|S[A-Z0-9]{{2,}}|{ROTA_PREFIX}[\w.-]+")
_USER = re.compile(r"[UW][A-Z0-9]{2,}")


class User(FrozenModel):
    """A Slack user, as far as rights and times need.

    A guest is any restricted user; an external user belongs to another workspace. ``zone`` and ``locale`` are "" if the
    profile has none; ``unknown_zone`` is a zone in the profile that the time zone database does not have.
    """

    person: Person
    name: str = ""
    zone: str = ""
    unknown_zone: str = ""
    locale: str = ""
    deleted: bool = False
    bot: bool = False
    guest: bool = False
    external: bool = False


class UserGroup(FrozenModel):
    """A user group with the user ids of its current members. A disabled group has none. A rota is one too; its ``note``
    says how old or uncertain it is."""

    id: str
    handle: str = ""
    members: frozenset[str] = frozenset()
    disabled: bool = False
    note: str = ""


class Directory(Protocol):
    """The current state of the workspace. Whatever is unknown counts as absent, so that rights fail closed."""

    @property
    def team(self) -> str:
        """The workspace that user ids in policy belong to."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether nothing is unknown."""
        ...

    @property
    def has_groups(self) -> bool:
        """Whether the user groups are known."""
        ...

    @property
    def group_handles(self) -> tuple[str, ...]:
        """The handles of all known user groups, with ``@``."""
        ...

    def as_possible(self, *people: str) -> "Directory":
        """Return the directory in which what is unknown counts as yes.

        Unknown users are full members. Unknown groups exist, and have ``people`` (user ids) as members.
        """
        ...

    def group(self, name: str) -> UserGroup | None:
        """Return a user group by its id or ``@handle``; None if there is none or it cannot be looked up now."""
        ...

    def members_excluded(self, names: Collection[str]) -> frozenset[str] | None:
        """Return the user ids that user groups and user ids exclude; None if they may exclude anybody, because a group
        is gone or Slack does not tell it."""
        ...

    def user(self, person: Person) -> User | None:
        """Return what is known of a person; None if nothing is."""
        ...

    def local_user(self, user: str) -> User | None:
        """Return what is known of a person of this workspace, by user id; None if nothing is."""
        ...


class InMemoryDirectory:
    """A directory in memory: a snapshot of the workspace, or one made by a test."""

    def __init__(
        self,
        team: str,
        users: Mapping[str, User],
        groups: Mapping[str, UserGroup] | None,
        unknown_users: Collection[str] = (),
        members_of_unknown_groups: Collection[str] = (),
        counts_unknown_as_yes: bool = False,
    ) -> None:
        """``users`` are by user id, ``groups`` by group id; None if Slack does not tell the groups. ``unknown_users``
        are the ids about whom Slack tells nothing. Only the possible reading of a directory
        ``counts_unknown_as_yes`` and has ``members_of_unknown_groups``."""
        self._team = team
        self._users = users
        self._unknown_users = frozenset(unknown_users) - frozenset(users)
        self._members_of_unknown_groups = frozenset(members_of_unknown_groups)
        self._counts_unknown_as_yes = counts_unknown_as_yes
        self.has_groups = groups is not None
        self._groups = dict(groups or {}) | {f"@{g.handle.lower()}": g for g in (groups or {}).values() if g.handle}

    @property
    def team(self) -> str:
        return self._team

    @property
    def is_complete(self) -> bool:
        return self.has_groups and not self._unknown_users

    @property
    def group_handles(self) -> tuple[str, ...]:
        return tuple(name for name in self._groups if name.startswith("@"))

    def as_possible(self, *people: str) -> "InMemoryDirectory":
        if self.is_complete:
            return self
        unknown = {user: User(person=Person(team=self._team, user=user)) for user in self._unknown_users}
        groups = {group.id: group for group in self._groups.values()} if self.has_groups else None
        return InMemoryDirectory(
            self._team,
            {**self._users, **unknown},
            groups,
            members_of_unknown_groups=people,
            counts_unknown_as_yes=True,
        )

    def group(self, name: str) -> UserGroup | None:
        if self._members_of_unknown_groups and not self.has_groups:
            return UserGroup(id=name, members=self._members_of_unknown_groups)
        return self._groups.get(name.lower() if name.startswith("@") else name)

    def members_excluded(self, names: Collection[str]) -> frozenset[str] | None:
        wanted = [name for name in names if is_group(name)]
        if wanted and not self.has_groups:
            return frozenset(names) if self._counts_unknown_as_yes else None
        groups = [self.group(name) for name in wanted]
        if any(group is None or group.disabled for group in groups):
            return None
        return frozenset(names).union(*(group.members for group in groups if group is not None))

    @property
    def group_names(self) -> frozenset[str]:
        """All groups, by id and by handle."""
        return frozenset(self._groups)

    def group_names_of(self, user: str) -> frozenset[str]:
        """Return the groups that a user is in, as policy names them: by id and by handle."""
        return frozenset(name for name, group in self._groups.items() if user in group.members) | frozenset(
            f"@{group.handle}" for group in self._groups.values() if group.handle and user in group.members
        )

    def user(self, person: Person) -> User | None:
        user = self._users.get(person.user)
        return user if user is not None and user.person == person else None

    def user_of_any_team(self, user: str) -> User | None:
        """Return what is known of a user id, whichever workspace it belongs to; None if nothing is."""
        return self._users.get(user)

    def local_user(self, user: str) -> User | None:
        known = self._users.get(user)
        return known if known is not None and known.person.team == self._team else None


def is_group(name: str) -> bool:
    """Return whether a name in policy is a user group: ``@handle`` or an id such as S0123ABCD."""
    return _GROUP.fullmatch(name) is not None


def is_user(name: str) -> bool:
    """Return whether a name in policy is a user's id, such as U0123ABCD."""
    return _USER.fullmatch(name) is not None


class Ineligibility(StrEnum):
    """Why somebody may neither request nor approve anything."""

    UNKNOWN = "unknown"
    DEACTIVATED = "deactivated"
    EXTERNAL = "external"
    GUEST = "guest"
    BOT = "bot"


_INELIGIBILITY_TEXTS: Mapping[Ineligibility, str] = {
    Ineligibility.UNKNOWN: "You are not known in this workspace, so you cannot do this.",
    Ineligibility.DEACTIVATED: "This account is deactivated, so it cannot do this.",
    Ineligibility.EXTERNAL: "People from other workspaces cannot do this.",
    Ineligibility.GUEST: "Guests cannot do this; ask a full member of the workspace.",
    Ineligibility.BOT: "Bots cannot do this; a person has to.",
}


def ineligibility(user: User | None) -> Ineligibility | None:
    """Return why somebody may neither request nor approve anything; None if they may."""
    if user is None:
        return Ineligibility.UNKNOWN
    if user.deleted:
        return Ineligibility.DEACTIVATED
    if user.external:
        return Ineligibility.EXTERNAL
    if user.guest:
        return Ineligibility.GUEST
    return Ineligibility.BOT if user.bot else None


def ineligibility_reason(user: User | None) -> str:
    """Return why somebody may neither request nor approve anything, as a sentence; empty if they may."""
    code = ineligibility(user)
    return "" if code is None else _INELIGIBILITY_TEXTS[code]


def active_members(users: frozenset[str], directory: Directory) -> frozenset[str]:
    """Return those of some user ids who may act at all."""
    return frozenset(user for user in users if ineligibility(directory.local_user(user)) is None)


def stage_members(stage: Stage, directory: Directory) -> frozenset[str]:
    """Return the user ids that a stage names now, whether they may act or not."""
    users = set(stage.users)
    for name in stage.groups:
        group = directory.group(name)
        users |= group.members if group else set()
    excluded = directory.members_excluded(stage.excluded)
    return frozenset() if excluded is None else frozenset(users - excluded)


def is_excluded(stage: Stage, user: str, directory: Directory) -> bool:
    """Return whether a user id may not approve in a stage, whatever groups it is in."""
    excluded = directory.members_excluded(stage.excluded)
    return excluded is None or user in excluded


def eligible_approvers(stage: Stage, directory: Directory) -> frozenset[str]:
    """Return the user ids that may approve in a stage now."""
    return active_members(stage_members(stage, directory), directory)


def group_problems(stage: Stage, directory: Directory) -> tuple[str, ...]:
    """Return what is wrong with a stage's groups, a sentence each: a group is missing, or has nobody who may
    approve."""
    problems = []
    for index, name in enumerate(stage.groups):
        shown = stage.names[index] if index < len(stage.names) else name
        group = directory.group(name)
        if group is None:
            problems.append(f"The user group {shown} cannot be found.")
        elif group.disabled and group.note:
            problems.append(group.note)
        elif group.disabled:
            problems.append(f"The user group {shown} is disabled.")
        elif not active_members(group.members, directory):
            problems.append(f"The user group {shown} has nobody who may approve.")
    return tuple(problems)


def group_notes(stage: Stage, directory: Directory) -> tuple[str, ...]:
    """Return what people should know of a stage's rotas, a sentence each."""
    groups = (directory.group(name) for name in stage.groups if name.startswith(ROTA_PREFIX))
    return tuple(group.note for group in groups if group is not None and group.note)


def resolve_groups(requirement: Requirement, directory: Directory) -> Requirement:
    """Replace the handles of groups by their ids, so that renaming a group changes nothing. A group that is not found
    keeps its handle and has no members."""

    def ids_of(names: tuple[str, ...]) -> tuple[str, ...]:
        groups = [(name, directory.group(name)) for name in names]
        return tuple(dict.fromkeys(group.id if group else name for name, group in groups))

    def with_ids(stage: Stage) -> Stage:
        return stage.model_copy(update={"groups": ids_of(stage.groups), "excluded": ids_of(stage.excluded)})

    def named(stage: Stage) -> Stage:
        """Call the users of a stage by their names, as far as they are known."""
        users = ((user, directory.user(Person(team=directory.team, user=user))) for user in stage.users)
        names = {user: known.name for user, known in users if known is not None and known.name}
        return stage.model_copy(update={"names": tuple(names.get(name, name) for name in stage.names)})

    review = requirement.review
    return requirement.model_copy(
        update={
            "stages": tuple(with_ids(stage) for stage in requirement.stages),
            "escalate_to": with_ids(requirement.escalate_to) if requirement.escalate_to else None,
            "review": review.model_copy(update={"by": named(with_ids(review.by))}) if review else None,
        }
    )
