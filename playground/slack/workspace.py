"""The state of the workspace, its ids and timestamps, and who can see what."""

import itertools
import secrets
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.clock import Clock
from playground.slack.changes import WAIT_SECONDS, Change, Changes, Kind
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.faults import Faults
from playground.slack.journal import Exchange, Journal
from playground.slack.model import (
    Channel,
    File,
    Message,
    ResponseUrl,
    Team,
    Trigger,
    User,
    UserGroup,
    View,
    with_block_ids,
)
from playground.slack.settings import Settings


class Workspace:
    """A Slack workspace with one app installed. State only; ``changes`` announces each change."""

    def __init__(self, team: Team, bot: User, settings: Settings, clock: Clock, journal: Journal) -> None:
        self.team = team
        self.bot = bot
        self.settings = settings
        self.clock = clock
        self.journal = journal
        self.changes = Changes()
        self.faults = Faults()
        self.users: dict[str, User] = {bot.id: bot}
        self.usergroups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.socket_tickets: dict[str, float] = {}
        self.ephemerals: dict[str, list[Message]] = {}
        self.posts: list[Message] = []
        self.base_url = ""
        self.uninstalled = False
        self._ids = itertools.count(1)
        self._last_ts = 0
        journal.on_write = lambda entry: self.announce("exchange", entry)
        self.faults.on_change = lambda: self.announce("fault")

    # Ids and times

    def new_id(self, prefix: str = "") -> str:
        """An id that looks like Slack's: the prefix and capital letters or digits."""
        number = next(self._ids)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        tail = ""
        while number:
            number, rest = divmod(number, 36)
            tail = digits[rest] + tail
        return f"{prefix or 'b'}{tail:0>9}"

    def new_ts(self) -> str:
        """A message timestamp: the clock's time, never the same twice and never going back."""
        now = int(self.clock.now().timestamp() * 1_000_000)
        self._last_ts = max(now, self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_hash(self) -> str:
        return f"{int(self.clock.now().timestamp())}.{secrets.token_hex(4)}"

    def new_trigger(self, user: str, view: View | None = None) -> Trigger:
        """A trigger id for an interaction of ``user``; old ones are forgotten."""
        now = time.monotonic()
        for old in [t for t in itertools.islice(self.triggers.values(), 50) if now - t.created_at > 600]:
            del self.triggers[old.id]
        trigger = Trigger(f"{next(self._ids)}.{int(now * 1000)}.{secrets.token_hex(16)}", user, now, view)
        self.triggers[trigger.id] = trigger
        return trigger

    def new_ticket(self) -> str:
        """A ticket that opens one Socket Mode connection."""
        ticket = secrets.token_urlsafe(18)
        self.socket_tickets[ticket] = time.monotonic()
        return ticket

    def new_response_url(self, user: str, channel: Channel, message: Message | None = None) -> str:
        now = time.monotonic()
        for old in [u for u in itertools.islice(self.response_urls.values(), 50) if now - u.created_at > 3600]:
            del self.response_urls[old.token]
        token = secrets.token_urlsafe(18)
        self.response_urls[token] = ResponseUrl(token, user, channel, now, message)
        return f"{self.base_url}/actions/{self.team.id}/{token}"

    # Finding

    def user_by_name(self, name: str) -> User:
        """The user of a name (``alice`` or ``@alice``) or id. Raises KeyError."""
        wanted = name.removeprefix("@")
        found = self.users.get(wanted) or next((u for u in self.users.values() if u.name == wanted), None)
        if found is None:
            raise KeyError(f"There is nobody called {name} here; there are {', '.join(u.name for u in self.people)}.")
        return found

    def channel_by_name(self, name: str) -> Channel:
        """The channel of a name (``#ops`` or ``ops``) or id. Raises KeyError."""
        wanted = name.removeprefix("#")
        found = self.channels.get(wanted)
        found = found or next((c for c in self.channels.values() if c.name == wanted and c.kind != "im"), None)
        if found is None:
            names = ", ".join(f"#{c.name}" for c in self.channels.values() if c.kind != "im")
            raise KeyError(f"There is no channel {name} here; there are {names}.")
        return found

    @property
    def people(self) -> list[User]:
        return [user for user in self.users.values() if not user.is_bot]

    def display_name(self, what: str, ident: str) -> str:
        """How a mention is shown: ``@alice``, ``#ops``, ``@sre``."""
        if what == "user" and ident in self.users:
            return f"@{self.users[ident].name}"
        if what == "channel" and ident in self.channels:
            return f"#{self.channels[ident].name}"
        if what == "usergroup" and ident in self.usergroups:
            return f"@{self.usergroups[ident].handle}"
        return f"@{ident}"

    def can_see(self, user: str, message: Message) -> bool:
        """Whether a person can see a message."""
        if message.deleted or (message.ephemeral_for and message.ephemeral_for != user):
            return False
        return user in message.channel.members

    def visible_messages(self, user: str) -> Iterable[Message]:
        """The messages that a person can see, newest first, threads and ephemeral messages included."""
        return (m for m in reversed(self.posts) if self.can_see(user, m))

    # Changing

    def announce(self, kind: Kind, what: Any = None, user: str = "") -> None:
        self.changes.announce(Change(kind, what, user))

    def add_channel(self, name: str, members: Iterable[str] = (), **flags: Any) -> Channel:
        """Add a channel; ``members`` are names. The bot is in only if it is named."""
        ids = {self.user_by_name(m).id for m in members}
        channel = Channel(self.new_id("C"), name.removeprefix("#"), members=ids, **flags)
        self.channels[channel.id] = channel
        self.announce("channel", channel)
        return channel

    def user_group(self, handle: str) -> UserGroup:
        """The user group of a handle (``@sre`` or ``sre``), created if there is none."""
        plain = handle.removeprefix("@")
        group = next((g for g in self.usergroups.values() if g.handle == plain), None)
        if group is None:
            group = UserGroup(self.new_id("S"), plain, handle, [])
            self.usergroups[group.id] = group
        return group

    def im(self, user: str) -> Channel:
        """The direct messages between the bot and a person, opened if necessary. Raises ApiError."""
        found = next((c for c in self.channels.values() if c.peer == user), None)
        person = self.users.get(user)
        if person is None or user == self.bot.id:
            raise ApiError("user_not_found")
        if person.deleted:
            raise ApiError("user_disabled")
        if found is None:
            found = Channel(self.new_id("D"), person.name, "im", {user, self.bot.id}, peer=user)
            self.channels[found.id] = found
            self.announce("channel", found)
        return found

    def post(self, channel: Channel, user: str, text: str, blocks: list[Json] | None = None, **more: Any) -> Message:
        """Post a message. ``more`` are fields of Message."""
        filled = with_block_ids(blocks or [], self.new_id)
        message = Message(self.new_ts(), channel, user, text, self.display_name, filled, **more)
        if user == self.bot.id:
            message.bot_id, message.app_id = self.settings.bot_id, self.settings.app_id
        self.posts.append(message)
        if message.ephemeral_for:
            self.ephemerals.setdefault(message.ephemeral_for, []).append(message)
        else:
            channel.add(message)
        self.announce("ephemeral" if message.ephemeral_for else "message", message, message.ephemeral_for)
        return message

    def edit(self, message: Message, text: str, blocks: list[Json] | None, *, edited: bool) -> None:
        """Give a message new content. ``blocks`` None keeps the ones it has."""
        message.fallback_text = text
        if blocks is not None:
            message.blocks = with_block_ids(blocks, self.new_id)
        if edited:
            message.edited = {"user": message.user, "ts": self.new_ts()}
        self.announce("ephemeral" if message.ephemeral_for else "message", message, message.ephemeral_for)

    def remove(self, message: Message) -> None:
        if message.ephemeral_for:
            message.deleted = True
            self.ephemerals[message.ephemeral_for].remove(message)
        else:
            message.channel.remove(message)
        self.posts.remove(message)
        self.announce("message", message, message.ephemeral_for)

    def record_exchange(self, started: float, **fields: Any) -> None:
        """Write an exchange to the journal; ``started`` is when it began, by the monotonic clock."""
        ms = round((time.monotonic() - started) * 1000, 2)
        self.journal.write(Exchange(at=_iso(self.clock.now()), ms=ms, **fields))

    def record_invalid_response(self, name: str, body: Any, code: str, messages: tuple[str, ...], user: str) -> None:
        """Record that Slack could not use the body with which the bot acknowledged an interaction."""
        self.record_exchange(
            time.monotonic(), direction="from_bot", kind="answer", name=name, payload=body, answer=None,
            error=code, messages=messages, user=user,
        )  # fmt: skip

    async def wait_until(self, predicate: Any, timeout: float = WAIT_SECONDS) -> Any:
        """Wait for a predicate to be true. Raises TimeoutError."""
        found = await self.changes.wait_until(predicate, timeout)
        if not found:
            raise TimeoutError(f"It did not come true within {timeout} s.")
        return found


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")
