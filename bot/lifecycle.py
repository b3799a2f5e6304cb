"""The running bot: startup, background loops, shutdown."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.engine import Engine
from bot.errors import ConfigError, NightshiftError
from bot.loops import measure_lag, run_periodically
from bot.requests.policy.known import unnamed_systems
from bot.requests.policy.loosening import policy_notes
from bot.schedule import warm_up
from bot.settings import Settings
from bot.slack.error_codes import BAD_TOKEN_CODES, TRANSPORT_ERRORS, error_code
from bot.slack.sender import MAX_CALL_DURATION, Sender
from bot.slack.users import SlackDirectory
from bot.storage import messages, schema_version
from bot.storage.database import Database
from bot.usecases.backend_registry import ConfiguredBackend
from bot.usecases.calendar_store import CalendarStore
from bot.usecases.jobs import scheduler
from bot.usecases.jobs.alert_unapprovable import alert_unapprovable
from bot.usecases.jobs.check_policy import check_policy
from bot.usecases.jobs.check_starts import check_starts
from bot.usecases.jobs.purge import purge_old_records
from bot.usecases.jobs.requeue import requeue_orphaned_runs
from bot.usecases.jobs.tell_reviewers import tell_reviewers
from bot.usecases.jobs.undeliverable import handle_undeliverable
from bot.usecases.jobs.watch import poll_backend
from bot.usecases.runs.find_unknown import find_unknown_runs
from bot.usecases.services import Services
from handlers.router import Router

SLACK_TIMEOUT_SECONDS = 15
"""Timeout for a call of Slack's Web API."""
MAX_SLACK_RETRY_SECONDS = 30.0
RECOVERY_INTERVAL_SECONDS = 1.0
CLAIM_GRACE = timedelta(seconds=3)
"""How long the claims of a node that is gone still last: it may only have lost its connection to the database."""
EXIT_NODE_NAME_TAKEN = 70
"""The exit code of a node whose name another process has taken."""
REQUEUE_INTERVAL_SECONDS = 20.0
FIND_UNKNOWN_INTERVAL_SECONDS = 20.0
UNAPPROVABLE_INTERVAL_SECONDS = 30.0
POLICY_CHECK_INTERVAL_SECONDS = 3600.0
REVIEW_INTERVAL_SECONDS = 60.0
HOME_INTERVAL_SECONDS = 1.0
SAVE_USERS_INTERVAL_SECONDS = 1.0
PURGE_INTERVAL_SECONDS = 3600.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Components:
    """The objects that a bot consists of. ``bolt`` is the Bolt app for either transport."""

    services: Services
    client: AsyncWebClient
    sender: Sender
    routes: Router
    bolt: AsyncApp


