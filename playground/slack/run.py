"""Runs a workspace: the server that the bot calls, deliveries to the bot, and the people."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.clock import Clock, SystemClock
from playground.server import serve
from playground.slack.admin import Admin
from playground.slack.api import ApiServer
from playground.slack.changes import WAIT_SECONDS, Change
from playground.slack.client import Person
from playground.slack.faults import Faults
from playground.slack.fixtures import BOT, TEAM, add_fixtures
from playground.slack.journal import Journal
from playground.slack.model import Channel
from playground.slack.settings import Settings
from playground.slack.transport.delivery import Delivery, HttpTransport
from playground.slack.transport.socket_mode import SocketMode
from playground.slack.workspace import Workspace


class Slack:
    """A running workspace. ``workspace`` is its state; ``person`` gives the people, ``admin`` changes the team;
    ``faults`` breaks things, ``journal`` records exchanges. ``api_url`` is for the bot's SLACK_API_URL."""

    def __init__(self, state: Workspace) -> None:
        self.workspace = state
        self.delivery = Delivery(state)
        self.socket = SocketMode(state)
        self.server = ApiServer(state, self.socket)
        self.admin = Admin(self.delivery)
        self._http: HttpTransport | None = None
        state.changes.subscribe(self._on_change)

    @property
    def api_url(self) -> str:
        return f"{self.workspace.base_url}/api/"

    @property
    def settings(self) -> Settings:
        return self.workspace.settings

    @property
    def signing_secret(self) -> str:
        return self.settings.signing_secret

    @property
    def bot_token(self) -> str:
        return self.settings.bot_token

    @property
    def app_token(self) -> str:
        return self.settings.app_token

    @property
    def faults(self) -> Faults:
        return self.workspace.faults

    @property
    def journal(self) -> Journal:
        return self.workspace.journal

    def env_vars(self) -> dict[str, str]:
        """The environment variables with which a bot process finds this workspace."""
        return {
            "SLACK_API_URL": self.api_url,
            "SLACK_BOT_TOKEN": self.bot_token,
            "SLACK_APP_TOKEN": self.app_token,
            "SLACK_SIGNING_SECRET": self.signing_secret,
        }

    def person(self, name: str) -> Person:
        """Somebody by name. Raises KeyError."""
        return Person(self.delivery, self.workspace.user_by_name(name))

    def channel(self, name: str) -> Channel:
        return self.workspace.channel_by_name(name)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Call back at each change of the workspace; the returned function ends it."""
        return self.workspace.changes.subscribe(callback)

    async def wait_until(self, predicate: Callable[[], Any], timeout: float = WAIT_SECONDS) -> Any:
        """Wait for a predicate to be true. Raises TimeoutError."""
        return await self.workspace.wait_until(predicate, timeout)

    async def wait_for_events(self) -> None:
        """Wait until the bot has acknowledged the events so far. Scripts are quicker than events; people are not."""
        await self.delivery.wait_for_events()

    async def use_http(self, *urls: str) -> None:
        """Deliver by signed HTTP to the bot's request URL, such as ``http://127.0.0.1:3000/slack/events``; with
        several, as a load balancer would."""
        old, self._http = self._http, HttpTransport(urls, self.signing_secret)
        self.delivery.transport = self._http
        if old is not None:
            await old.close()

    async def use_socket(self, connections: int = 0, timeout: float = 10.0) -> None:
        """Deliver through Socket Mode, once there are this many connections. Raises TimeoutError."""
        self.delivery.transport = self.socket
        await self._close_http()
        if connections:
            await self.wait_until(lambda: len(self.socket.connections) >= connections, timeout)

    async def close(self) -> None:
        await self.delivery.close()
        await self.socket.close()
        await self._close_http()
        self.journal.close()

    def _on_change(self, change: Change) -> None:
        if change.kind == "fault" and self.faults.offline:
            self.socket.drop_connections()

    async def _close_http(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None


@asynccontextmanager
async def run_workspace(
    *,
    clock: Clock | None = None,
    settings: Settings | None = None,
    journal: Path | None = None,
    journal_size: int = 5_000,
    port: int = 0,
    setup: Callable[[Workspace], None] = add_fixtures,
) -> AsyncIterator[Slack]:
    """Run a workspace on loopback until the block ends. ``clock`` stamps the messages; deadlines are real time.
    ``journal`` is a file for the exchanges as JSON lines, ``journal_size`` how many of them are kept in memory."""
    state = Workspace(TEAM, BOT, settings or Settings(), clock or SystemClock(), Journal(journal, keep=journal_size))
    setup(state)
    slack = Slack(state)
    async with serve(slack.server.app, port) as base_url:
        state.base_url = base_url
        try:
            yield slack
        finally:
            await slack.close()
