"""The world around the request: people, groups and hosts as they truly are, and what Slack and the back end tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.requests.directory import InMemoryDirectory, User, UserGroup
from bot.requests.drift import Observation
from bot.requests.model import Person, TargetSet
from bot.slack.live_directory import DECISION_GROUP_AGE_SECONDS
from bot.slack.user_lookup import MAX_USER_AGE_SECONDS
from bot.values import Resolution
from tests.histories.history import FEATURES, GROUPS, TEMPLATES, USERS, Form, History

BEGIN = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TEAM = "T1"
GROUP_AGE_SECONDS = 300.0
STALE_DIRECTORY_SECONDS = 3600.0
"""The default of the setting ``stale_directory``."""


def person(user: str) -> Person:
    return Person(team=TEAM, user=user)


@dataclass(frozen=True, slots=True)
class People:
    """Who is in which group and who has left, from a moment on. ``heard`` is whether Slack's event of it arrived."""

    since: datetime
    groups: dict[str, frozenset[str]]
    inactive: frozenset[str]
    heard: bool = True


class World:
    """The truth. ``people`` has it for every moment, the newest last."""

    def __init__(self, history: History) -> None:
        self.now = BEGIN
        self.people = [People(BEGIN, dict(history.groups), frozenset())]
        self.hosts = dict(history.hosts)
        self.templates = dict(zip(FEATURES, TEMPLATES, strict=False))
        self.slack = Slack(self)
        self.backend_silent = False

    @property
    def groups(self) -> dict[str, frozenset[str]]:
        return self.people[-1].groups

    @property
    def inactive(self) -> frozenset[str]:
        return self.people[-1].inactive

    def join_or_leave(self, user: str, group: str, *, heard: bool) -> None:
        changed = self.groups | {group: self.groups[group] ^ {user}}
        self.people.append(People(self.now, changed, self.inactive, heard))
        if heard:
            self.slack.forget_groups()

    def deactivate_or_return(self, user: str, *, heard: bool) -> None:
        self.people.append(People(self.now, self.groups, self.inactive ^ {user}, heard))
        if heard:
            self.slack.forget_user(user)

    def observe(self, form: Form) -> Observation:
        """What the back end tells about a form now."""
        template_id, template = self.templates[form.feature]
        names = tuple(f"{'db' if number % 7 == 0 else 'web'}-{number}" for number in self.hosts[form.search])
        return Observation(
            targets=TargetSet(count=len(names), names=names, fixed=not form.dynamic),
            facts={"template": template},
            resolutions=(Resolution(field="feature", kind="template", id=template_id, name=template),),
        )


class Slack:
    """What Slack tells the bot, with the bot's caches: an answer is used for a while, and longer where Slack is silent
    at a start."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.groups_silent = False
        self.silent_users: frozenset[str] = frozenset()
        self._groups: tuple[datetime, dict[str, frozenset[str]]] | None = None
        self._users: dict[str, tuple[datetime, bool]] = {}

    @property
    def answers(self) -> bool:
        return not self.groups_silent and not self.silent_users

    def forget_groups(self) -> None:
        self._groups = None

    def forget_user(self, user: str) -> None:
        self._users.pop(user, None)

    def groups(self, max_age: float, stale_age: float = 0.0) -> dict[str, frozenset[str]] | None:
        """Return the groups, at most ``max_age`` seconds old; ``stale_age`` where Slack is silent. None is unknown."""
        if (known := self._cached_groups(max_age)) is not None:
            return known
        if self.groups_silent:
            return self._cached_groups(stale_age)
        self._groups = (self._world.now, self._world.groups)
        return self._world.groups

    def _cached_groups(self, max_age: float) -> dict[str, frozenset[str]] | None:
        if self._groups is None or self._world.now - self._groups[0] >= timedelta(seconds=max_age):
            return None
        return self._groups[1]

    def is_active(self, user: str, stale_age: float = 0.0) -> bool | None:
        """Return whether a user may act; None is unknown."""
        cached = self._users.get(user)
        age = (self._world.now - cached[0]).total_seconds() if cached else 0.0
        if cached and age < MAX_USER_AGE_SECONDS:
            return cached[1]
        if user in self.silent_users:
            return cached[1] if cached and age < stale_age else None
        active = user not in self._world.inactive
        self._users[user] = (self._world.now, active)
        return active

    def for_decision(self, people: Iterable[str]) -> InMemoryDirectory:
        """The directory that a click is judged by."""
        return self._directory(people, self.groups(DECISION_GROUP_AGE_SECONDS), 0.0)

    def for_policy(self, people: Iterable[str]) -> InMemoryDirectory:
        """The directory that a preview is judged by."""
        return self._directory(people, self.groups(GROUP_AGE_SECONDS), 0.0)

    def for_start(self, people: Iterable[str]) -> InMemoryDirectory:
        """The directory that a start is judged by."""
        groups = self.groups(GROUP_AGE_SECONDS, STALE_DIRECTORY_SECONDS)
        return self._directory(people, groups, STALE_DIRECTORY_SECONDS)

    def _directory(
        self, people: Iterable[str], groups: dict[str, frozenset[str]] | None, stale_age: float
    ) -> InMemoryDirectory:
        members = frozenset().union(*groups.values()) if groups else frozenset()
        told = {user: self.is_active(user, stale_age) for user in sorted(members | set(people))}
        users = {
            user: User(person=person(user), deleted=not active) for user, active in told.items() if active is not None
        }
        found = None
        if groups is not None:
            found = {
                f"S{name.upper()}": UserGroup(id=f"S{name.upper()}", handle=name, members=groups[name])
                for name in GROUPS
            }
        return InMemoryDirectory(TEAM, users, found, [user for user in USERS if user in told and user not in users])
