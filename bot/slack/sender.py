"""The one sender: it makes Slack show what the database wants shown, at Slack's pace, and never gives up on an outcome.

Several changes of one card become one update. A message that Slack could not take waits in the database, through
restarts too. Before a message whose first sending was cut off is sent again, Slack is asked whether it has it.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import DBAPIError

from bot import crashpoints
from bot.clock import Clock
from bot.errors import NightshiftError, NotFound
from bot.slack.errors import GONE, LOST, TRANSPORT_ERRORS, code, retry_after
from bot.slack.pace import Pace
from bot.slack.people import People
from bot.slack.projection import Rendered, render
from bot.storage import messages
from bot.storage.database import Database, Tx
from bot.storage.messages import Message

EVENT_TYPE = "nightshift_message"
BUSY = timedelta(seconds=30)
"""How long a message is claimed. Longer than one call takes; what a node that died had claimed waits so long."""
LONGEST_CALL = timedelta(seconds=16)
"""A call of Slack that has begun is over after so long, whatever became of the process that made it."""
STALE_SECONDS = 5.0
"""How old the mark may be with which a message is posted."""
EARLY = 0.002
"""Timers may fire so many seconds before their time; what is looked at then would not be due yet."""
LONGEST_WAIT = 60.0
SOON = 5.0
"""Seconds: what waits no longer than this wakes the sender by itself."""
LOOK_BACK = 200
AROUND = timedelta(minutes=2)
"""A message that may have been posted is looked for among so many, so long before and after its sending began."""
_log = structlog.get_logger(__name__)


class Sender:
    """Sends what is due, message by message."""

    def __init__(
        self,
        client: AsyncWebClient,
        db: Database,
        people: People,
        clock: Clock,
        *,
        node: Callable[[], str],
        card_seconds: float,
        nudge: asyncio.Event,
        pace: Pace | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._db = db
        self._people = people
        self._clock = clock
        self._node = node
        self._card_seconds = card_seconds
        self._nudge = nudge
        self._pace = pace or Pace()
        self._monotonic = monotonic
        self._last_shown: dict[str, float] = {}
        self._shut: dict[tuple[str, bool], float] = {}
        self._dms: dict[str, str] = {}
        self._undeliverable: list[tuple[Message, str]] = []
        self._begun = False
        self._rendered: dict[tuple[str, str], asyncio.Future[Rendered]] = {}

    async def send_due(self) -> int:
        """Send what is due now. Returns how many messages were looked at; 0 means that nothing waits."""
        now = self._monotonic()
        self._shut = {place: until for place, until in self._shut.items() if until > now}
        async with self._db.write() as tx:
            if not self._begun:
                await self._begin(tx)
            due = await messages.claim(
                tx,
                self._clock.now(),
                BUSY,
                self._node(),
                no_posts_to=[place for place, first in self._shut if first],
                no_updates_in=[place for place, first in self._shut if not first],
            )
        self._begun = True
        self._rendered.clear()
        await asyncio.gather(*(self._channel(group) for group in _by_place(due)))
        return len(due)

    async def _begin(self, tx: Tx) -> None:
        """An earlier process of this name is gone; with SQLite, so is every other."""
        if self._db.is_sqlite:
            await messages.release(tx)
        else:
            now = self._clock.now()
            await messages.hasten(tx, self._node(), now, now + LONGEST_CALL)

    def take_undeliverable(self) -> list[tuple[Message, str]]:
        """The messages that Slack will never take, with why; each is given once."""
        found, self._undeliverable = self._undeliverable, []
        return found

    async def _channel(self, group: Sequence[Message]) -> None:
        """The messages of one place, in order: a thread needs its first message first. Where the pace holds one up, the
        place is shut for its like, and those after it are left for when it opens."""
        left = []
        for message in group:
            place = message.to, not message.ts
            if place not in self._shut:
                wait = await self._send(message)
                if wait <= 0:
                    continue
                self._shut[place] = self._monotonic() + wait
                self._nudge_in(wait)
            left.append(message)
        if left:
            async with self._db.write() as tx:
                await messages.give_back(tx, left, self._node())

    def _nudge_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds + EARLY, self._nudge.set)

    async def _send(self, message: Message) -> float:
        """Send a message; returns the seconds for which the pace holds it up, 0 where it does not."""
        try:
            wait = self._too_soon(message)
            if wait > 0:
                await self._later(message, wait, "")
                return 0.0
            shown = await self._render(message)
            if shown.waits_for:
                await self._later(message, 0.5, "")
                return 0.0
            return await self._show(message, shown)
        except SlackApiError as error:
            await self._failed(message, error)
        except NotFound as error:
            await self._dead(message, str(error))
        except (*TRANSPORT_ERRORS, NightshiftError) as error:
            await self._later(message, _backoff(message.tries), f"{type(error).__name__}: {error}")
        except DBAPIError as error:
            # Its claim runs out by itself; the others of the round need not wait for that.
            _log.warning("the database is away; a message is sent later", kind=message.kind, why=str(error.orig))
        return 0.0

    async def _render(self, message: Message) -> Rendered:
        """What a message shows. All copies of a card that are due in a round are worked out once."""
        if message.kind not in ("approval", "receipt"):
            return await render(self._db, self._people, self._clock, message)
        key = message.kind, message.request_id or ""
        if key not in self._rendered:
            work = render(self._db, self._people, self._clock, message)
            self._rendered[key] = asyncio.ensure_future(work)
        return await self._rendered[key]

    def _too_soon(self, message: Message) -> float:
        if not message.ts:
            return 0.0
        return self._last_shown.get(message.id, float("-inf")) + self._card_seconds - self._monotonic()

    async def _show(self, message: Message, shown: Rendered) -> float:
        wanted = message.wanted
        if message.ts:
            wait = self._pace.wait("chat.update", message.channel)
            if wait > 0:
                return wait
            channel, ts = message.channel, message.ts
            await self._client.chat_update(channel=channel, ts=ts, blocks=shown.blocks, text=shown.text)
        else:
            channel = await self._place(message.to)
            wait = self._pace.wait("chat.postMessage", channel)
            if wait > 0:
                return wait
            ts = await self._already_there(message, channel, shown.thread_ts) if message.first_sent else ""
            if ts:
                # It shows what was so when its sending began: it is due once more, to be brought up to date.
                wanted = 0
            else:
                ts = await self._post(message, shown, channel)
            if not ts:
                return 0.0
        crashpoints.reach(crashpoints.AFTER_POST)
        self._last_shown[message.id] = self._monotonic()
        async with self._db.write() as tx:
            await messages.delivered(tx, message, channel, ts, wanted)
        crashpoints.reach(crashpoints.AFTER_SHOWN)
        return 0.0

    async def _post(self, message: Message, shown: Rendered, channel: str) -> str:
        """Post it; returns its ts, or "" where another node has taken it over."""
        async with self._db.write() as tx:
            marked = self._monotonic()
            if not await messages.sending(tx, message, self._clock.now(), BUSY):
                return ""
        if self._monotonic() - marked > STALE_SECONDS:
            # The process stood still: another node may have taken it over. It is looked for before it is posted.
            return ""
        crashpoints.reach(crashpoints.BEFORE_POST)
        extra: dict[str, Any] = {"thread_ts": shown.thread_ts} if shown.thread_ts else {}
        answer = await self._client.chat_postMessage(
            channel=channel,
            blocks=shown.blocks,
            text=shown.text,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"id": message.id}},
            **extra,
        )
        return str(answer["ts"])

    async def _already_there(self, message: Message, channel: str, thread: str) -> str:
        """The ts of a message that was posted although we never heard of it; "" where there is none to be found."""
        began = message.first_sent or self._clock.now()
        where: dict[str, Any] = {
            "channel": channel,
            "oldest": str((began - AROUND).timestamp()),
            "latest": str((began + AROUND).timestamp()),
            "limit": LOOK_BACK,
            "include_all_metadata": True,
        }
        try:
            if thread:
                answer = await self._client.conversations_replies(ts=thread, **where)
            else:
                answer = await self._client.conversations_history(**where)
        except SlackApiError as error:
            if code(error) in ("missing_scope", "not_in_channel", "channel_not_found"):
                _log.warning("cannot look for a posted message", channel=channel, why=code(error))
                return ""
            raise
        for item in answer["messages"]:
            payload = (item.get("metadata") or {}).get("event_payload") or {}
            if payload.get("id") == message.id:
                return str(item["ts"])
        return ""

    async def _place(self, to: str) -> str:
        """The channel to post in: a person's is their direct message with the bot."""
        if not to.startswith(("U", "W")):
            return await self._people.channel_id(to)
        if to not in self._dms:
            answer = await self._client.conversations_open(users=to)
            self._dms[to] = str(answer["channel"]["id"])
        return self._dms[to]

    async def _failed(self, message: Message, error: SlackApiError) -> None:
        wait = retry_after(error)
        if wait is not None:
            self._pace.pause("chat.update" if message.ts else "chat.postMessage", wait)
            await self._later(message, wait, "Slack asks to slow down")
        elif code(error) in GONE or code(error) in LOST:
            await self._dead(message, code(error))
        else:
            _log.error("Slack refused a message", kind=message.kind, error=code(error), detail=_detail(error))
            await self._later(message, _backoff(message.tries), code(error))

    async def _later(self, message: Message, seconds: float, problem: str) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        if seconds <= SOON:
            self._nudge_in(seconds)
        async with self._db.write() as tx:
            await messages.postponed(tx, message, until, problem)

    async def _dead(self, message: Message, problem: str) -> None:
        _log.warning("a message cannot be delivered", kind=message.kind, to=message.to, why=problem)
        async with self._db.write() as tx:
            await messages.dead(tx, message, problem)
        self._undeliverable.append((message, problem))


def _by_place(due: Sequence[Message]) -> list[list[Message]]:
    """The messages of each place, oldest first: a thread needs its first message first."""
    groups: dict[str, list[Message]] = {}
    for message in sorted(due, key=lambda message: message.created_at):
        groups.setdefault(message.to, []).append(message)
    return list(groups.values())


def _backoff(tries: int) -> float:
    return float(min(2.0**tries, LONGEST_WAIT))


def _detail(error: SlackApiError) -> Any:
    response = error.response
    return (response.get("response_metadata") or {}).get("messages") if response is not None else None
