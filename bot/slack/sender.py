"""Sends every message of the bot, within Slack's rate limits.

Several changes of a card become one update. A message that Slack did not take waits in the database, over restarts too.
A message whose first sending was interrupted is searched in Slack before it is posted again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import DBAPIError

from blocks.card.model import SystemNames
from bot import failpoints
from bot.clock import Clock
from bot.errors import NightshiftError, NotFound
from bot.requests.directory import is_user
from bot.slack.copies import make_copies
from bot.slack.destinations import Destinations
from bot.slack.digests import Digests
from bot.slack.error_codes import (
    MAX_UNKNOWN_FAILURES,
    TRANSPORT_ERRORS,
    Reaction,
    error_code,
    error_detail,
    is_outage,
    reaction_to,
    retry_after_seconds,
)
from bot.slack.find_posted import find_posted
from bot.slack.projection import RenderedMessage, Sources, render
from bot.slack.rate_limits import RateLimiter
from bot.slack.recipients import Hidden, Recipients
from bot.slack.users import SlackDirectory
from bot.storage import messages
from bot.storage.database import Database
from bot.storage.messages import Message
from bot.storage.transactions import Tx
from bot.telemetry.metrics import MESSAGE_DELAY, MESSAGES, REFUSED_MESSAGES

CLAIM_DURATION = timedelta(seconds=30)
"""How long a message is claimed. Longer than a call takes. The messages of a node that died wait this long."""
METADATA_EVENT_TYPE = "nightshift_message"
MAX_CALL_DURATION = timedelta(seconds=16)
"""Maximum duration of a call of Slack, even if the process that made it has died."""
MAX_SENDING_AGE_SECONDS = 5.0
"""Abort if more than this passes between recording the sending and the post; another node may have acted meanwhile."""
TIMER_TOLERANCE_SECONDS = 0.002
"""How early a timer may fire. A message that is looked at then is not due yet."""
MAX_BACKOFF_SECONDS = 60.0
SELF_WAKE_SECONDS = 5.0
"""Maximum wait after which a message wakes the sender by itself."""
_log = structlog.get_logger(__name__)


class Sender:
    """Sends due messages."""

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
        digests: Digests,
        recipients: Recipients,
        systems: Mapping[str, SystemNames] | None = None,
        admin_channel: str = "",
        rate_limiter: RateLimiter | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._db = db
        self._slack_directory = slack_directory
        self._sources = Sources(db, slack_directory, clock, systems or {})
        self._clock = clock
        self._node = node
        self._min_update_seconds = min_update_seconds
        self._wake = wake
        self._digests = digests
        self._recipients = recipients
        self._admin_channel = admin_channel
        self._trouble = ""
        self._rate_limiter = rate_limiter or RateLimiter()
        self._monotonic = monotonic
        self._last_updated: dict[str, float] = {}
        self._throttled: dict[tuple[str, bool], float] = {}
        self._destinations = Destinations(client, slack_directory)
        self._undeliverable: list[tuple[Message, str]] = []
        self._started = False
        self._renders: dict[tuple[str, str], asyncio.Future[RenderedMessage]] = {}

    async def send_due(self) -> int:
        """Send the messages that are due. Returns how many were claimed; 0 means that none is due."""
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
        """Release what an earlier process of this node claimed. With SQLite, no other process can be alive either."""
        if self._db.is_sqlite:
            await messages.release_all_claims(tx)
        else:
            now = self._clock.now()
            await messages.shorten_claims(tx, self._node(), now, now + MAX_CALL_DURATION)

    def take_undeliverable(self) -> list[tuple[Message, str]]:
        """Return the messages that Slack will never take, with the reasons. Each is returned once."""
        undeliverable, self._undeliverable = self._undeliverable, []
        return undeliverable

    async def _send_to_recipient(self, batch: Sequence[Message]) -> None:
        """Send the messages of one recipient in order. Posts wait behind a throttled post, updates behind an update."""
        unsent = []
        if is_user(batch[0].recipient):
            kept = await self._merge(batch)
            if len(kept) < len(batch):
                self._wake.set()
            batch = kept
        for message in batch:
            place = message.recipient, not message.ts
            if place not in self._throttled:
                wait = await self._send(message)
                if wait <= 0:
                    continue
                self._throttled[place] = self._monotonic() + wait
                self._wake_in(wait)
            unsent.append(message)
        if unsent:
            async with self._db.write() as tx:
                await messages.release_claims(tx, unsent, self._node())

    async def _merge(self, batch: Sequence[Message]) -> Sequence[Message]:
        """Make one message of those for one person that waited, if the database and Slack let us."""
        try:
            return await self._digests.merge(batch, self._render, self._node())
        except (SlackApiError, *TRANSPORT_ERRORS, NightshiftError, DBAPIError) as error:
            _log.warning("direct messages not merged", why=str(error))
            return batch

    def _wake_in(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds + TIMER_TOLERANCE_SECONDS, self._wake.set)

    async def _send(self, message: Message) -> float:
        """Send a message. Returns the seconds that it has to wait for a rate limit; 0 if it need not."""
        try:
            if message.kind == "copies":
                if not await make_copies(self._db, self._slack_directory, self._clock, message):
                    self._undeliverable.append((message, "no approver can be written to"))
                self._wake.set()
                return 0.0
            wait = self._update_delay(message)
            if wait > 0:
                await self._postpone(message, wait, "")
                return 0.0
            held = await self._digests.hold(message)
            if held is not None:
                await self._postpone(message, held.total_seconds(), "")
                return 0.0
            rendered = await self._render_for_recipient(message)
            if rendered is None:
                return 0.0
            if message.facts.get("plain"):
                rendered = replace(rendered, blocks=[])
            if rendered.waits_for_message_id:
                await self._postpone(message, 0.5, "")
                return 0.0
            return await self._deliver(message, rendered)
        except SlackApiError as error:
            await self._handle_error(message, error)
        except NotFound as error:
            await self._mark_undeliverable(message, str(error))
        except (*TRANSPORT_ERRORS, NightshiftError) as error:
            await self._postpone(message, _backoff(message.send_failures), f"{type(error).__name__}: {error}")
        except DBAPIError as error:
            # Its claim expires by itself, and the other messages go on.
            _log.warning("database unavailable; a message is sent later", kind=message.kind, why=str(error.orig))
        return 0.0

    async def _render_for_recipient(self, message: Message) -> RenderedMessage | None:
        """Render a message, or what takes its place for who may not see it; None if nothing is to be sent."""
        try:
            return await self._render(message)
        except Hidden:
            return await self._recipients.replacement(message)

    async def _render(self, message: Message) -> RenderedMessage:
        """Render a message. All copies of a card that are due in a round are rendered once. Raises Hidden."""
        await self._recipients.check_may_see(message)
        if message.kind not in ("approval", "receipt"):
            return await render(self._sources, message)
        key = f"{message.kind}:{bool(message.facts.get('mentions'))}", message.request_id or ""
        if key not in self._renders:
            work = render(self._sources, message)
            self._renders[key] = asyncio.ensure_future(work)
        return await self._renders[key]

    def _update_delay(self, message: Message) -> float:
        if not message.ts:
            return 0.0
        return self._last_updated.get(message.id, float("-inf")) + self._min_update_seconds - self._monotonic()

    async def _deliver(self, message: Message, rendered: RenderedMessage) -> float:
        version = message.desired_version
        if message.ts:
            wait = self._rate_limiter.acquire("chat.update", message.channel)
            if wait > 0:
                return wait
            channel, ts = message.channel, message.ts
            # Slack's default would look for names of people and channels in the fallback text.
            await self._client.chat_update(
                channel=channel, ts=ts, blocks=rendered.blocks or None, text=rendered.text, parse="none"
            )
        else:
            channel = await self._destinations.channel_of(message.recipient)
            wait = self._rate_limiter.acquire("chat.postMessage", channel)
            if wait > 0:
                return wait
            began = message.first_sent_at
            ts = await find_posted(self._client, message.id, channel, rendered.thread_ts, began) if began else ""
            if ts:
                # It shows the state of when its sending began, so it stays due.
                version = 0
            else:
                channel, ts = await self._post(message, rendered, channel)
            if not ts:
                return 0.0
        failpoints.hit(failpoints.AFTER_POST)
        self._note_success()
        self._last_updated[message.id] = self._monotonic()
        if not message.ts:
            self._digests.note_posted(message)
            MESSAGE_DELAY.labels(message.kind).observe((self._clock.now() - message.created_at).total_seconds())
        MESSAGES.labels(message.kind, "update" if message.ts else "post").inc()
        async with self._db.write() as tx:
            await messages.mark_delivered(tx, message, channel, ts, version)
            if rendered.is_hidden != bool(message.facts.get("hidden")):
                await messages.mark_hidden(tx, message, rendered.is_hidden)
        failpoints.hit(failpoints.AFTER_UPDATE)
        return 0.0

    async def _post(self, message: Message, rendered: RenderedMessage, channel: str) -> tuple[str, str]:
        """Post a message. Returns its channel's id and its ts; that is "" if another node has taken it over."""
        async with self._db.write() as tx:
            recorded_at = self._monotonic()
            if not await messages.begin_sending(tx, message, self._clock.now(), CLAIM_DURATION):
                return channel, ""
        if self._monotonic() - recorded_at > MAX_SENDING_AGE_SECONDS:
            # The process was paused, and another node may have taken the message over. The next try searches first.
            return channel, ""
        failpoints.hit(failpoints.BEFORE_POST)
        answer = await self._client.chat_postMessage(
            channel=channel,
            blocks=rendered.blocks or None,
            text=rendered.text,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": METADATA_EVENT_TYPE, "event_payload": {"id": message.id}},
            thread_ts=rendered.thread_ts or None,
        )
        self._destinations.learn(message.recipient, str(answer["channel"]))
        return str(answer["channel"]), str(answer["ts"])

    async def _handle_error(self, message: Message, error: SlackApiError) -> None:
        wait = retry_after_seconds(error)
        if wait is not None:
            self._rate_limiter.pause("chat.update" if message.ts else "chat.postMessage", wait)
            await self._postpone(message, wait, "Slack asks to slow down")
            return
        code, failures = error_code(error), message.send_failures
        reaction = Reaction.LATER if is_outage(error) else reaction_to(code)
        self._note_trouble(code, error_detail(error))
        REFUSED_MESSAGES.labels(reaction).inc()
        match reaction:
            case Reaction.ANOTHER_WAY if not message.ts and self._destinations.is_outdated(message.recipient, code):
                # The direct messages with this person have another id now.
                await self._postpone(message, 0.0, code)
            case Reaction.ANOTHER_WAY:
                await self._mark_undeliverable(message, code)
            case Reaction.REPOST if message.ts:
                await self._repost(message, code)
            case Reaction.WITHOUT_THREAD if message.parent_id is not None:
                async with self._db.write() as tx:
                    await messages.detach(tx, message)
            case Reaction.PLAIN if not message.facts.get("plain"):
                async with self._db.write() as tx:
                    await messages.make_plain(tx, message, code)
                await self._alert(f"Slack refused a message of kind {message.kind} ({code}). It is sent as plain text.")
            case Reaction.LATER:
                await self._postpone(message, _backoff(failures), code)
            case Reaction.KEEP:
                await self._alert(f"Slack did not accept Nightshift ({code}). Every message was kept until it did.")
                await self._postpone(message, _backoff(failures), code)
            case Reaction.UNKNOWN if failures < MAX_UNKNOWN_FAILURES:
                await self._alert(f"Slack refuses a message of kind {message.kind}: {code}. It is tried again.")
                await self._postpone(message, _backoff(failures), code)
            case _:
                await self._mark_undeliverable(message, code)

    async def _repost(self, message: Message, code: str) -> None:
        """Post a card again that was deleted, or that Slack lets nobody change any more; other messages stay away."""
        if message.kind not in ("approval", "receipt"):
            await self._mark_undeliverable(message, code)
            return
        async with self._db.write() as tx:
            await messages.forget_posted(tx, message)
        self._wake.set()

    async def _alert(self, text: str) -> None:
        """Tell the administrators something about Slack, once a day."""
        if self._admin_channel:
            now = self._clock.now()
            dedupe = f"slack:{text[:80]}:{now:%Y%m%d}"
            async with self._db.write() as tx:
                await messages.add(tx, now, "note", self._admin_channel, facts={"text": text}, dedupe=dedupe)

    def _note_trouble(self, code: str, detail: str) -> None:
        """Log once that Slack refuses messages, not for each of them."""
        if code != self._trouble:
            level = _log.info if reaction_to(code) in (Reaction.ANOTHER_WAY, Reaction.REPOST) else _log.error
            level("slack refused a message", error=code, detail=detail)
        self._trouble = code

    def _note_success(self) -> None:
        if self._trouble:
            _log.info("slack takes messages again", after=self._trouble)
        self._trouble = ""

    async def _postpone(self, message: Message, seconds: float, problem: str) -> None:
        until = self._clock.now() + timedelta(seconds=seconds)
        if seconds <= SELF_WAKE_SECONDS:
            self._wake_in(seconds)
        async with self._db.write() as tx:
            await messages.postpone(tx, message, until, problem)

    async def _mark_undeliverable(self, message: Message, problem: str) -> None:
        _log.warning("message undeliverable", kind=message.kind, recipient=message.recipient, why=problem)
        async with self._db.write() as tx:
            await messages.mark_undeliverable(tx, message, problem)
        self._undeliverable.append((message, problem))


def _by_recipient(due: Sequence[Message]) -> list[list[Message]]:
    """Group messages by recipient, oldest first, because a thread needs its first message first."""
    groups: dict[str, list[Message]] = {}
    for message in sorted(due, key=lambda message: message.created_at):
        groups.setdefault(message.recipient, []).append(message)
    return list(groups.values())


def _backoff(failures: int) -> float:
    return float(min(2.0**failures, MAX_BACKOFF_SECONDS))
