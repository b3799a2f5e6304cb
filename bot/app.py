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
from bot.backends.base import Tools
from bot.clock import Clock, ShiftedClock, SystemClock
from bot.engine.dbos_engine import DbosEngine
from bot.errors import ConfigError
from bot.loops import forever
from bot.requests.model import Requirement
from bot.requests.policy_file import check_against, every_stage, load_policy
from bot.schedule import warm
from bot.settings import Settings, backend_settings
from bot.slack.directory import directory_for
from bot.slack.errors import TRANSPORT_ERRORS, code
from bot.slack.pace import Pace
from bot.slack.people import People
from bot.slack.retry import RetryUnlessPosting
from bot.slack.sender import LONGEST_CALL, Sender
from bot.storage import messages, version
from bot.storage.database import Database
from bot.usecases import dispatch, keep_time
from bot.usecases.calendars import Calendars
from bot.usecases.dispatch import dispatch as dispatch_run
from bot.usecases.rights import Rights
from bot.usecases.services import Configured, Services
from bot.usecases.undeliverable import undeliverable
from bot.usecases.watch import watch

_log = structlog.get_logger(__name__)
_NO_POLICY = "[policy]\napprovers = []\n"
SLACK_SECONDS = 15
"""How long a call of Slack's Web API may take."""
RECOVER_SECONDS = 1.0
GRACE = timedelta(seconds=3)
"""What a node that is gone had claimed is left alone for so long: it may only have lost its connection to the database.
"""
LOST_NAME = 70
"""The exit code of a node whose name another process has taken."""
SWEEP_SECONDS = 20.0
STUCK_SECONDS = 30.0
TIDY_SECONDS = 3600.0


