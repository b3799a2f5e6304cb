"""Runs the playground: the stage, the bot in a process of its own, and the page, until told to stop."""

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

from playground.page.backstage import Backstage
from playground.page.icons import MARK
from playground.page.tour import fill
from playground.page.view import build
from playground.stage import stage

POLICY = """
[policy]
approvers = ["@sre"]

[[policy.rules]]
name = "many hosts"
when = { min_targets = 12 }
approvers = ["@sre"]
quorum = 2
"""
"""Twelve hosts or more need two approvers, so that a quorum can be seen."""
STYLES = sorted((Path(__file__).parent / "style").glob("*.css"))
FIRST_PERSON, FIRST_PLACE = "bob", "approvals"


async def play(port: int, journal: Path | None) -> None:
    """Run until SIGINT or SIGTERM. Port 0 is any that is free. Raises OSError where the port cannot be had."""
    with create_server(("127.0.0.1", port)) as listener, tempfile.TemporaryDirectory(prefix="nightshift-") as place:
        directory = Path(place)
        async with stage(directory, policy=POLICY, journal=journal) as on:
            await on.slack.use_socket()
            backstage = Backstage(on, directory)
            filling = asyncio.create_task(_fill(backstage))
            try:
                await _serve(backstage, listener)
            finally:
                filling.cancel()
                await asyncio.gather(filling, return_exceptions=True)
                await backstage.bot.kill()


async def _fill(backstage: Backstage) -> None:
    """Start the bot and bring the workspace to life; whatever prevents it is said in the page."""
    try:
        await backstage.bot.start()
        await fill(backstage)
        backstage.ready = True
        print("The bot is running and the workspace is filled.", flush=True)
    except Exception as error:  # noqa: BLE001 (the page must say so, whatever it is)
        last = backstage.bot.log.read_text(errors="replace")[-2000:] if backstage.bot.log.exists() else ""
        backstage.trouble = f"The workspace could not be filled: {error}"
        print(f"{backstage.trouble}\nThe bot's last words:\n{last}", flush=True)
    backstage.changed()


async def _serve(backstage: Backstage, listener: socket) -> None:
    application = FastAPI()
    _page(backstage)
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


def _page(backstage: Backstage) -> None:
    @ui.page("/")
    def index() -> None:
        for path in STYLES:
            ui.add_css(path)
        build(backstage, FIRST_PERSON, FIRST_PLACE)


class _Server(uvicorn.Server):
    """Leaves signals to the playground."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
