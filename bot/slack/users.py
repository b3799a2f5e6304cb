"""The directory of Slack: users, user groups and channels. What Slack does not tell is unknown."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import Clock
from bot.errors import NotAllowed
from bot.requests.directory import User, UserGroup
from bot.requests.model import Person
from bot.slack.channel_lookup import ChannelLookup
from bot.slack.error_codes import TRANSPORT_ERRORS
from bot.slack.groups import GroupLookup, SlackUserGroup, SlackUserGroups
from bot.slack.rate_limits import MinuteWindow
from bot.slack.reader import SlackReader, Sleep
from bot.slack.user_listing import UserListing
from bot.slack.user_lookup import (
    MAX_KEPT_AGE_SECONDS,
    MAX_USER_AGE_SECONDS,
    SlackUserAnswers,
    UserLookup,
)
from bot.storage.database import Database
from bot.values import JsonObject

Rotas = Callable[[Callable[[str], UserGroup | None]], Sequence[UserGroup]]
"""Returns the rotas as user groups, given a function that looks up those of Slack."""


def no_rotas(find: Callable[[str], UserGroup | None]) -> Sequence[UserGroup]:
    """Return no rota."""
    return ()


class SlackDirectory:
    """Answers from what is stored and cached, which Slack's events keep. ``team_id`` is the workspace of the bot."""

    def __init__(
        self,
        client: AsyncWebClient,
        *,
        db: Database | None = None,
        allow_guests: bool = False,
        allow_other_teams: bool = False,
        groups_max_age: float = 300.0,
        pace: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        clock: Clock | None = None,
        rotas: Rotas = no_rotas,
    ) -> None:
        """``rotas`` returns the rotas that policy names like user groups. ``pace`` is a factor on Slack's rates."""
        self._client = client
        self._db = db
        self._allow_guests = allow_guests
        self._allow_other_teams = allow_other_teams
        self._groups_max_age = groups_max_age
        self._rotas = rotas
        self._pace, self._clock, self._sleep = pace, clock, sleep
        self._monotonic = monotonic

        def now() -> float:
            return self._monotonic()

        self._reader = SlackReader(MinuteWindow(now, multiplier=pace), sleep=sleep, monotonic=now)
        self.people = UserLookup(client, self._reader, db, lambda: self.team_id, clock, now)
        self.user_groups = GroupLookup(client, self._reader, now)
        self.channels = ChannelLookup(client, self._reader, now)
        self.team_id = ""
        self.bot_user_id = ""
        self._bot_id = ""
        self._app_id = ""

    async def authenticate(self) -> None:
        """Find out the bot's team and user. Raises SlackApiError if the token does not work."""
        answer = await self._client.auth_test()
        self.team_id, self.bot_user_id = str(answer["team_id"]), str(answer["user_id"])
        self._bot_id = str(answer.get("bot_id") or "")

    def listing(self) -> UserListing:
        """Return what lists all users."""
        assert self._db is not None
        return UserListing(
            self._client,
            self._reader,
            self.people,
            self._db,
            team=self.team_id,
            pace=self._pace,
            clock=self._clock,
            sleep=self._sleep,
        )

    async def home_url(self) -> str:
        """Return the address that opens the Home tab in Slack; "" if Slack does not tell the id of the app."""
        if not self._app_id and self._bot_id:
            try:
                answer = await self._client.bots_info(bot=self._bot_id)
            except (SlackApiError, *TRANSPORT_ERRORS):
                return ""
            self._app_id = str(answer["bot"].get("app_id") or "")
        return f"slack://app?team={self.team_id}&id={self._app_id}&tab=home" if self._app_id else ""

    # Users

    async def user(self, user_id: str, team: str = "", max_age: float = MAX_KEPT_AGE_SECONDS) -> User:
        """Return a user. Raises SlackSilent if Slack does not answer, NotAllowed if it has no such user."""
        return await self.people.user(user_id, team, max_age)

    async def users(
        self,
        users: Iterable[str],
        stale_age: float = MAX_USER_AGE_SECONDS,
        acting: Collection[str] = (),
        *,
        recheck: bool = False,
    ) -> SlackUserAnswers:
        """Look up several users at once, like ``UserLookup.users``."""
        return await self.people.users(users, stale_age, acting, recheck=recheck)

    async def names_of(self, users: Iterable[str]) -> Mapping[str, str]:
        """Return the names of users by id, as far as Slack tells them."""
        return {user_id: user.name for user_id, user in (await self.users(users)).known.items()}

    async def known_zones(self, users: Iterable[str]) -> frozenset[str] | None:
        """Return the time zones of users without asking Slack; None if one of them is not known, or they are many."""
        return await self.people.known_zones(users)

    async def authorize(self, person: Person) -> User:
        """Return a user who may use the bot, with the workspace of the bot as theirs if they belong to it.

        Raises NotAllowed with the reason for anybody else, SlackSilent if Slack does not answer.
        """
        member = await self.user(person.user, person.team, MAX_USER_AGE_SECONDS)
        if person.team != self.team_id and member.person.team != self.team_id and not self._allow_other_teams:
            raise NotAllowed("You are not a member of this workspace, so you cannot use Nightshift here.")
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

    async def on_user_changed(self, user: JsonObject) -> None:
        """Take over a user as Slack reports them."""
        await self.people.on_user_changed(user)

    def invalidate_user(self, user_id: str) -> None:
        """Forget a user, because they have changed."""
        self.people.invalidate(user_id)

    # User groups

    async def groups(self, max_age: float | None = None) -> SlackUserGroups:
        """Return the user groups with the rotas, at most ``max_age`` seconds old. Raises SlackSilent if Slack does not
        answer."""
        limit = self._groups_max_age if max_age is None else max_age
        return self._with_rotas(await self.user_groups.groups(limit))

    def last_known_groups(self, max_age: float) -> SlackUserGroups | None:
        """Return the user groups as Slack told them last; None if that is older, or something has changed since."""
        groups = self.user_groups.last_known(max_age)
        return None if groups is None else self._with_rotas(groups)

    def _with_rotas(self, groups: SlackUserGroups) -> SlackUserGroups:
        def find(name: str) -> UserGroup | None:
            group = groups.find(name)
            return None if group is None or group.disabled else UserGroup(id=group.id, members=group.members)

        rotas = [SlackUserGroup(r.id, "", r.members, r.disabled, r.note) for r in self._rotas(find)]
        return replace(groups, by_id={**groups.by_id, **{rota.id: rota for rota in rotas}}) if rotas else groups

    def age_of(self, groups: SlackUserGroups) -> float:
        """Return how old an answer about the groups is, in seconds."""
        return self.user_groups.age_of(groups)

    def invalidate_groups(self) -> None:
        """Drop the cached groups, because they have changed."""
        self.user_groups.invalidate()

    # Channels

    async def channel_name(self, channel: str) -> str | None:
        """Return a channel's name without ``#``, "" if it has none; None if Slack does not tell."""
        return await self.channels.name(channel)

    async def channel_id(self, name: str) -> str:
        """Return the id of a channel that is configured as ``#name``. Returns an id or an unknown name unchanged."""
        return await self.channels.id_of(name)

    @property
    def listed_channels(self) -> tuple[str, ...]:
        """The channels that Slack has listed, as ``#name``."""
        return self.channels.listed

    async def channel_members(self, channel: str) -> frozenset[str] | None:
        """Return the user ids of the members of a channel, by id or #name; None if Slack does not tell."""
        return await self.channels.members(channel)

    def known_channel_members(self, channel: str) -> frozenset[str] | None:
        """Return what Slack told about the members of a channel a short while ago; None if it must be asked."""
        return self.channels.known_members(channel)

    def invalidate_channels(self) -> None:
        """Drop the cached members of channels, because one is back, or has become another."""
        self.channels.invalidate()
