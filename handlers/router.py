"""Which handler answers which request of Slack, and how long Bolt waits for it.

Bolt asks its listeners one after the other and works out anew for each whatever it might want; a bot has dozens. So
this is a middleware of Bolt's that finds the handler in a table. A request is answered as soon as its handler
acknowledges it (Bolt by itself would look every 10 ms), and what the handler does after that goes on.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.slack.error_codes import TRANSPORT_ERRORS

ACK_SECONDS = 3.0
"""Slack waits no longer for an acknowledgement."""
Payload = dict[str, Any]
Handler = Callable[..., Awaitable[None]]
"""Takes what it names of ``ack``, ``body``, ``client``, ``respond`` and ``event``."""
_log = structlog.get_logger(__name__)


class Respond:
    """Answers over a response URL. Connections are kept: Bolt's own opens one for each answer."""

    def __init__(self, url: str, client: AsyncWebClient) -> None:
        self._url = url
        self._session = client.session

    async def __call__(self, **message: Any) -> None:
        """Send a message: ``text``, ``blocks``, ``response_type`` and so on, as Slack takes them."""
        try:
            answer = await AsyncWebhookClient(self._url, session=self._session).send_dict(message)
        except TRANSPORT_ERRORS as error:
            _log.warning("an answer could not be given", why=str(error))
            return
        if answer.status_code != 200:
            _log.warning("Slack did not take an answer", status=answer.status_code, why=answer.body[:200])


class _TrackedAck:
    """Bolt's acknowledgement, and a way to wait for it."""

    def __init__(self, ack: AsyncAck) -> None:
        self._ack = ack
        self.done = asyncio.get_running_loop().create_future()
        if ack.response is not None:
            self.mark_done()

    async def __call__(self, **answer: Any) -> None:
        await self._ack(**answer)
        self.mark_done()

    def mark_done(self, *_: object) -> None:
        if not self.done.done():
            self.done.set_result(None)


class Router(AsyncMiddleware):
    """The table of handlers, by the names that Slack sends."""

    def __init__(self) -> None:
        self.commands: dict[str, Handler] = {}
        self.actions: dict[str, Handler] = {}
        """By action id."""
        self.block_actions: dict[str, Handler] = {}
        """By block id: what is pressed there, whatever its action id."""
        self.view_actions: dict[str, Handler] = {}
        """By the callback id of the view: what is changed in it and has no handler of its own."""
        self.views: dict[str, Handler] = {}
        self.events: dict[str, Handler] = {}
        self.options: Handler | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending_acks: set[asyncio.Future[None]] = set()
        self._parameter_names: dict[Handler, tuple[str, ...]] = {}

    async def async_process(
        self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        """Answer what has a handler here; for the rest, Bolt says that nobody does."""
        handler = self._find_handler(req.body)
        if handler is None:
            return await next()
        ack = req.context.ack
        if req.body.get("type") == "event_callback":
            # Slack sends an event again that is not acknowledged, and no event needs an answer.
            await ack()
        await self._run_until_ack(handler, ack, req.body, req.context.client)
        return ack.response or BoltResponse(status=504, body="")

    async def wait_for_acks(self) -> None:
        """Wait until there is an answer to everything that Slack has sent, as long as Slack waits for one."""
        if self._pending_acks:
            await asyncio.wait(self._pending_acks, timeout=ACK_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Let what is under way end for so many seconds, then end it."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _find_handler(self, body: Payload) -> Handler | None:
        match body:
            case {"command": command}:
                return self.commands.get(command)
            case {"type": "block_suggestion"}:
                return self.options
            case {"type": "block_actions", "actions": [action, *_]}:
                callback = (body.get("view") or {}).get("callback_id", "")
                return (
                    self.actions.get(action["action_id"])
                    or self.block_actions.get(action["block_id"])
                    or self.view_actions.get(callback)
                )
            case {"type": "view_submission", "view": {"callback_id": callback}}:
                return self.views.get(callback)
            case {"type": "event_callback", "event": {"type": kind}}:
                return self.events.get(kind)
        return None

    async def _run_until_ack(self, handler: Handler, ack: AsyncAck, body: Payload, client: AsyncWebClient) -> None:
        """Start a handler; come back when it has acknowledged, or it is too late. Raises what it raises before that."""
        acknowledged = _TrackedAck(ack)
        given = self._arguments_for(handler, acknowledged, body, client)
        task = asyncio.ensure_future(_run_logged(handler(**given), body, acknowledged))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(acknowledged.mark_done)
        self._pending_acks.add(acknowledged.done)
        acknowledged.done.add_done_callback(self._pending_acks.discard)
        try:
            await asyncio.wait([acknowledged.done], timeout=ACK_SECONDS)
            if not acknowledged.done.done():
                _log.error("a request of Slack was not acknowledged in time", kind=_payload_kind(body))
        finally:
            # From here on, what goes wrong is for the log.
            acknowledged.mark_done()
        if task.done():
            task.result()

    def _arguments_for(
        self, handler: Handler, ack: _TrackedAck, body: Payload, client: AsyncWebClient
    ) -> Mapping[str, Any]:
        names = self._parameter_names.get(handler)
        if names is None:
            names = self._parameter_names[handler] = tuple(inspect.signature(handler).parameters)
        there: dict[str, Any] = {"ack": ack, "body": body, "client": client, "event": body.get("event")}
        if "respond" in names:
            there["respond"] = Respond(body.get("response_url", ""), client)
        return {name: there[name] for name in names}


async def _run_logged(work: Awaitable[None], body: Payload, ack: _TrackedAck) -> None:
    """Do the work. Before the acknowledgement Bolt tells of what goes wrong, after it nobody but us can."""
    try:
        await work
    except Exception as error:
        if not ack.done.done():
            raise
        _log.error("a request of Slack was not handled to its end", kind=_payload_kind(body), exc_info=error)


def _payload_kind(body: Payload) -> str:
    return str(body.get("type") or body.get("command"))
