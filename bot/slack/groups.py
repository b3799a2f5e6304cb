"""The user groups of Slack: read as a whole, and kept by what Slack reports of changes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import SlackBusy, SlackSilent
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.slack.reader import SlackReader
from bot.values import JsonObject

MAX_KEPT_AGE_SECONDS = 600.0
"""Maximum age of groups that follow the reported changes, while Slack limits how often they may be read."""


@dataclass(frozen=True, slots=True)
class SlackUserGroup:
    """A Slack user group. ``members`` are user ids."""

    id: str
    handle: str
    members: frozenset[str]
    disabled: bool = False
    note: str = ""
    """How old or uncertain a rota is."""
    changed: int = 0
    """Slack's own time of its last change, in seconds."""


@dataclass(frozen=True, slots=True)
class SlackUserGroups:
    """All user groups. ``read_at`` is on the monotonic clock."""

    by_id: Mapping[str, SlackUserGroup] = field(default_factory=dict)
    read_at: float = 0.0

    def find(self, name: str) -> SlackUserGroup | None:
        """Return a group by its id, or by its handle with or without @."""
        handle = name.removeprefix("@").lower()
        return self.by_id.get(name) or next((g for g in self.by_id.values() if g.handle.lower() == handle), None)

    def containing(self, user: str) -> tuple[SlackUserGroup, ...]:
        """Return the groups that a user is in."""
        return tuple(g for g in self.by_id.values() if user in g.members and not g.disabled)


class GroupLookup:
    """Answers from the last whole answer, in which it follows every change that Slack reports.

    A report that does not follow the last one means that one was lost: everything is read again when it is needed.
    """

    def __init__(
        self, client: AsyncWebClient, reader: SlackReader, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._reader = reader
        self._monotonic = monotonic
        self._groups: SlackUserGroups | None = None
        self._silent_since: float | None = None
        self._changes = 0
        """The number of reported changes. An answer is not kept if there was one after its question."""

    async def groups(self, max_age: float) -> SlackUserGroups:
        """Return the groups, at most ``max_age`` seconds old. Raises SlackSilent if Slack does not answer."""
        if (groups := self.last_known(max_age)) is not None:
            return groups
        try:
            groups = await self._ask()
        except SlackSilent:
            self._silent_since = self._monotonic() if self._silent_since is None else self._silent_since
            raise
        self._silent_since = None
        return groups

    @property
    def silent_seconds(self) -> float:
        """For how long Slack has not told the groups although it was asked; 0 if it tells them."""
        return 0.0 if self._silent_since is None else self._monotonic() - self._silent_since

    async def _ask(self) -> SlackUserGroups:
        changes = self._changes
        try:
            # A question from before a change must not answer for what came after it.
            groups = await self._reader.ask("usergroups.list", changes, self._read)
        except SlackBusy:
            if (kept := self.last_known(MAX_KEPT_AGE_SECONDS)) is not None:
                return kept
            raise
        except SlackApiError as error:
            raise SlackSilent(
                f"Slack does not tell who is in which group ({error_code(error)}). Try again soon."
            ) from error
        except TRANSPORT_ERRORS as error:
            raise SlackSilent("Slack cannot be asked who is in which group just now. Try again soon.") from error
        if self._changes == changes:
            self._groups = groups
        return groups

    async def _read(self) -> SlackUserGroups:
        try:
            answer = await self._client.usergroups_list(include_users=True, include_disabled=True)
        except SlackApiError as error:
            if error_code(error) == "plan_upgrade_required":
                return SlackUserGroups(read_at=self._monotonic())
            raise
        return SlackUserGroups({g.id: g for g in map(_parse_group, answer["usergroups"])}, self._monotonic())

    def last_known(self, max_age: float) -> SlackUserGroups | None:
        """Return the groups as Slack told them last; None if that is older, or something unknown has changed since."""
        groups = self._groups
        return groups if groups is not None and self.age_of(groups) < max_age else None

    def age_of(self, groups: SlackUserGroups) -> float:
        """Return how old an answer is, in seconds."""
        return self._monotonic() - groups.read_at

    def invalidate(self) -> None:
        """Drop the groups, because something has changed in them."""
        self._changes += 1
        self._groups = None

    def on_members_changed(self, event: JsonObject) -> None:
        """Follow a change of a group's members; read everything again if an earlier change was lost."""
        group = self._known(str(event.get("subteam_id")))
        if group is None or not group.changed or event.get("date_previous_update") != group.changed:
            self.invalidate()
            return
        members = (group.members | _ids(event.get("added_users"))) - _ids(event.get("removed_users"))
        self._keep(replace(group, members=members, changed=_seconds(event.get("date_update"))))

    def on_group_changed(self, event: JsonObject) -> None:
        """Follow a change of a group itself: a new one, a new name, one that is disabled."""
        told = event.get("subteam")
        if self._groups is None or not isinstance(told, Mapping) or not isinstance(told.get("users"), list):
            self.invalidate()
            return
        group = _parse_group(told)
        known = self._known(group.id)
        if known is None or group.changed >= known.changed:
            self._keep(group)

    def _known(self, group: str) -> SlackUserGroup | None:
        return self._groups.by_id.get(group) if self._groups is not None else None

    def _keep(self, group: SlackUserGroup) -> None:
        assert self._groups is not None
        self._changes += 1
        self._groups = replace(self._groups, by_id={**self._groups.by_id, group.id: group})


def _parse_group(group: JsonObject) -> SlackUserGroup:
    return SlackUserGroup(
        id=str(group["id"]),
        handle=str(group.get("handle", "")),
        members=_ids(group.get("users")),
        disabled=bool(group.get("date_delete")),
        changed=_seconds(group.get("date_update")),
    )


def _ids(users: object) -> frozenset[str]:
    return frozenset(map(str, users)) if isinstance(users, list) else frozenset()


def _seconds(value: object) -> int:
    return value if isinstance(value, int) else 0
