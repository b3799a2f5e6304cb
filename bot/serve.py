"""Runs the bot until it is stopped, over HTTP, Socket Mode or both."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from socket import create_server

import structlog
import uvicorn
from starlette.applications import Starlette

from bot.bolt import SocketModeHandler
from bot.configuration import Transport, missing_secrets
from bot.errors import ConfigError
from bot.lifecycle import Nightshift
from bot.probes import Probes
from bot.settings import Settings
from bot.slack_secrets import slack_secret
from bot.web import admin_app, web_app

PING_SECONDS = 5
"""Interval between pings. A dead Socket Mode connection is noticed after about twice this."""
WATCHDOG_INTERVAL_SECONDS = 15.0
CLOSE_TIMEOUT_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open. Proxies close theirs after 60 s; closed here first, a request of Slack that
is just being sent on it would be lost."""
_log = structlog.get_logger(__name__)


class SocketHealth:
    """Since when Socket Mode is not connected."""

    def __init__(self) -> None:
        self._lost_at: float | None = None

    def note(self, *, connected: bool) -> None:
        """Note whether it is connected now."""
        if connected:
            self._lost_at = None
        elif self._lost_at is None:
            self._lost_at = time.monotonic()

    def age(self) -> float:
        """Return for how many seconds it has not been connected; 0 if it is."""
        return 0.0 if self._lost_at is None else max(0.001, time.monotonic() - self._lost_at)


async def serve(
    bot: Nightshift, *, http: tuple[str, int] | None, socket: bool, admin: tuple[str, int] | None = None
) -> None:
    """Start the bot and serve until SIGTERM or SIGINT. Raises ConfigError.

    Probes and metrics are answered at ``admin`` from the start on, or else where Slack posts to.
    """
    health = SocketHealth()
    probes = Probes(bot, health.age if socket else None)
    async with AsyncExitStack() as operators:
        if admin is not None:
            await operators.enter_async_context(_listening(admin_app(probes), *admin, option="--admin"))
        await _serve(bot, http, socket, health, None if admin is not None else probes)


async def _serve(
    bot: Nightshift, http: tuple[str, int] | None, socket: bool, health: SocketHealth, probes: Probes | None
) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if not await _start_unless_stopped(bot, stopping):
        return
    try:
        async with AsyncExitStack() as transports:
            if http is not None:
                await transports.enter_async_context(http_transport(bot, *http, probes=probes))
            if socket:
                await transports.enter_async_context(socket_mode_transport(bot, health))
            _log.info("ready", node=bot.engine.node, http=http, socket=socket)
            await stopping.wait()
            _log.info("stopping")
            bot.ready, bot.is_stopping = False, True
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
async def http_transport(bot: Nightshift, host: str, port: int, *, probes: Probes | None = None) -> AsyncIterator[int]:
    """Accept requests from Slack over HTTP until the block ends. Yields the port. Raises ConfigError."""
    _require_secrets(bot.settings, "http")
    async with _listening(web_app(bot, probes), host, port, option="--http") as bound:
        yield bound


@asynccontextmanager
async def _listening(app: Starlette, host: str, port: int, *, option: str) -> AsyncIterator[int]:
    try:
        listener = create_server((host, port), backlog=512)
    except OSError as error:
        raise ConfigError([f"command line: {option}: cannot listen on {host}:{port}: {error.strerror}"]) from error
    config = uvicorn.Config(
        app,
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
async def socket_mode_transport(bot: Nightshift, health: SocketHealth | None = None) -> AsyncIterator[None]:
    """Accept requests from Slack over Socket Mode until the block ends."""
    _require_secrets(bot.settings, "socket")
    token = slack_secret(bot.settings.slack_app_token)
    handler = SocketModeHandler(bot.bolt, token, web_client=bot.client, ping_interval=PING_SECONDS)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    watchdog = asyncio.create_task(_reconnect_when_dead(bot.settings, handler, health or SocketHealth()))
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


async def _reconnect_when_dead(settings: Settings, handler: SocketModeHandler, health: SocketHealth) -> None:
    """Reconnect when the connection is dead although nothing has closed it."""
    while True:
        await asyncio.sleep(WATCHDOG_INTERVAL_SECONDS)
        try:
            health.note(connected=await handler.client.is_connected())
            if health.age() > 0:
                _log.warning("Socket Mode connection lost; reconnecting")
                handler.client.app_token = slack_secret(settings.slack_app_token)
                await handler.client.connect_to_new_endpoint(force=True)
        except Exception as error:  # noqa: BLE001 (the watchdog must outlive whatever the connection throws)
            _log.warning("Socket Mode unavailable; retrying", why=str(error))
