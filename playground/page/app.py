"""Runs the playground until told to stop: the environment, the bot in a process of its own, and the page."""

import asyncio
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server, socket

import uvicorn
from fastapi import FastAPI
from nicegui import app, ui

from playground.environment import run_environment
from playground.page.render.icons import MARK
from playground.page.seed import seed_workspace
from playground.page.state.session import PlaygroundSession
from playground.page.view import build_page

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "many hosts"
when = { min_targets = 12 }
approvers = ["@sre"]
quorum = 2
"""
"""Twelve hosts or more need two approvers, to demonstrate a quorum."""
STYLES = sorted((Path(__file__).parent / "style").glob("*.css"))
INITIAL_PERSON, INITIAL_CHANNEL = "bob", "approvals"


async def serve_playground(port: int, journal: Path | None) -> None:
    """Run until SIGINT or SIGTERM. Port 0 means any free port. Raises OSError if the port is taken."""
    with create_server(("127.0.0.1", port)) as listener, tempfile.TemporaryDirectory(prefix="nightshift-") as place:
        directory = Path(place)
        async with run_environment(directory, policy=POLICY, journal=journal) as env:
            await env.slack.use_socket()
            session = PlaygroundSession(env, directory)
            filling = asyncio.create_task(_start_bot_and_seed(session))
            try:
                await _serve(session, listener)
            finally:
                filling.cancel()
                await asyncio.gather(filling, return_exceptions=True)
                await session.bot.kill()


async def _start_bot_and_seed(session: PlaygroundSession) -> None:
    """Start the bot and fill the workspace. If that fails, the page says why."""
    try:
        await session.bot.start()
        await seed_workspace(session)
        session.ready = True
        print("The bot is running and the workspace is filled.", flush=True)
    except Exception as error:  # noqa: BLE001 (the page must say so, whatever it is)
        last = session.bot.log.read_text(errors="replace")[-2000:] if session.bot.log.exists() else ""
        session.startup_error = f"The workspace could not be filled: {error}"
        print(f"{session.startup_error}\nThe bot's last words:\n{last}", flush=True)
    session.notify()


async def _serve(session: PlaygroundSession, listener: socket) -> None:
    application = FastAPI()
    _register_page(session)
    app.config.quasar_config["loadingBar"]["skipHijack"] = True  # No progress bar for what the page fetches.
    ui.run_with(
        application,
        title="Nightshift playground",
        favicon=str(MARK),
        dark=None,
        language="en-US",
        tailwind=False,
        show_welcome_message=False,
        reconnect_timeout=10.0,
        gzip_middleware_factory=None,
    )
    config = uvicorn.Config(application, log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    print(f"Nightshift's playground: http://127.0.0.1:{listener.getsockname()[1]} (Ctrl-C ends it)", flush=True)
    await server.serve(sockets=[listener])


def _register_page(session: PlaygroundSession) -> None:
    @ui.page("/")
    def index() -> None:
        for path in STYLES:
            ui.add_css(path)
        build_page(session, INITIAL_PERSON, INITIAL_CHANNEL)


class _Server(uvicorn.Server):
    """A server that leaves signals to the playground."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
