"""The channels of Slack: their names, ids and members, kept by what Slack reports of changes."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import SlackBusy
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.slack.reader import SlackReader

MAX_MEMBERS_AGE_SECONDS = 600.0
"""Maximum age of the cached members of a channel. Joining and leaving count at once."""
LISTING_PATIENCE_SECONDS = 300.0
"""How long the listing of all channels waits for Slack's rates, for each page."""
MIN_SECONDS_BETWEEN_LISTINGS = 600.0
"""Minimum interval between two listings because of a name that no channel has."""
_PAGE = 999
_TYPES = "public_channel,private_channel"
_log = structlog.get_logger(__name__)
_UNAVAILABLE = (SlackApiError, SlackBusy, *TRANSPORT_ERRORS)


class ChannelLookup:
    """Answers from memory, then from Slack. The bot's own channels are listed first: those are few."""

    def __init__(
        self, client: AsyncWebClient, reader: SlackReader, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client = client
        self._reader = reader
        self._monotonic = monotonic
        self._names: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._changes = 0
        self._own_listed_at = float("-inf")
        self._all_listed_at = float("-inf")
        self._listing: asyncio.Task[None] | None = None

    async def name(self, channel: str) -> str | None:
        """Return a channel's name without ``#``, "" if it has none; None if Slack does not tell."""
        if not channel:
            return ""
        if channel not in self._names:
            try:
                answer = await self._reader.ask(
                    "conversations.info", channel, lambda: self._client.conversations_info(channel=channel)
                )
            except _UNAVAILABLE:
                return None
            self._names[channel] = str(answer["channel"].get("name", ""))
        return self._names[channel]

    async def id_of(self, name: str) -> str:
        """Return the id of a channel that is configured as ``#name``. Returns an id or an unknown name unchanged.

        Lists all channels if need be, which takes minutes in a large workspace. Raises SlackApiError, SlackBusy and the
        transport's errors.
        """
        if not name.startswith("#"):
            return name
        if name.lower() not in self._ids:
            await self._list_own()
        if name.lower() not in self._ids and self._may_list(self._all_listed_at):
            await asyncio.shield(self._list_all_once())
        return self._ids.get(name.lower(), name)

    async def id_to_post_in(self, name: str) -> str:
        """Return like ``id_of``, and the name while all channels are still listed: Slack posts to a name, too."""
        if not name.startswith("#"):
            return name
        if name.lower() not in self._ids:
            try:
                await self._list_own()
            except _UNAVAILABLE as error:
                _log.info("own channels not listed", why=_cause(error))
        if name.lower() not in self._ids and self._may_list(self._all_listed_at):
            self._list_all_once()
        return self._ids.get(name.lower(), name)

    def learn_id(self, name: str, channel: str) -> None:
        """Remember under which id Slack posted to a name."""
        if name.startswith("#") and channel and not channel.startswith("#"):
            self._ids[name.lower()] = channel

    @property
    def listed(self) -> tuple[str, ...]:
        """The channels that Slack has listed, as ``#name``."""
        return tuple(self._ids)

    def _may_list(self, listed_at: float) -> bool:
        return self._monotonic() - listed_at >= MIN_SECONDS_BETWEEN_LISTINGS

    async def _list_own(self) -> None:
        """List the channels that the bot is in, unless that was done since the last change."""
        if not self._may_list(self._own_listed_at):
            return
        changes = self._changes

        async def page(cursor: str) -> AsyncSlackResponse:
            return await self._client.users_conversations(
                limit=_PAGE, cursor=cursor, types=_TYPES, exclude_archived=True
            )

        await self._list("users.conversations", page, patience=2.0)
        if self._changes == changes:
            self._own_listed_at = self._monotonic()

    def _list_all_once(self) -> "asyncio.Task[None]":
        """Return the listing of all channels that is under way, begun if there is none."""
        if self._listing is None or self._listing.done():
            self._listing = asyncio.ensure_future(self._list_all())
            self._listing.add_done_callback(lambda done: done.cancelled() or done.exception())
        return self._listing

    async def _list_all(self) -> None:
        async def page(cursor: str) -> AsyncSlackResponse:
            return await self._client.conversations_list(
                limit=_PAGE, cursor=cursor, types=_TYPES, exclude_archived=True
            )

        try:
            await self._list("conversations.list", page, patience=LISTING_PATIENCE_SECONDS)
        except _UNAVAILABLE as error:
            _log.info("channels not listed", why=_cause(error))
            raise
        self._all_listed_at = self._monotonic()

    async def _list(
        self, method: str, page: Callable[[str], Awaitable[AsyncSlackResponse]], *, patience: float
    ) -> None:
        cursor = ""
        while True:
            at = cursor
            answer = await self._reader.ask(method, at, lambda at=at: page(at), patience=patience)  # type: ignore[misc]
            self._ids |= {f"#{c['name']}".lower(): str(c["id"]) for c in answer["channels"]}
            cursor = _next_cursor(answer)
            if not cursor:
                return

    async def members(self, channel: str) -> frozenset[str] | None:
        """Return the user ids of the members of a channel, by id or #name; None if Slack does not tell."""
        try:
            channel_id = await self.id_of(channel)
            if (known := self.known_members(channel_id)) is not None:
                return known
            return await self._read_members(channel_id)
        except _UNAVAILABLE:
            return None

    def known_members(self, channel: str) -> frozenset[str] | None:
        """Return the members of a channel, by id or #name, as they are known without asking Slack; None if not."""
        known = self._members.get(self._ids.get(channel.lower(), channel))
        return known[1] if known is not None and self._monotonic() - known[0] < MAX_MEMBERS_AGE_SECONDS else None

    async def _read_members(self, channel: str) -> frozenset[str]:
        members: set[str] = set()
        cursor, changes = "", self._changes
        while True:
            at = cursor
            answer = await self._reader.ask(
                "conversations.members",
                (channel, at, changes),
                lambda at=at: self._client.conversations_members(channel=channel, limit=_PAGE, cursor=at),  # type: ignore[misc]
            )
            members |= set(map(str, answer["members"]))
            cursor = _next_cursor(answer)
            if not cursor:
                break
        if self._changes == changes:
            self._members[channel] = self._monotonic(), frozenset(members)
        return frozenset(members)

    # What Slack reports

    def invalidate(self) -> None:
        """Drop the names and members of all channels, because one is back, or has become another."""
        self._changes += 1
        self._names.clear()
        self._members.clear()
        self._own_listed_at = self._all_listed_at = float("-inf")

    def on_joined(self, channel: str, user: str) -> None:
        """Count somebody as a member of a channel."""
        self._change_members(channel, lambda members: members | {user})

    def on_left(self, channel: str, user: str) -> None:
        """Count somebody no more as a member of a channel."""
        self._change_members(channel, lambda members: members - {user})

    def on_id_changed(self, old: str, new: str) -> None:
        """Use the new id of a channel."""
        self.invalidate()
        self._ids = {name: new if channel == old else channel for name, channel in self._ids.items()}

    def on_renamed(self, channel: str, name: str) -> None:
        """Take over the new name of a channel. The old one still leads to it, as settings may name it."""
        self._names[channel] = name
        self._ids[f"#{name}".lower()] = channel

    def _change_members(self, channel: str, change: Callable[[frozenset[str]], frozenset[str]]) -> None:
        self._changes += 1
        if (known := self._members.get(channel)) is not None:
            self._members[channel] = known[0], change(known[1])


def _next_cursor(answer: AsyncSlackResponse) -> str:
    metadata = answer.get("response_metadata")
    return str(metadata.get("next_cursor") or "") if isinstance(metadata, Mapping) else ""


def _cause(error: Exception) -> str:
    return error_code(error) if isinstance(error, SlackApiError) else str(error) or type(error).__name__
