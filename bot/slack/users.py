"""Looks up users, user groups and channels in Slack, and remembers the last answers.

What Slack does not tell is unknown.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import NotAllowed, SlackSilent
from bot.requests.directory import User, UserGroup
from bot.requests.model import Person
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.values import JsonObject

MAX_MEMBERS_AGE_SECONDS = 60.0
"""Maximum age of the cached members of a channel."""
MAX_USER_AGE_SECONDS = 300.0
"""Maximum age of a cached user. Events invalidate it earlier."""
_NO_SUCH_USER = frozenset({"user_not_found", "users_not_found", "user_not_visible"})


Rotas = Callable[[Callable[[str], UserGroup | None]], Sequence[UserGroup]]
"""Returns the rotas as user groups, given a function that looks up those of Slack."""


def no_rotas(find: Callable[[str], UserGroup | None]) -> Sequence[UserGroup]:
    """Return no rota."""
    return ()


@dataclass(frozen=True, slots=True)
class SlackUserGroup:
    """A Slack user group. ``members`` are user ids."""

    id: str
    handle: str
    members: frozenset[str]
    disabled: bool = False
    note: str = ""
    """How old or uncertain a rota is."""


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


@dataclass(frozen=True, slots=True)
class SlackUserAnswers:
    """What Slack tells about several users: those it knows, by id, and the ids about whom it did not answer.

    Whoever is in neither does not exist. ``age`` is that of the oldest answer used, in seconds.
    """

    known: Mapping[str, User]
    unknown: frozenset[str] = frozenset()
    age: float = 0.0


class SlackDirectory:
    """Answers from a cache that Slack's events invalidate. ``team_id`` is the workspace of the bot."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        allow_guests: bool = False,
        allow_other_teams: bool = False,
        groups_max_age: float = 300.0,
        monotonic: Callable[[], float] = time.monotonic,
        rotas: Rotas = no_rotas,
    ) -> None:
        """``rotas`` returns the rotas that policy names like user groups."""
        self._client = client
        self._allow_guests = allow_guests
        self._allow_other_teams = allow_other_teams
        self._groups_max_age = groups_max_age
        self._monotonic = monotonic
        self._rotas = rotas
        self._users: dict[str, tuple[float, User]] = {}
        self._channel_names: dict[str, str] = {}
        self._channel_ids: dict[str, str] = {}
        self._channel_members: dict[str, tuple[float, frozenset[str]]] = {}
        self._groups: SlackUserGroups | None = None
        self._change_counts: Counter[str] = Counter()
        """The number of change events, by user id, and under "" for the groups. An answer is not cached if there was an
        event after its question."""
        self._groups_lock = asyncio.Lock()
        self.team_id = ""
        self.bot_user_id = ""
        self._bot_id = ""
        self._app_id = ""

    async def authenticate(self) -> None:
        """Find out the bot's team and user. Raises SlackApiError if the token does not work."""
        answer = await self._client.auth_test()
        self.team_id, self.bot_user_id = str(answer["team_id"]), str(answer["user_id"])
        self._bot_id = str(answer.get("bot_id") or "")

    async def home_url(self) -> str:
        """Return the address that opens the Home tab in Slack; "" if Slack does not tell the id of the app."""
        if not self._app_id and self._bot_id:
            try:
                answer = await self._client.bots_info(bot=self._bot_id)
            except (SlackApiError, *TRANSPORT_ERRORS):
                return ""
            self._app_id = str(answer["bot"].get("app_id") or "")
        return f"slack://app?team={self.team_id}&id={self._app_id}&tab=home" if self._app_id else ""

    async def user(self, user_id: str, team: str = "") -> User:
        """Return a user. Raises SlackSilent if Slack does not answer, NotAllowed if it has no such user."""
        known = self._cached_user(user_id)
        if known is not None:
            return known
        changes_before = self._change_counts[user_id]
        try:
            answer = await self._client.users_info(user=user_id, include_locale=True)
        except SlackApiError as error:
            code = error_code(error)
            if code in _NO_SUCH_USER:
                raise NotAllowed("You are not known in this workspace, so you cannot use Nightshift here.") from error
            raise SlackSilent(f"Slack does not tell who you are ({code}), so nothing was done. Try again.") from error
        except TRANSPORT_ERRORS as error:
            raise SlackSilent("Slack cannot be asked who you are just now, so nothing was done. Try again.") from error
        member = _parse_user(answer["user"], team or self.team_id, self.team_id)
        if self._change_counts[user_id] == changes_before:
            self._users[user_id] = (self._monotonic(), member)
        return member

    async def authorize(self, person: Person) -> User:
        """Return a user who may use the bot. Raises NotAllowed with the reason for anybody else."""
        if person.team != self.team_id and not self._allow_other_teams:
            raise NotAllowed("You are not a member of this workspace, so you cannot use Nightshift here.")
        member = await self.user(person.user, person.team)
        if problem := self.refusal_reason(member):
            raise NotAllowed(problem)
        return member

    def refusal_reason(self, member: User) -> str:
        """Return why a user may not use Nightshift, as a sentence for them; "" if they may."""
        if member.deleted or member.bot:
            return "This account is deactivated or a bot, so it cannot use Nightshift."
        if member.external and not self._allow_other_teams:
            return "People of other organisations cannot use Nightshift here."
        if member.guest and not self._allow_guests:
            return "Guests cannot use Nightshift here. Ask a full member to do this for you."
        return ""

    async def groups(self, max_age: float | None = None) -> SlackUserGroups:
        """Return the user groups with the rotas, at most ``max_age`` seconds old. Raises SlackSilent if Slack does not
        answer.

        Everyone who asks meanwhile waits for the same answer.
        """
        return self._with_rotas(await self._groups_of_slack(max_age))

    async def _groups_of_slack(self, max_age: float | None) -> SlackUserGroups:
        limit = self._groups_max_age if max_age is None else max_age
        async with self._groups_lock:
            if (groups := self._known_groups(limit)) is not None:
                return groups
            changes_before = self._change_counts[""]
            try:
                answer = await self._client.usergroups_list(include_users=True, include_disabled=True)
            except SlackApiError as error:
                if error_code(error) == "plan_upgrade_required":
                    self._groups = SlackUserGroups(read_at=self._monotonic())
                    return self._groups
                raise SlackSilent(
                    f"Slack does not tell who is in which group ({error_code(error)}). Try again soon."
                ) from error
            except TRANSPORT_ERRORS as error:
                raise SlackSilent("Slack cannot be asked who is in which group just now. Try again soon.") from error
            groups = SlackUserGroups({g.id: g for g in map(_parse_group, answer["usergroups"])}, self._monotonic())
            self._groups = groups if self._change_counts[""] == changes_before else None
            return groups

    def last_known_groups(self, max_age: float) -> SlackUserGroups | None:
        """Return the user groups as Slack told them last; None if that is older, or something has changed since."""
        groups = self._known_groups(max_age)
        return None if groups is None else self._with_rotas(groups)

    def _with_rotas(self, groups: SlackUserGroups) -> SlackUserGroups:
        def find(name: str) -> UserGroup | None:
            group = groups.find(name)
            return None if group is None or group.disabled else UserGroup(id=group.id, members=group.members)

        rotas = [SlackUserGroup(r.id, "", r.members, r.disabled, r.note) for r in self._rotas(find)]
        return replace(groups, by_id={**groups.by_id, **{rota.id: rota for rota in rotas}}) if rotas else groups

    def _known_groups(self, max_age: float) -> SlackUserGroups | None:
        groups = self._groups
        return groups if groups is not None and self._monotonic() - groups.read_at < max_age else None

    def age_of(self, groups: SlackUserGroups) -> float:
        """Return how old an answer about the groups is, in seconds."""
        return self._monotonic() - groups.read_at

    async def users(self, users: Iterable[str], stale_age: float = MAX_USER_AGE_SECONDS) -> SlackUserAnswers:
        """Look up several users at once. Where Slack does not answer, an answer up to ``stale_age`` seconds old holds,
        unless that user has changed since."""
        wanted = dict.fromkeys(users)
        cached = {user_id: user for user_id in wanted if (user := self._cached_user(user_id)) is not None}
        missing = [user_id for user_id in wanted if user_id not in cached]
        answers = await asyncio.gather(*map(self.user, missing), return_exceptions=True) if missing else ()
        known, unknown, age = cached, set[str](), 0.0
        for user_id, answer in zip(missing, answers, strict=True):
            match answer:
                case User():
                    known[user_id] = answer
                case SlackSilent():
                    stale = self._cached_user(user_id, stale_age)
                    if stale is None:
                        unknown.add(user_id)
                    else:
                        known[user_id] = stale
                        age = max(age, self._monotonic() - self._users[user_id][0])
                case NotAllowed():
                    pass
                case BaseException():
                    raise answer
        return SlackUserAnswers(known, frozenset(unknown), age)

    async def names_of(self, users: Iterable[str]) -> Mapping[str, str]:
        """Return the names of users by id, as far as Slack tells them."""
        return {user_id: user.name for user_id, user in (await self.users(users)).known.items()}

    def _cached_user(self, user: str, max_age: float = MAX_USER_AGE_SECONDS) -> User | None:
        known = self._users.get(user)
        return known[1] if known and self._monotonic() - known[0] < max_age else None

    async def channel_name(self, channel: str) -> str | None:
        """Return a channel's name without ``#``, "" if it has none; None if Slack does not tell."""
        if not channel:
            return ""
        if channel not in self._channel_names:
            try:
                answer = await self._client.conversations_info(channel=channel)
            except (SlackApiError, *TRANSPORT_ERRORS):
                return None
            self._channel_names[channel] = str(answer["channel"].get("name", ""))
        return self._channel_names[channel]

    async def channel_id(self, name: str) -> str:
        """Return the id of a channel that is configured as ``#name``. Returns an id or an unknown name unchanged."""
        if not name.startswith("#"):
            return name
        if name not in self._channel_ids:
            cursor = ""
            while True:
                answer = await self._client.conversations_list(
                    limit=1000, cursor=cursor, types="public_channel,private_channel", exclude_archived=True
                )
                self._channel_ids |= {f"#{c['name']}": str(c["id"]) for c in answer["channels"]}
                cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
                if not cursor:
                    break
        return self._channel_ids.get(name, name)

    @property
    def listed_channels(self) -> tuple[str, ...]:
        """The channels that Slack has listed, as ``#name``."""
        return tuple(self._channel_ids)

    async def channel_members(self, channel: str) -> frozenset[str] | None:
        """Return the user ids of the members of a channel, by id or #name; None if Slack does not tell."""
        if (known := self.known_channel_members(channel)) is not None:
            return known
        members: set[str] = set()
        cursor = ""
        try:
            channel_id = await self.channel_id(channel)
            while True:
                answer = await self._client.conversations_members(channel=channel_id, limit=1000, cursor=cursor)
                members |= set(map(str, answer["members"]))
                cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
                if not cursor:
                    break
        except (SlackApiError, *TRANSPORT_ERRORS):
            return None
        self._channel_members[channel] = self._monotonic(), frozenset(members)
        return frozenset(members)

    def known_channel_members(self, channel: str) -> frozenset[str] | None:
        """Return what Slack told about the members of a channel a short while ago; None if it must be asked."""
        known = self._channel_members.get(channel)
        return known[1] if known is not None and self._monotonic() - known[0] < MAX_MEMBERS_AGE_SECONDS else None

    def invalidate_channels(self) -> None:
        """Drop the cached members of channels, because somebody has joined one, or one is back."""
        self._channel_members.clear()

    def invalidate_groups(self) -> None:
        """Drop the cached groups, because they have changed."""
        self._change_counts[""] += 1
        self._groups = None

    def invalidate_user(self, user_id: str) -> None:
        """Drop a cached user, because they have changed."""
        self._change_counts[user_id] += 1
        self._users.pop(user_id, None)


def _parse_user(user: JsonObject, team: str, home_team: str) -> User:
    profile = user.get("profile")
    names = profile if isinstance(profile, Mapping) else {}
    own_team = str(user.get("team_id") or team)
    return User(
        person=Person(team=own_team, user=str(user["id"])),
        name=str(names.get("display_name") or names.get("real_name") or user.get("name") or user["id"]),
        zone=str(user.get("tz") or ""),
        locale=str(user.get("locale") or ""),
        deleted=bool(user.get("deleted")),
        bot=bool(user.get("is_bot") or user.get("is_workflow_bot")),
        guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        external=bool(user.get("is_stranger")) or own_team != home_team,
    )


def _parse_group(group: JsonObject) -> SlackUserGroup:
    members = group.get("users")
    return SlackUserGroup(
        id=str(group["id"]),
        handle=str(group.get("handle", "")),
        members=frozenset(map(str, members)) if isinstance(members, list) else frozenset(),
        disabled=bool(group.get("date_delete")),
    )
