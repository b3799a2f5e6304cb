"""Deliveries from Slack to the bot: 3 s to acknowledge, and only events are sent again."""

import asyncio
import hashlib
import hmac
import json
import random
import time
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import aiohttp

from playground.slack.elements import Json
from playground.slack.transport import payloads
from playground.slack.workspace import Workspace

Kind = Literal["slash_commands", "interactive", "events_api"]


@dataclass(frozen=True, slots=True)
class Ack:
    """The bot's acknowledgement. ``error`` is empty when there was one, else what the person is told:
    ``operation_timeout`` or ``dispatch_failed``. ``ms`` is the time to the answer."""

    error: str = ""
    body: Any = None
    ms: float = 0.0
    status: int = 0
    no_retry: bool = False


class Transport(Protocol):
    """A way to the bot."""

    async def send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Ack:
        """Deliver once, without a timeout; the caller enforces the deadline."""
        ...


class Delivery:
    """Delivers to the bot through whichever transport is in use, and writes the journal."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.transport: Transport | None = None
        self._events: set[asyncio.Task[None]] = set()

    async def deliver_interaction(self, kind: Kind, name: str, payload: Json, user: str) -> Ack:
        """Deliver a command or an interaction: once, never again."""
        return await self._send(kind, name, payload, user, 0, "")

    def deliver_event(self, subscription: str, content: Json) -> None:
        """Deliver an event if the app subscribed to it; it is sent again until acknowledged, as often as Slack does."""
        if subscription in self.ws.settings.events:
            task = asyncio.get_running_loop().create_task(self._deliver_event(payloads.event(self.ws, content)))
            self._events.add(task)
            task.add_done_callback(self._events.discard)

    async def wait_for_events(self) -> None:
        """Wait until every event so far has been acknowledged, or given up."""
        if self._events:
            await asyncio.wait(self._events)

    async def close(self) -> None:
        for task in self._events:
            task.cancel()
        await asyncio.gather(*self._events, return_exceptions=True)

    async def _deliver_event(self, payload: Json) -> None:
        name = payload["event"]["type"]
        reason = ""
        for attempt, wait in enumerate((0.0, *self.ws.settings.event_retry_delays)):
            await asyncio.sleep(wait)
            ack = await self._send("events_api", name, payload, payload["event"].get("user", ""), attempt, reason)
            if not ack.error or ack.no_retry:
                return
            reason = "http_timeout" if ack.error == "operation_timeout" else "http_error"

    async def _send(self, kind: Kind, name: str, payload: Json, user: str, attempt: int, reason: str) -> Ack:
        started = time.monotonic()
        ack = await self._send_with_deadline(kind, payload, attempt, reason)
        ms = round((time.monotonic() - started) * 1000, 2)
        ack = Ack(ack.error, ack.body, ms, ack.status, ack.no_retry)
        self.ws.record_exchange(
            started, direction="to_bot", kind=kind, name=name, payload=payload, answer=ack.body, error=ack.error,
            user=user if isinstance(user, str) else "", attempt=attempt,
        )  # fmt: skip
        return ack

    async def _send_with_deadline(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Ack:
        if self.transport is None or self.ws.faults.offline:
            return Ack("dispatch_failed")
        lost = self.ws.faults.take_lost_ack()
        deadline = self.ws.settings.ack_deadline
        try:
            async with asyncio.timeout(deadline) as limit:
                ack = await self.transport.send(kind, payload, attempt, reason)
                if lost:
                    await asyncio.sleep(max(0.0, (limit.when() or 0.0) - asyncio.get_running_loop().time() + 0.01))
                return ack
        except TimeoutError:
            return Ack("operation_timeout")


class HttpTransport:
    """Signed HTTP to the bot's request URL; with several, each delivery goes to one picked at random."""

    def __init__(self, urls: Sequence[str], signing_secret: str) -> None:
        self._urls = tuple(urls)
        self._secret = signing_secret
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        await self._session.close()

    async def send(self, kind: Kind, payload: Json, attempt: int, reason: str) -> Ack:
        body, content_type = encode(kind, payload)
        headers = {"Content-Type": content_type, "User-Agent": "Slackbot 1.0", **signature_headers(self._secret, body)}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        try:
            async with self._session.post(random.choice(self._urls), data=body, headers=headers) as response:
                text = await response.text()
                answer = _decode(text, response.content_type)
                if response.status == 200:
                    return Ack(body=answer, status=200)
                no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                return Ack("dispatch_failed", answer, status=response.status, no_retry=no_retry)
        except aiohttp.ClientError as error:
            return Ack("dispatch_failed", str(error))


def encode(kind: Kind, payload: Json) -> tuple[bytes, str]:
    """The body and content type of a delivery over HTTP."""
    if kind == "events_api":
        return json.dumps(payload).encode(), "application/json"
    fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
    return urllib.parse.urlencode(fields).encode(), "application/x-www-form-urlencoded"


def signature_headers(secret: str, body: bytes, timestamp: int | None = None) -> Mapping[str, str]:
    """The headers with which Slack signs a request; ``timestamp`` is in seconds of the epoch, now by default."""
    stamp = str(int(time.time()) if timestamp is None else timestamp)
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def _decode(text: str, content_type: str) -> Any:
    """An answer as Slack reads it: JSON, or the text of a message; None when it is empty."""
    if not text.strip():
        return None
    if "json" in content_type:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return {"text": text}
