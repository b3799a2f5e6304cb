"""Finding the handler of what Slack sends, as a middleware of Bolt's.

Bolt by itself asks its listeners one after the other, works out for each of them what it may want, and looks for an
acknowledgement every 10 ms. Here a request is parsed once and its route looked up; it is answered as soon as there is
an acknowledgement, and the rest of the work goes on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine

import structlog
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.telemetry.metrics import ACKNOWLEDGEMENT_SECONDS, MISSED_DEADLINES
from handlers.dispatcher import Acknowledgement, Dispatcher
from handlers.home import HomePublisher
from handlers.json_parts import BadPayload
from handlers.payloads import Click, Command, Event, OptionsQuery, Payload, Submission, parse
from handlers.replies import Reply
from handlers.routes import Route, RouteTable, name_of
from handlers.turns import ViewTurns

ACK_SECONDS = 3.0
"""How long Slack waits for an acknowledgement."""
_log = structlog.get_logger(__name__)


class Router(AsyncMiddleware):
    """Answers everything that Slack sends."""

    def __init__(
        self,
        table: RouteTable,
        turns: ViewTurns | None = None,
        home: HomePublisher | None = None,
        client: AsyncWebClient | None = None,
    ) -> None:
        """``client`` answers Slack; by default it is the one that Bolt makes for each request."""
        self.home = home
        self._table = table
        self._client = client
        self._dispatcher = Dispatcher(turns or ViewTurns())
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending_acks: set[asyncio.Future[None]] = set()

    async def async_process(
        self, *, req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        """Answer a request. Bolt has nothing else that would, so ``next`` is never called."""
        try:
            payload = parse(req.body)
        except BadPayload as error:
            # Slack would send an event again that is not acknowledged, and nobody can be told.
            _log.warning("unusable payload", type=str(req.body.get("type"))[:100], part=error.part)
            return BoltResponse(status=200, body="")
        client = self._client or req.context.client
        assert client is not None
        ack = Acknowledgement()
        await self._run_until_ack(self._answer(payload, ack, client), payload, ack)
        return ack.response or BoltResponse(status=504, body="")

    async def wait_for_acks(self) -> None:
        """Wait until everything that Slack has sent is acknowledged, at most as long as Slack waits."""
        if self._pending_acks:
            await asyncio.wait(self._pending_acks, timeout=ACK_SECONDS)

    async def drain(self, seconds: float) -> None:
        """Let work end for this many seconds, then cancel the rest."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _answer(self, payload: Payload, ack: Acknowledgement, client: AsyncWebClient) -> Coroutine[None, None, None]:
        """The work of answering a payload, by its route."""
        run, table = self._dispatcher.run, self._table
        match payload:
            case Click():
                if payload.view is not None and payload.view.type == "home" and table.on_home_click is not None:
                    table.on_home_click(payload.person)
                return run(table.click_route(payload) or Route[Click](_unknown), payload, ack, client)
            case Submission():
                return run(
                    table.submissions.get(payload.callback_id) or Route[Submission](_unknown), payload, ack, client
                )
            case Command():
                return run(table.commands.get(payload.name) or Route[Command](_unknown), payload, ack, client)
            case OptionsQuery():
                return run(table.options or Route[OptionsQuery](_unknown), payload, ack, client)
            case Event():
                return run(table.events.get(payload.type) or Route[Event](_unknown), payload, ack, client)

    async def _run_until_ack(self, work: Coroutine[None, None, None], payload: Payload, ack: Acknowledgement) -> None:
        """Start the work; return when it is acknowledged, or when that is too late. Raises what it raises before."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: ack.release())
        self._pending_acks.add(ack.done)
        ack.done.add_done_callback(self._pending_acks.discard)
        began = time.perf_counter()
        await asyncio.wait([ack.done], timeout=ACK_SECONDS)
        kind = type(payload).__name__.lower()
        ACKNOWLEDGEMENT_SECONDS.labels(kind).observe(time.perf_counter() - began)
        if not ack.done.done():
            MISSED_DEADLINES.labels(kind).inc()
            _log.error("request not acknowledged in time", name=name_of(payload))
            ack.release()
        if task.done():
            task.result()


async def _unknown(payload: Payload) -> Reply:
    """Answer what has no handler: a button of an earlier release, say."""
    raise BadPayload(f"no handler for {name_of(payload)}")
