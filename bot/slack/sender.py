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

from bot import failpoints
from bot.clock import Clock
from bot.errors import NightshiftError, NotFound
from bot.slack.error_codes import MESSAGE_GONE, RECIPIENT_GONE, TRANSPORT_ERRORS, error_code, retry_after_seconds
from bot.slack.projection import RenderedMessage, render
from bot.slack.rate_limits import RateLimiter
from bot.slack.users import SlackDirectory
from bot.storage import messages
from bot.storage.database import Database
from bot.storage.messages import Message
from bot.storage.transactions import Tx

METADATA_EVENT_TYPE = "nightshift_message"
CLAIM_DURATION = timedelta(seconds=30)
"""How long a message is claimed. Longer than one call takes; what a node that died had claimed waits so long."""
MAX_CALL_DURATION = timedelta(seconds=16)
"""A call of Slack that has begun is over after so long, whatever became of the process that made it."""
MAX_SENDING_AGE_SECONDS = 5.0
"""How old the mark may be with which a message is posted."""
TIMER_TOLERANCE_SECONDS = 0.002
"""Timers may fire so many seconds before their time; what is looked at then would not be due yet."""
MAX_BACKOFF_SECONDS = 60.0
SELF_WAKE_SECONDS = 5.0
"""Seconds: what waits no longer than this wakes the sender by itself."""
MAX_SEARCHED_MESSAGES = 200
SEARCH_MARGIN = timedelta(minutes=2)
"""A message that may have been posted is looked for among so many, so long before and after its sending began."""
_log = structlog.get_logger(__name__)


