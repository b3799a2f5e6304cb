"""The one place where everything is wired: settings become services, services become a running bot."""

import asyncio
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import handlers
from bot.backends.base import BackendContext
from bot.clock import Clock, ShiftedClock, SystemClock
from bot.engine.dbos_engine import DbosEngine
from bot.errors import ConfigError
from bot.loops import run_periodically
from bot.requests.model import Requirement
from bot.requests.policy.load import all_stages, load_policy, workspace_problems
from bot.schedule import warm_up
from bot.settings import Settings, validate_backends
from bot.slack.error_codes import TRANSPORT_ERRORS, error_code
from bot.slack.live_directory import load_directory
from bot.slack.rate_limits import RateLimiter
from bot.slack.retries import RetryExceptPostMessage
from bot.slack.sender import MAX_CALL_DURATION, Sender
from bot.slack.users import SlackDirectory
from bot.storage import messages, schema_version
from bot.storage.database import Database
from bot.usecases.jobs import scheduler
from bot.usecases.jobs.calendars import CalendarStore
from bot.usecases.jobs.undeliverable import handle_undeliverable
from bot.usecases.jobs.watch import poll_backend
from bot.usecases.rights import Rights
from bot.usecases.runs import dispatch
from bot.usecases.runs.dispatch import dispatch_run
from bot.usecases.services import ConfiguredBackend, Services

_log = structlog.get_logger(__name__)
_EMPTY_POLICY = "[policy]\napprovers = []\n"
SLACK_TIMEOUT_SECONDS = 15
"""How long a call of Slack's Web API may take."""
RECOVERY_INTERVAL_SECONDS = 1.0
CLAIM_GRACE = timedelta(seconds=3)
"""What a node that is gone had claimed is left alone for so long: it may only have lost its connection to the database.
"""
EXIT_NODE_NAME_TAKEN = 70
"""The exit code of a node whose name another process has taken."""
REQUEUE_INTERVAL_SECONDS = 20.0
UNAPPROVABLE_INTERVAL_SECONDS = 30.0
PURGE_INTERVAL_SECONDS = 3600.0


