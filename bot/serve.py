"""Runs the bot until it is stopped, over HTTP, Socket Mode or both."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from socket import create_server

import structlog
import uvicorn

from bot.bolt import SocketModeHandler
from bot.configuration import Transport, missing_secrets
from bot.errors import ConfigError
from bot.lifecycle import Nightshift
from bot.settings import Settings
from bot.web import web_app

PING_SECONDS = 5
"""Interval between pings. A dead Socket Mode connection is noticed after about twice this."""
WATCHDOG_INTERVAL_SECONDS = 15.0
CLOSE_TIMEOUT_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open. Proxies close theirs after 60 s; closed here first, a request of Slack that
is just being sent on it would be lost."""
_log = structlog.get_logger(__name__)


async def serve(bot: Nightshift, *, http: tuple[str, int] | None, socket: bool) -> None:
    """Start the bot and serve until SIGTERM or SIGINT. Raises ConfigError."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if not await _start_unless_stopped(bot, stopping):
        return
    try:
        async with AsyncExitStack() as transports:
            if http is not None:
                await transports.enter_async_context(http_transport(bot, *http))
            if socket:
                await transports.enter_async_context(socket_mode_transport(bot))
            _log.info("ready", node=bot.engine.node, http=http, socket=socket)
            await stopping.wait()
            _log.info("stopping")
            bot.ready = False
    finally:
        await bot.stop()


async def _start_unless_stopped(bot: Nightshift, stopping: asyncio.Event) -> bool:
    """Start the bot. Return False if it was stopped before it was ready. Raises ConfigError."""
    starting, told = asyncio.ensure_future(bot.start()), asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait([starting, told], return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            return True
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await bot.stop()
        return False
    except ConfigError:
        await bot.close()
        raise
    finally:
        told.cancel()


def _require_secrets(settings: Settings, transport: Transport) -> None:
    if problems := missing_secrets(settings, (transport,)):
        raise ConfigError(problems)


class _SignallessServer(uvicorn.Server):
    """A server that leaves signals to the bot."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def http_transport(bot: Nightshift, host: str, port: int) -> AsyncIterator[int]:
    """Accept requests from Slack over HTTP until the block ends. Yields the port. Raises ConfigError."""
    _require_secrets(bot.settings, "http")
    try:
        listener = create_server((host, port), backlog=512)
    except OSError as error:
        raise ConfigError([f"command line: --http: cannot listen on {host}:{port}: {error.strerror}"]) from error
    config = uvicorn.Config(
        web_app(bot),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
    )
    server = _SignallessServer(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def socket_mode_transport(bot: Nightshift) -> AsyncIterator[None]:
    """Accept requests from Slack over Socket Mode until the block ends."""
    _require_secrets(bot.settings, "socket")
    token = bot.settings.slack_app_token.get_secret_value()
    handler = SocketModeHandler(bot.bolt, token, web_client=bot.client, ping_interval=PING_SECONDS)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    watchdog = asyncio.create_task(_reconnect_when_dead(handler))
    try:
        yield
    finally:
        watchdog.cancel()
        await asyncio.gather(watchdog, return_exceptions=True)
        # Accept nothing new, and answer what was accepted while the connection is still open.
        handler.client.socket_mode_request_listeners.clear()
        await bot.routes.wait_for_acks()
        try:
            await asyncio.wait_for(handler.close_async(), CLOSE_TIMEOUT_SECONDS)  # type: ignore[no-untyped-call]
        except TimeoutError:
            _log.warning("Slack did not close the connection")


async def _reconnect_when_dead(handler: SocketModeHandler) -> None:
    """Reconnect when the connection is dead although nothing has closed it."""
    while True:
        await asyncio.sleep(WATCHDOG_INTERVAL_SECONDS)
        try:
            if not await handler.client.is_connected():
                _log.warning("Socket Mode connection lost; reconnecting")
                await handler.client.connect_to_new_endpoint(force=True)
        except Exception as error:  # noqa: BLE001 (the watchdog must outlive whatever the connection throws)
            _log.warning("Socket Mode unavailable; retrying", why=str(error))