class Nightshift:
    """A bot that can be started and stopped. ``bolt`` is the Bolt app for either transport."""

    def __init__(self, settings: Settings, policy_text: str, source: str, clock: Clock | None = None) -> None:
        """Raises ConfigError with every fault that can be found without a network."""
        self.settings = settings
        shifted = ShiftedClock(settings.clock_file) if settings.clock_file else None
        self.clock: Clock = clock or shifted or SystemClock()
        policy = load_policy(policy_text, source, now=self.clock.now())
        configured = self._connect(settings, self.clock)
        if not settings.slack_bot_token.get_secret_value():
            raise ConfigError(["environment: SLACK_BOT_TOKEN: is not set; it begins with xoxb-"])
        self._http: aiohttp.ClientSession | None = None
        self.client = AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            timeout=SLACK_SECONDS,
            retry_handlers=[RetryUnlessPosting()],
        )
        self.db = Database(settings.database)
        self.people = People(
            self.client,
            allow_guests=settings.people.allow_guests,
            allow_other_teams=settings.people.allow_other_teams,
            groups_max_age=settings.people.groups_max_age,
        )
        self.engine = DbosEngine(settings.database, settings.data_dir, settings.node, {dispatch.JOB: self._dispatch})
        self.calendars = Calendars(policy, self.clock)
        self.services = Services(
            settings=settings,
            clock=self.clock,
            db=self.db,
            engine=self.engine,
            people=self.people,
            rights=Rights(policy, self.calendars),
            configured=configured,
        )
        self.sender = Sender(
            self.client,
            self.db,
            self.people,
            self.clock,
            node=lambda: self.engine.node,
            card_seconds=settings.timing.card_seconds,
            nudge=self.services.nudges.sender,
            pace=Pace(times=settings.timing.slack_pace),
        )
        self.routes = handlers.table(self.services)
        self.bolt = self._bolt()
        self._loops: list[asyncio.Task[None]] = []
        self.ready = False

    @staticmethod
    def _connect(settings: Settings, clock: Clock) -> dict[str, Configured]:
        tools = Tools(clock=clock)
        return {
            name: Configured(kind, kind.connect(name, values, tools), values)
            for name, (kind, values) in backend_settings(settings).items()
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
                team_id=self.people.team,
                bot_user_id=self.people.bot_user,
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
        if version.pending(self.settings.database):
            # What changes tables takes long to load, and is needed once a version.
            from bot.storage.migrate import migrate

            await asyncio.to_thread(migrate, self.settings.database)
        # The client's own timeout does not count for a session that it is given.
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SLACK_SECONDS))
        self.client.session = self._http
        await self.engine.launch()
        await self._introduce()
        await self.calendars.begin()
        await self._check_policy()
        timing, nudges = self.settings.timing, self.services.nudges
        self._loop("sender", self._send, 1.0, nudges.sender)
        self._loop(
            "timekeeper", lambda: keep_time.keep_time(self.services), timing.timekeeper_seconds, nudges.timekeeper
        )
        for here in self.services.configured.values():
            self._watcher(here)
        self._loop("sweep", lambda: keep_time.sweep(self.services), SWEEP_SECONDS)
        self._loop("stuck", lambda: keep_time.tell_stuck(self.services), STUCK_SECONDS)
        self._loop("tidy", lambda: keep_time.tidy(self.services), TIDY_SECONDS)
        self._loop("calendars", self.calendars.keep_reading, 1.0)
        if not self.db.is_sqlite:
            self._loop("recover", self._recover, RECOVER_SECONDS)
        # The first phrase that names a date would otherwise wait for dateparser to load.
        self._loops.append(asyncio.create_task(asyncio.to_thread(warm)))
        self.ready = True

    async def stop(self) -> None:
        """Start nothing more, let what is under way end for a while, then close everything."""
        self.ready = False
        for task in self._loops:
            task.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        seconds = self.settings.timing.drain_seconds
        await asyncio.gather(self.routes.finish(seconds), self.engine.drain(seconds))
        await self.close()

    async def close(self) -> None:
        """Give back every connection."""
        for here in self.services.configured.values():
            await here.connection.close()
        if self._http is not None:
            await self._http.close()
        await self.db.close()

    def _loop(self, name: str, work: Any, seconds: float, nudge: asyncio.Event | None = None) -> None:
        self._loops.append(asyncio.create_task(forever(name, work, seconds, nudge), name=name))

    def _watcher(self, here: Configured) -> None:
        nudge = asyncio.Event()
        seconds = self.settings.timing.watch_seconds

        async def look() -> None:
            await watch(self.services, here)

        self.services.nudges.watchers.append(nudge)
        self._loop(f"watch {here.name}", look, seconds, nudge)

    async def _send(self) -> None:
        while await self.sender.send_due():
            await self._tell_undeliverable(self.sender.take_undeliverable())

    async def _tell_undeliverable(self, found: Sequence[Any]) -> None:
        for message, problem in found:
            await undeliverable(self.services, message, problem)

    async def _dispatch(self, key: str) -> None:
        await dispatch_run(self.services, key.partition(":")[0])

    async def _recover(self) -> None:
        await self.engine.recover()
        if not self.engine.alive():
            _log.critical("another process has this node's name, so this one stops at once", node=self.engine.node)
            os._exit(LOST_NAME)
        await self._send_for_others()

    async def _send_for_others(self) -> None:
        """What a node that is gone was just sending need not wait until its claims run out."""
        now = self.clock.now()
        async with self.db.read() as tx:
            nodes = await messages.claimants(tx, now + LONGEST_CALL)
        for node in nodes:
            async with self.engine.in_place_of(node) as gone:
                if gone:
                    async with self.db.write() as tx:
                        await messages.hasten(tx, node, now + GRACE, now + LONGEST_CALL)

    async def _introduce(self) -> None:
        """Learn who the bot is. A wrong token is a fault of the configuration; a Slack that is away is waited for."""
        wait = 1.0
        while True:
            try:
                await self.people.introduce()
                return
            except SlackApiError as error:
                if code(error) in ("invalid_auth", "not_authed", "account_inactive", "token_revoked"):
                    raise ConfigError(
                        [f"environment: SLACK_BOT_TOKEN: Slack does not accept it ({code(error)})"]
                    ) from error
                problem = code(error)
            except TRANSPORT_ERRORS as error:
                problem = str(error)
            _log.warning("Slack cannot be reached; trying again", seconds=wait, why=problem)
            await asyncio.sleep(wait)
            wait = min(wait * 2, 30.0)

    async def _check_policy(self) -> None:
        policy = self.services.rights.policy
        everybody = Requirement(stages=every_stage(policy))
        faults = check_against(policy, await directory_for(self.people, everybody))
        if faults:
            raise ConfigError(faults)


def build(settings: Settings, config: Path | None) -> Nightshift:
    """The bot for a configuration. Raises ConfigError."""
    text = config.read_text() if config else _NO_POLICY
    return Nightshift(settings, text, str(config or "environment"))


async def check_database(db: Database) -> str:
    """Whether the database answers: "" or what is wrong."""
    try:
        async with db.read() as tx:
            await tx.execute(text("SELECT 1"))
    except DBAPIError as error:
        return str(error.orig)
    return ""