class Nightshift:
    """A bot that can be started and stopped. Built in ``bot/wiring.py``."""

    def __init__(self, components: Components) -> None:
        self.services = components.services
        self.client = components.client
        self.routes = components.routes
        self.bolt = components.bolt
        self.ready = False
        self.is_stopping = False
        self._sender = components.sender
        self._http: aiohttp.ClientSession | None = None
        self._loops: list[asyncio.Task[None]] = []

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return self.services.settings

    @property
    def db(self) -> Database:
        """The database."""
        return self.services.db

    @property
    def engine(self) -> Engine:
        """The durable engine."""
        return self.services.engine

    @property
    def calendars(self) -> CalendarStore:
        """The calendars of the policy's freezes."""
        return self.services.policy.calendars

    @property
    def directory(self) -> SlackDirectory:
        """The people and groups of the workspace."""
        return self.services.directory

    async def start(self) -> None:
        """Start everything but the transport. Raises ConfigError."""
        self.is_stopping = False
        await self._migrate()
        # The client's own timeout has no effect on a session that it is given.
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIMEOUT_SECONDS))
        self.client.session = self._http
        await self.engine.launch()
        await self._wait_for_slack()
        await self.calendars.load()
        self._log_policy_notes()
        self._start_loops()
        # Otherwise the first phrase that names a date would wait for dateparser to load.
        self._loops.append(asyncio.create_task(asyncio.to_thread(warm_up)))
        self.ready = True

    async def stop(self) -> None:
        """Start nothing more, let running work end for a while, then close everything."""
        self.ready, self.is_stopping = False, True
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        seconds = self.settings.timing.drain_seconds
        await asyncio.gather(self.routes.drain(seconds), self.engine.drain(seconds))
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        for backend in self.services.backends.values():
            await backend.connection.close()
        if self._http is not None:
            await self._http.close()
        await self.db.close()

    async def _migrate(self) -> None:
        url = self.settings.resolved_database_url
        if schema_version.needs_migration(url):
            # Alembic takes long to load, and is needed once per version.
            from bot.storage.migrate import migrate

            await asyncio.to_thread(migrate, url)

    async def _wait_for_slack(self) -> None:
        """Learn the bot's own user. Raises ConfigError for a wrong token; waits while Slack is unavailable."""
        wait = 1.0
        while True:
            try:
                await self.directory.authenticate()
                return
            except SlackApiError as error:
                problem = error_code(error)
                if problem in BAD_TOKEN_CODES:
                    raise ConfigError(
                        [f"environment: SLACK_BOT_TOKEN: Slack does not accept it ({problem})"]
                    ) from error
            except TRANSPORT_ERRORS as error:
                problem = str(error)
            _log.warning("Slack unavailable; retrying", seconds=wait, why=problem)
            await asyncio.sleep(wait)
            wait = min(wait * 2, MAX_SLACK_RETRY_SECONDS)

    def _log_policy_notes(self) -> None:
        policy = self.services.policy.policy
        for note in (*policy_notes(policy), *unnamed_systems(policy, self.services.backends)):
            _log.info("policy", note=note)

    def _start_loops(self) -> None:
        services, timing = self.services, self.settings.timing
        self._add_loop("sender", self._send_messages, 1.0, services.wake.sender)
        self._add_loop(
            "scheduler", lambda: scheduler.tick(services), timing.timekeeper_seconds, services.wake.scheduler
        )
        for backend in services.backends.values():
            self._add_watcher(backend)
        self._add_loop("requeue", lambda: requeue_orphaned_runs(services), REQUEUE_INTERVAL_SECONDS)
        self._add_loop("find unknown", lambda: find_unknown_runs(services), FIND_UNKNOWN_INTERVAL_SECONDS)
        self._add_loop("unapprovable", lambda: alert_unapprovable(services), UNAPPROVABLE_INTERVAL_SECONDS)
        self._add_loop("policy", lambda: check_policy(services), POLICY_CHECK_INTERVAL_SECONDS, services.wake.policy)
        self._add_loop("reviews", lambda: tell_reviewers(services), REVIEW_INTERVAL_SECONDS)
        if (home := self.routes.home) is not None:
            self._add_loop("home", lambda: home.refresh(self.client), HOME_INTERVAL_SECONDS)
        self._add_loop("purge", lambda: purge_old_records(services), PURGE_INTERVAL_SECONDS)
        self._add_loop("list users", self.directory.listing().run_forever, 1.0)
        self._add_loop("save users", self.directory.people.save, SAVE_USERS_INTERVAL_SECONDS)
        self._loops.append(asyncio.create_task(measure_lag(), name="loop lag"))
        self._add_loop("rotas", services.rotas.refresh_forever, 1.0)
        self._add_loop("calendars", self.calendars.refresh_forever, 1.0)
        if not self.db.is_sqlite:
            self._add_loop("recover", self._recover, RECOVERY_INTERVAL_SECONDS)

    def _add_loop(
        self, name: str, work: Callable[[], Awaitable[object]], seconds: float, wake: asyncio.Event | None = None
    ) -> None:
        self._loops.append(asyncio.create_task(run_periodically(name, work, seconds, wake), name=name))

    def _add_watcher(self, backend: ConfiguredBackend) -> None:
        wake = asyncio.Event()
        self.services.wake.watchers.append(wake)
        self._loops.append(asyncio.create_task(_prepare(backend), name=f"prepare {backend.name}"))
        seconds = self.settings.timing.watch_seconds
        self._add_loop(f"watch {backend.name}", lambda: poll_backend(self.services, backend), seconds, wake)
        seconds = self.settings.timing.timekeeper_seconds
        self._add_loop(f"check starts {backend.name}", lambda: check_starts(self.services, backend), seconds)

    async def _send_messages(self) -> None:
        while await self._sender.send_due():
            for message, problem in self._sender.take_undeliverable():
                await handle_undeliverable(self.services, message, problem)

    async def _recover(self) -> None:
        """Take over from nodes that are gone, unless this node's own name was taken."""
        await self.engine.take_over_orphaned()
        if not self.engine.is_alive():
            _log.critical("node name taken by another process; exiting", node=self.engine.node)
            os._exit(EXIT_NODE_NAME_TAKEN)
        await self._release_claims_of_dead_nodes()

    async def _release_claims_of_dead_nodes(self) -> None:
        """Let other nodes send what a dead node had claimed, before its claims run out."""
        now = self.services.clock.now()
        async with self.db.read() as tx:
            nodes = await messages.claiming_nodes(tx, now + MAX_CALL_DURATION)
        for node in nodes:
            async with self.engine.take_over(node) as gone:
                if gone:
                    async with self.db.write() as tx:
                        await messages.shorten_claims(tx, node, now + CLAIM_GRACE, now + MAX_CALL_DURATION)


async def _prepare(backend: ConfiguredBackend) -> None:
    """Let a back end read now what its first start would otherwise wait for."""
    for operation in backend.connection.operations.values():
        try:
            await operation.prepare()
        except NightshiftError as error:
            _log.info("back end not prepared; its first start does it", backend=backend.name, why=str(error))