class Nightshift:
    """A bot that can be started and stopped. ``bolt`` is the Bolt app for either transport."""

    def __init__(self, settings: Settings, policy_text: str, source: str, clock: Clock | None = None) -> None:
        """Raises ConfigError with every fault that can be found without a network."""
        self.settings = settings
        shifted = ShiftedClock(settings.clock_file) if settings.clock_file else None
        self.clock: Clock = clock or shifted or SystemClock()
        policy = load_policy(policy_text, source, now=self.clock.now())
        configured = self._connect_backends(settings, self.clock)
        if not settings.slack_bot_token.get_secret_value():
            raise ConfigError(["environment: SLACK_BOT_TOKEN: is not set; it begins with xoxb-"])
        self._http: aiohttp.ClientSession | None = None
        self.client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            timeout=SLACK_TIMEOUT_SECONDS,
            retry_handlers=[RetryExceptPostMessage()],
        )
        self.db = Database(settings.resolved_database_url)
        self.directory = SlackDirectory(
            self.client,
            allow_guests=settings.people.allow_guests,
            allow_other_teams=settings.people.allow_other_teams,
            groups_max_age=settings.people.groups_max_age,
        )
        self.engine = DbosEngine(
            settings.resolved_database_url, settings.data_dir, settings.node, {dispatch.JOB: self._dispatch}
        )
        self.calendars = CalendarStore(policy, self.clock)
        self.services = Services(
            settings=settings,
            clock=self.clock,
            db=self.db,
            engine=self.engine,
            directory=self.directory,
            rights=Rights(policy, self.calendars),
            backends=configured,
        )
        self.sender = Sender(
            self.client,
            self.db,
            self.directory,
            self.clock,
            node=lambda: self.engine.node,
            min_update_seconds=settings.timing.card_seconds,
            wake=self.services.wake.sender,
            rate_limiter=RateLimiter(multiplier=settings.timing.slack_pace),
        )
        self.routes = handlers.build_routes(self.services)
        self.bolt = self._bolt()
        self._loops: list[asyncio.Task[None]] = []
        self.ready = False

    @staticmethod
    def _connect_backends(settings: Settings, clock: Clock) -> dict[str, ConfiguredBackend]:
        tools = BackendContext(clock=clock)
        return {
            name: ConfiguredBackend(kind, kind.connect(name, values, tools), values)
            for name, (kind, values) in validate_backends(settings).items()
        }

    def _bolt(self) -> AsyncApp:
        bolt = AsyncApp(
            client=self.client,
            signing_secret=self.settings.slack_signing_secret.get_secret_value() or "unused-with-socket-mode",
            authorize=self._authorize(),
            raise_error_for_unhandled_request=True,
            # bot/web.py verifies what comes over HTTP before it is read; nothing of ours is a function of a workflow.
            request_verification_enabled=False,
            attaching_function_token_enabled=False,
        )
        bolt.error(self._on_error)
        bolt.use(self.routes)
        return bolt

    def _authorize(self) -> Any:
        """The one installation. Asking Slack for it at each request would cost time that the deadline does not have."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=self.directory.team_id,
                bot_user_id=self.directory.bot_user_id,
                bot_token=self.settings.slack_bot_token.get_secret_value(),
            )

        return authorize

    async def _on_error(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        kind = body.get("type") or body.get("command")
        if isinstance(error, BoltUnhandledRequestError):
            # Slack sends what nobody asked for too, and would send it again.
            _log.error("a request of Slack was not handled", kind=kind, error=repr(error))
            return BoltResponse(status=200, body="")
        # An empty 200 would close the form as if all were well; with this, Slack says that something is wrong.
        _log.error("a request of Slack was not handled", kind=kind, exc_info=error)
        return BoltResponse(status=500, body="")

    async def start(self) -> None:
        """Bring up everything but the transport. Raises ConfigError."""
        if schema_version.needs_migration(self.settings.resolved_database_url):
            # What changes tables takes long to load, and is needed once a version.
            from bot.storage.migrate import migrate

            await asyncio.to_thread(migrate, self.settings.resolved_database_url)
        # The client's own timeout does not count for a session that it is given.
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_TIMEOUT_SECONDS))
        self.client.session = self._http
        await self.engine.launch()
        await self._wait_for_slack()
        await self.calendars.load()
        await self._check_policy()
        timing, nudges = self.settings.timing, self.services.wake
        self._add_loop("sender", self._send, 1.0, nudges.sender)
        self._add_loop("timekeeper", lambda: scheduler.tick(self.services), timing.timekeeper_seconds, nudges.scheduler)
        for here in self.services.backends.values():
            self._add_watcher(here)
        self._add_loop("sweep", lambda: scheduler.requeue_orphaned_runs(self.services), REQUEUE_INTERVAL_SECONDS)
        self._add_loop("stuck", lambda: scheduler.alert_unapprovable(self.services), UNAPPROVABLE_INTERVAL_SECONDS)
        self._add_loop("tidy", lambda: scheduler.purge_old_records(self.services), PURGE_INTERVAL_SECONDS)
        self._add_loop("calendars", self.calendars.refresh_forever, 1.0)
        if not self.db.is_sqlite:
            self._add_loop("recover", self._recover, RECOVERY_INTERVAL_SECONDS)
        # The first phrase that names a date would otherwise wait for dateparser to load.
        self._loops.append(asyncio.create_task(asyncio.to_thread(warm_up)))
        self.ready = True

    async def stop(self) -> None:
        """Start nothing more, let what is under way end for a while, then close everything."""
        self.ready = False
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        seconds = self.settings.timing.drain_seconds
        await asyncio.gather(self.routes.drain(seconds), self.engine.drain(seconds))
        await self.close()

    async def close(self) -> None:
        """Give back every connection."""
        for here in self.services.backends.values():
            await here.connection.close()
        if self._http is not None:
            await self._http.close()
        await self.db.close()

    def _add_loop(self, name: str, work: Any, seconds: float, wake: asyncio.Event | None = None) -> None:
        self._loops.append(asyncio.create_task(run_periodically(name, work, seconds, wake), name=name))

    def _add_watcher(self, backend: ConfiguredBackend) -> None:
        nudge = asyncio.Event()
        seconds = self.settings.timing.watch_seconds

        async def look() -> None:
            await poll_backend(self.services, backend)

        self.services.wake.watchers.append(nudge)
        self._add_loop(f"watch {backend.name}", look, seconds, nudge)

    async def _send(self) -> None:
        while await self.sender.send_due():
            await self._handle_undeliverable(self.sender.take_undeliverable())

    async def _handle_undeliverable(self, found: Sequence[Any]) -> None:
        for message, problem in found:
            await handle_undeliverable(self.services, message, problem)

    async def _dispatch(self, key: str) -> None:
        await dispatch_run(self.services, key.partition(":")[0])

    async def _recover(self) -> None:
        await self.engine.take_over_orphaned()
        if not self.engine.is_alive():
            _log.critical("another process has this node's name, so this one stops at once", node=self.engine.node)
            os._exit(EXIT_NODE_NAME_TAKEN)
        await self._release_claims_of_dead_nodes()

    async def _release_claims_of_dead_nodes(self) -> None:
        """What a node that is gone was just sending need not wait until its claims run out."""
        now = self.clock.now()
        async with self.db.read() as tx:
            nodes = await messages.claiming_nodes(tx, now + MAX_CALL_DURATION)
        for node in nodes:
            async with self.engine.take_over(node) as gone:
                if gone:
                    async with self.db.write() as tx:
                        await messages.shorten_claims(tx, node, now + CLAIM_GRACE, now + MAX_CALL_DURATION)

    async def _wait_for_slack(self) -> None:
        """Learn who the bot is. A wrong token is a fault of the configuration; a Slack that is away is waited for."""
        wait = 1.0
        while True:
            try:
                await self.directory.authenticate()
                return
            except SlackApiError as error:
                if error_code(error) in ("invalid_auth", "not_authed", "account_inactive", "token_revoked"):
                    raise ConfigError(
                        [f"environment: SLACK_BOT_TOKEN: Slack does not accept it ({error_code(error)})"]
                    ) from error
                problem = error_code(error)
            except TRANSPORT_ERRORS as error:
                problem = str(error)
            _log.warning("Slack cannot be reached; trying again", seconds=wait, why=problem)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 30.0)

    async def _check_policy(self) -> None:
        policy = self.services.rights.policy
        everybody = Requirement(stages=all_stages(policy))
        faults = workspace_problems(policy, await load_directory(self.directory, everybody))
        if faults:
            raise ConfigError(faults)


def build_bot(settings: Settings, config: Path | None) -> Nightshift:
    """The bot for a configuration. Raises ConfigError."""
    text = config.read_text() if config else _EMPTY_POLICY
    return Nightshift(settings, text, str(config or "environment"))


async def database_problem(db: Database) -> str:
    """Whether the database answers: "" or what is wrong."""
    try:
        async with db.read() as tx:
            await tx.execute(text("SELECT 1"))
    except DBAPIError as error:
        return str(error.orig)
    return ""
