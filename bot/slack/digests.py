"""Holds direct messages that come soon after another one, or in somebody's quiet hours, and makes one of several."""

import html
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bot.clock import Clock
from bot.errors import NightshiftError, NotFound
from bot.requests.directory import is_user
from bot.requests.model import Person
from bot.requests.notify.events import Event
from bot.requests.notify.preferences import Preferences, quiet_until
from bot.requests.text import count_noun
from bot.slack.outdated import is_outdated
from bot.slack.projection import RenderedMessage
from bot.slack.users import SlackDirectory
from bot.storage import messages, person_settings
from bot.storage.database import Database
from bot.storage.messages import Message

MAX_HOLD = timedelta(minutes=9)
"""How long a message is held before it is looked at again: people may have changed their quiet hours."""
_HELD_KINDS = ("note", "outcome", "approval")
_MAX_LINES = 20
MAX_RESULTS_AT_ONCE = 3
"""How many results somebody is told one by one before the next ones wait to become one message."""

Render = Callable[[Message], Awaitable[RenderedMessage]]


class Digests:
    """Decides which direct messages wait, and merges those that waited for one person.

    ``seconds`` is how long after a direct message the next ones wait; 0 sends each at once.
    """

    def __init__(
        self,
        db: Database,
        slack_directory: SlackDirectory,
        clock: Clock,
        seconds: float,
        default_zone: str = "UTC",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._slack_directory = slack_directory
        self._clock = clock
        self._seconds = seconds
        self._default_zone = default_zone
        self._monotonic = monotonic
        self._last_posted: dict[str, float] = {}
        self._results_posted: dict[str, list[float]] = {}

    def note_posted(self, message: Message) -> None:
        """Remember that somebody has just got a direct message."""
        if not self._seconds or not is_user(message.recipient):
            return
        now = self._monotonic()
        self._last_posted[message.recipient] = now
        if _is_result(message):
            earlier = self._results_posted.get(message.recipient, [])
            self._results_posted[message.recipient] = [at for at in earlier if now - at < self._seconds] + [now]

    async def hold(self, message: Message) -> timedelta | None:
        """Return how long a message must wait; None if it may go now."""
        if not _is_news(message) or _is_urgent(message):
            return None
        since = self._monotonic() - self._last_posted.get(message.recipient, float("-inf"))
        waits = since < self._seconds and not (_is_result(message) and self._has_few_results(message.recipient))
        soon = timedelta(seconds=self._seconds - since) if waits else timedelta()
        until = await self._quiet_until(message.recipient)
        quiet = until - self._clock.now() if until is not None else timedelta()
        wait = min(max(soon, quiet), MAX_HOLD)
        return wait if wait > timedelta() else None

    def _has_few_results(self, recipient: str) -> bool:
        """Return whether another result can be told at once without flooding somebody."""
        since = self._monotonic() - self._seconds
        return sum(at > since for at in self._results_posted.get(recipient, ())) < MAX_RESULTS_AT_ONCE

    async def merge(self, waiting: Sequence[Message], render: Render, node: str) -> Sequence[Message]:
        """Return what is to be sent of the messages for one person: those that can wait become one if there are several
        of them. It is stored, and is sent in the next round."""
        waiting = await self._without_outdated(waiting, node)
        kept = waiting if self._seconds else ()
        for is_urgent in (True, False):
            several = [m for m in kept if _is_news(m) and _is_urgent(m) is is_urgent]
            if len(several) > 1 and await self.hold(several[0]) is None:
                await self._replace(several, render, node)
                kept = [message for message in kept if message not in several]
        return kept if self._seconds else waiting

    async def _without_outdated(self, waiting: Sequence[Message], node: str) -> Sequence[Message]:
        """Delete the messages that waited until they were not true any more. Returns the others."""
        outdated = [m for m in waiting if _is_news(m) and await is_outdated(self._db, self._clock, m)]
        if not outdated:
            return waiting
        async with self._db.write() as tx:
            is_deleted = await messages.delete_unsent(tx, [message.id for message in outdated], node)
        return [message for message in waiting if message not in outdated] if is_deleted else waiting

    async def _replace(self, several: Sequence[Message], render: Render, node: str) -> None:
        """Store one message in place of several. Another node that has them now sends them itself."""
        lines: list[JsonValue] = [line for message in several if (line := await _line(message, render))]
        since = await self._since(several)
        text = f"{count_noun(len(lines), 'messages')} since {since}. Home shows what needs you."
        if len(lines) > _MAX_LINES:
            lines = [*lines[:_MAX_LINES], f"and {len(lines) - _MAX_LINES} more"]
        facts: dict[str, JsonValue] = {"text": text, "lines": lines, "home": True, "urgent": True}
        async with self._db.write() as tx:
            is_deleted = await messages.delete_unsent(tx, [message.id for message in several], node)
            if is_deleted and lines:
                await messages.add(tx, self._clock.now(), "note", several[0].recipient, facts=facts)

    async def _since(self, several: Sequence[Message]) -> str:
        """Return when the first of several messages came, as their recipient reads it; with the day if that is over."""
        first = min(message.created_at for message in several)
        person, preferences = await self._preferences_of(several[0].recipient)
        zone = ZoneInfo(await self._zone_of(person, preferences))
        local = first.astimezone(zone)
        is_today = local.date() == self._clock.now().astimezone(zone).date()
        return f"{local:%H:%M}" if is_today else f"{local:%a %H:%M}"

    async def _quiet_until(self, user: str) -> datetime | None:
        person, preferences = await self._preferences_of(user)
        if preferences.quiet == "off":
            return None
        return quiet_until(preferences.quiet, await self._zone_of(person, preferences), self._clock.now())

    async def _preferences_of(self, user: str) -> tuple[Person, Preferences]:
        person = Person(team=self._slack_directory.team_id, user=user)
        async with self._db.read() as tx:
            return person, await person_settings.preferences_of(tx, person)

    async def _zone_of(self, person: Person, preferences: Preferences) -> str:
        if preferences.zone:
            return preferences.zone
        try:
            return (await self._slack_directory.user(person.user, person.team)).zone or self._default_zone
        except NightshiftError:
            return self._default_zone


def _is_news(message: Message) -> bool:
    """Return whether a message is news to one person, and was not sent yet."""
    is_new = not message.ts and message.first_sent_at is None and message.parent_id is None
    return is_new and message.kind in _HELD_KINDS and is_user(message.recipient) and not message.facts.get("home")


def _is_result(message: Message) -> bool:
    """Return whether a message says how something ended. It does not wait behind other news."""
    return message.kind == "outcome" or message.facts.get("event") in (Event.ENDED, Event.FAILED, Event.UNKNOWN)


def _is_urgent(message: Message) -> bool:
    """Return whether a message waits for nothing. What stands for several has waited already."""
    return bool(message.facts.get("urgent"))


async def _line(message: Message, render: Render) -> str:
    """Return a message in one line; "" if what it was about is gone."""
    try:
        return html.unescape((await render(message)).text)
    except NotFound:
        return ""
