"""Who somebody is, asked of Slack: members, guests, strangers, and user groups. Fails closed."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import NotAllowed
from bot.requests.model import Person
from bot.slack.errors import TRANSPORT_ERRORS, code

MEMBER_MAX_AGE = 300.0
"""Seconds for which what Slack said of a user is believed; events make it shorter."""


@dataclass(frozen=True, slots=True)
class Member:
    """A Slack user as far as rights and times go. ``zone`` and ``locale`` are "" where the profile has
    none."""

    person: Person
    name: str
    zone: str = ""
    locale: str = ""
    deleted: bool = False
    bot: bool = False
    guest: bool = False
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A Slack user group. ``members`` are user ids."""

    id: str
    handle: str
    members: frozenset[str]
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Groups:
    """All user groups, as of a moment on the monotonic clock."""

    by_id: Mapping[str, Group] = field(default_factory=dict)
    read_at: float = 0.0

    def find(self, name: str) -> Group | None:
        """A group by id, or by handle with or without @."""
        handle = name.removeprefix("@")
        return self.by_id.get(name) or next((g for g in self.by_id.values() if g.handle == handle), None)

    def of(self, user: str) -> tuple[Group, ...]:
        """The groups that a user is in."""
        return tuple(g for g in self.by_id.values() if user in g.members and not g.disabled)


class People:
    """Answers from a cache that Slack's events keep fresh. ``team`` is the workspace the bot is installed in."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        allow_guests: bool = False,
        allow_other_teams: bool = False,
        groups_max_age: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._allow_guests = allow_guests
        self._allow_other_teams = allow_other_teams
        self._groups_max_age = groups_max_age
        self._monotonic = monotonic
        self._members: dict[str, tuple[float, Member]] = {}
        self._channels: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._groups: Groups | None = None
        self._news: Counter[str] = Counter()
        """Counts what Slack has told of changes, by user id, "" for the groups: an answer that was asked for before one
        is not kept."""
        self._reading = asyncio.Lock()
        self.team = ""
        self.bot_user = ""

    async def introduce(self) -> None:
        """Learn the bot's own team and user. Raises SlackApiError where the token does not work."""
        answer = await self._client.auth_test()
        self.team, self.bot_user = str(answer["team_id"]), str(answer["user_id"])

    async def member(self, user: str, team: str = "") -> Member:
        """What Slack says of a user. Raises NotAllowed where Slack does not tell."""
        known = self._known(user)
        if known is not None:
            return known
        news = self._news[user]
        try:
            answer = await self._client.users_info(user=user, include_locale=True)
        except SlackApiError as error:
            raise NotAllowed(f"Slack does not tell who you are ({code(error)}), so nothing was done.") from error
        except TRANSPORT_ERRORS as error:
            raise NotAllowed("Slack cannot be asked who you are just now, so nothing was done. Try again.") from error
        member = _member(answer["user"], team or self.team, self.team)
        if self._news[user] == news:
            self._members[user] = (self._monotonic(), member)
        return member

    async def admit(self, person: Person) -> Member:
        """The member, if they may use the bot at all. Raises NotAllowed with the reason."""
        if person.team != self.team and not self._allow_other_teams:
            raise NotAllowed("You are not a member of this workspace, so you cannot use Nightshift here.")
        member = await self.member(person.user, person.team)
        if member.deleted or member.bot:
            raise NotAllowed("This account is deactivated or a bot, so it cannot use Nightshift.")
        if member.stranger and not self._allow_other_teams:
            raise NotAllowed("People of other organisations cannot use Nightshift here.")
        if member.guest and not self._allow_guests:
            raise NotAllowed("Guests cannot use Nightshift here. Ask a full member to do this for you.")
        return member

    async def groups(self, max_age: float | None = None) -> Groups:
        """The user groups, at most ``max_age`` seconds old. Raises NotAllowed where Slack does not tell."""
        limit = self._groups_max_age if max_age is None else max_age
        async with self._reading:
            if self._groups is not None and self._monotonic() - self._groups.read_at < limit:
                return self._groups
            news = self._news[""]
            try:
                answer = await self._client.usergroups_list(include_users=True, include_disabled=True)
            except SlackApiError as error:
                if code(error) == "plan_upgrade_required":
                    self._groups = Groups(read_at=self._monotonic())
                    return self._groups
                raise NotAllowed(
                    f"Slack does not tell who is in which group ({code(error)}). Try again soon."
                ) from error
            except TRANSPORT_ERRORS as error:
                raise NotAllowed("Slack cannot be asked who is in which group just now. Try again soon.") from error
            found = Groups({g.id: g for g in map(_group, answer["usergroups"])}, self._monotonic())
            self._groups = found if self._news[""] == news else None
            return found

    async def all_members(self, users: Sequence[str]) -> dict[str, Member]:
        """Several members at once; those that Slack does not tell of are left out."""
        known = {user: member for user in users if (member := self._known(user)) is not None}
        asked = [self.member(user) for user in users if user not in known]
        found = await asyncio.gather(*asked, return_exceptions=True) if asked else ()
        return known | {m.person.user: m for m in found if isinstance(m, Member)}

    def _known(self, user: str) -> Member | None:
        known = self._members.get(user)
        return known[1] if known and self._monotonic() - known[0] < MEMBER_MAX_AGE else None

    async def channel_name(self, channel: str) -> str:
        """A channel's name without ``#``; "" where Slack does not tell."""
        if not channel:
            return ""
        if channel not in self._channels:
            try:
                answer = await self._client.conversations_info(channel=channel)
            except (SlackApiError, *TRANSPORT_ERRORS):
                return ""
            self._channels[channel] = str(answer["channel"].get("name", ""))
        return self._channels[channel]

    async def channel_id(self, name: str) -> str:
        """The id of a channel that is configured as ``#name``; an id is given back as it is, an unknown name too."""
        if not name.startswith("#"):
            return name
        if name not in self._ids:
            cursor = ""
            while True:
                answer = await self._client.conversations_list(
                    limit=1000, cursor=cursor, types="public_channel,private_channel", exclude_archived=True
                )
                self._ids |= {f"#{c['name']}": str(c["id"]) for c in answer["channels"]}
                cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
                if not cursor:
                    break
        return self._ids.get(name, name)

    def forget_groups(self) -> None:
        """Groups have changed: ask again."""
        self._news[""] += 1
        self._groups = None

    def forget_member(self, user: str) -> None:
        """A user has changed: ask again."""
        self._news[user] += 1
        self._members.pop(user, None)


def _member(user: Mapping[str, Any], team: str, home: str) -> Member:
    profile = user.get("profile") or {}
    own_team = str(user.get("team_id") or team)
    return Member(
        person=Person(team=own_team, user=str(user["id"])),
        name=str(profile.get("display_name") or profile.get("real_name") or user.get("name") or user["id"]),
        zone=str(user.get("tz") or ""),
        locale=str(user.get("locale") or ""),
        deleted=bool(user.get("deleted")),
        bot=bool(user.get("is_bot") or user.get("is_workflow_bot")),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        stranger=bool(user.get("is_stranger")) or own_team != home,
    )


def _group(group: Mapping[str, Any]) -> Group:
    return Group(
        id=str(group["id"]),
        handle=str(group.get("handle", "")),
        members=frozenset(group.get("users") or ()),
        disabled=bool(group.get("date_delete")),
    )