class Sender:
    """Sends what is due, message by message."""

    def __init__(
        self,
        client: AsyncWebClient,
        db: Database,
        slack_directory: SlackDirectory,
        clock: Clock,
        *,
        node: Callable[[], str],
        min_update_seconds: float,
        wake: asyncio.Event,
        rate_limiter: RateLimiter | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._db = db
        self._slack_directory = slack_directory
        self._clock = clock
        self._node = node
        self._min_update_seconds = min_update_seconds
        self._wake = wake
        self._rate_limiter = rate_limiter or RateLimiter()
        self._monotonic = monotonic
        self._last_updated: dict[str, float] = {}
        self._throttled: dict[tuple[str, bool], float] = {}
        self._dm_channels: dict[str, str] = {}
        self._undeliverable: list[tuple[Message, str]] = []
        self._started = False
        self._renders: dict[tuple[str, str], asyncio.Future[RenderedMessage]] = {}

    async def send_due(self) -> int:
        """Send what is due now. Returns how many messages were looked at; 0 means that nothing waits."""
        now = self._monotonic()
        self._throttled = {place: until for place, until in self._throttled.items() if until > now}
        async with self._db.write() as tx:
            if not self._started:
                await self._release_own_claims(tx)
            due = await messages.claim(
                tx,
                self._clock.now(),
                CLAIM_DURATION,
                self._node(),
                throttled_posts=[place for place, first in self._throttled if first],
                throttled_updates=[place for place, first in self._throttled if not first],
            )
        self._started = True
        self._renders.clear()
        await asyncio.gather(*(self._send_to_recipient(group) for group in _by_recipient(due)))
        return len(due)

    async def _release_own_claims(self, tx: Tx) -> None:
        """An earlier process of this name is gone; with SQLite, so is every other."""
        if self._db.is_sqlite:
            await messages.release_all_claims(tx)
        else:
            now = self._clock.now()
            await messages.shorten_claims(tx, self._node(), now, now + MAX_CALL_DURATION)

    def take_undeliverable(self) -> list[tuple[Message, str]]:
        """The messages that Slack will never take, with why; each is given once."""
        found, self._undeliverable = self._undeliverable, []
        return found

    async def _send_to_recipient(self, batch: Sequence[Message]) -> None:
        """The messages of one place, in order: a thread needs its first message first. Where the pace holds one up, the
        place is shut for its like, and those after it are left for when it opens."""
        left = []
        for message in batch:
            place = message.recipient, not message.ts
            if place not in self._throttled:
                wait = await self._send(message)
                if wait <= 0:
                    continue
                self._throttled[place] = self._monotonic() + wait
                self._wake_in(wait)
            left.append(message)
        if left:
            async with self._db.write() as tx:
                await messages.release_claims(tx, left, self._node())

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds + TIMER_TOLERANCE_SECONDS, self._wake.set)

    async def _send(self, message: Message) -> float:
        """Send a message; returns the seconds for which the pace holds it up, 0 where it does not."""
        try:
            wait = self._update_delay(message)
            if wait > 0:
                await self._postpone(message, wait, "")
                return 0.0
            shown = await self._render(message)
            if shown.waits_for_message_id:
                await self._postpone(message, 0.5, "")
                return 0.0
            return await self._deliver(message, shown)
        except SlackApiError as error:
            await self._handle_error(message, error)
        except NotFound as error:
            await self._mark_undeliverable(message, str(error))
        except (*TRANSPORT_ERRORS, NightshiftError) as error:
            await self._postpone(message, _backoff(message.send_failures), f"{type(error).__name__}: {error}")
        except DBAPIError as error:
            # Its claim runs out by itself; the others of the round need not wait for that.
            _log.warning("the database is away; a message is sent later", kind=message.kind, why=str(error.orig))
        return 0.0

    async def _render(self, message: Message) -> RenderedMessage:
        """What a message shows. All copies of a card that are due in a round are worked out once."""
        if message.kind not in ("approval", "receipt"):
            return await render(self._db, self._slack_directory, self._clock, message)
        key = message.kind, message.request_id or ""
        if key not in self._renders:
            work = render(self._db, self._slack_directory, self._clock, message)
            self._renders[key] = asyncio.ensure_future(work)
        return await self._renders[key]

    def _update_delay(self, message: Message) -> float:
        if not message.ts:
            return 0.0
        return self._last_updated.get(message.id, float("-inf")) + self._min_update_seconds - self._monotonic()

    async def _deliver(self, message: Message, rendered: RenderedMessage) -> float:
        wanted = message.desired_version
        if message.ts:
            wait = self._rate_limiter.acquire("chat.update", message.channel)
            if wait > 0:
                return wait
            channel, ts = message.channel, message.ts
            await self._client.chat_update(channel=channel, ts=ts, blocks=rendered.blocks, text=rendered.text)
        else:
            channel = await self._resolve_channel(message.recipient)
            wait = self._rate_limiter.acquire("chat.postMessage", channel)
            if wait > 0:
                return wait
            ts = await self._find_posted(message, channel, rendered.thread_ts) if message.first_sent_at else ""
            if ts:
                # It shows what was so when its sending began: it is due once more, to be brought up to date.
                wanted = 0
            else:
                ts = await self._post(message, rendered, channel)
            if not ts:
                return 0.0
        failpoints.hit(failpoints.AFTER_POST)
        self._last_updated[message.id] = self._monotonic()
        async with self._db.write() as tx:
            await messages.mark_delivered(tx, message, channel, ts, wanted)
        failpoints.hit(failpoints.AFTER_UPDATE)
        return 0.0

    async def _post(self, message: Message, rendered: RenderedMessage, channel: str) -> str:
        """Post it; returns its ts, or "" where another node has taken it over."""
        async with self._db.write() as tx:
            marked = self._monotonic()
            if not await messages.begin_sending(tx, message, self._clock.now(), CLAIM_DURATION):
                return ""
        if self._monotonic() - marked > MAX_SENDING_AGE_SECONDS:
            # The process stood still: another node may have taken it over. It is looked for before it is posted.
            return ""
        failpoints.hit(failpoints.BEFORE_POST)
        extra: dict[str, Any] = {"thread_ts": rendered.thread_ts} if rendered.thread_ts else {}
        answer = await self._client.chat_postMessage(
            channel=channel,
            blocks=rendered.blocks,
            text=rendered.text,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": METADATA_EVENT_TYPE, "event_payload": {"id": message.id}},
            **extra,
        )
        return str(answer["ts"])

    async def _find_posted(self, message: Message, channel: str, thread: str) -> str:
        """The ts of a message that was posted although we never heard of it; "" where there is none to be found."""
        began = message.first_sent_at or self._clock.now()
        where: dict[str, Any] = {
            "channel": channel,
            "oldest": str((began - SEARCH_MARGIN).timestamp()),
            "latest": str((began + SEARCH_MARGIN).timestamp()),
            "limit": MAX_SEARCHED_MESSAGES,
            "include_all_metadata": True,
        }
        try:
            if thread:
                answer = await self._client.conversations_replies(ts=thread, **where)
            else:
                answer = await self._client.conversations_history(**where)
        except SlackApiError as error:
            if error_code(error) in ("missing_scope", "not_in_channel", "channel_not_found"):
                _log.warning("cannot look for a posted message", channel=channel, why=error_code(error))
                return ""
            raise
        for item in answer["messages"]:
            payload = (item.get("metadata") or {}).get("event_payload") or {}
            if payload.get("id") == message.id:
                return str(item["ts"])
        return ""

    async def _resolve_channel(self, recipient: str) -> str:
        """The channel to post in: a person's is their direct message with the bot."""
        if not recipient.startswith(("U", "W")):
            return await self._slack_directory.channel_id(recipient)
        if recipient not in self._dm_channels:
            answer = await self._client.conversations_open(users=recipient)
            self._dm_channels[recipient] = str(answer["channel"]["id"])
        return self._dm_channels[recipient]

    async def _handle_error(self, message: Message, error: SlackApiError) -> None:
        wait = retry_after_seconds(error)
        if wait is not None:
            self._rate_limiter.pause("chat.update" if message.ts else "chat.postMessage", wait)
            await self._postpone(message, wait, "Slack asks to slow down")
        elif error_code(error) in RECIPIENT_GONE or error_code(error) in MESSAGE_GONE:
            await self._mark_undeliverable(message, error_code(error))
        else:
            _log.error(
                "Slack refused a message", kind=message.kind, error=error_code(error), detail=_error_detail(error)
            )
            await self._postpone(message, _backoff(message.send_failures), error_code(error))

    async def _postpone(self, message: Message, seconds: float, problem: str) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        if seconds <= SELF_WAKE_SECONDS:
            self._wake_in(seconds)
        async with self._db.write() as tx:
            await messages.postpone(tx, message, until, problem)

    async def _mark_undeliverable(self, message: Message, problem: str) -> None:
        _log.warning("a message cannot be delivered", kind=message.kind, recipient=message.recipient, why=problem)
        async with self._db.write() as tx:
            await messages.mark_undeliverable(tx, message, problem)
        self._undeliverable.append((message, problem))


def _by_recipient(due: Sequence[Message]) -> list[list[Message]]:
    """The messages of each place, oldest first: a thread needs its first message first."""
    groups: dict[str, list[Message]] = {}
    for message in sorted(due, key=lambda message: message.created_at):
        groups.setdefault(message.recipient, []).append(message)
    return list(groups.values())


def _backoff(failures: int) -> float:
    return float(min(2.0**failures, MAX_BACKOFF_SECONDS))


def _error_detail(error: SlackApiError) -> Any:
    response = error.response
    return (response.get("response_metadata") or {}).get("messages") if response is not None else None
