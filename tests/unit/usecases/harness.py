"""Use cases called directly: the real services over a real database, a local Slack and the sandboxes, without the bot's
loops. Nothing happens by itself, so that each test says what happens, and when."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from bot.lifecycle import Nightshift
from bot.requests.model import Decision, Person, Request, Run
from bot.settings import load_settings
from bot.storage import audit, messages, requests, runs
from bot.storage.drafts import Draft
from bot.storage.messages import Message
from bot.storage.migrate import migrate
from bot.storage.runs import Attempt
from bot.usecases.actor import Actor, actor_for
from bot.usecases.approvals.decide import DecisionResult, record_decision
from bot.usecases.approvals.disclose import record_shown
from bot.usecases.backend_registry import BackendRegistry
from bot.usecases.drafts.create import create_draft
from bot.usecases.drafts.load_fields import load_dependent_fields
from bot.usecases.drafts.preview import preview_draft
from bot.usecases.drafts.submit import submit
from bot.usecases.drafts.update import apply_form_state
from bot.usecases.jobs.watch import poll_backend
from bot.usecases.runs.dispatch import dispatch_run
from bot.usecases.services import Services
from bot.wiring import build_bot
from playground.environment import Environment
from playground.sandbox import Fault
from playground.slack.fixtures import TEAM

FOREMAN, OPSRAMP, IMMYBOT = "foreman.main", "opsramp.main", "immybot.main"
RUN_COMMAND = 189
"""The sandbox's template ``Run Command - Script Default``."""
JOBS = "/api/job_invocations"
START = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
"""When each test begins: a Monday, ten o'clock in Berlin."""


def foreman_fault(kind: str, **more) -> Fault:
    """Something that goes wrong with each job that Foreman is asked for."""
    return Fault(kind, f"^{JOBS}$", "POST", **more)


@dataclass
class StillClock:
    """A clock that moves only when it is told to, so that tests can stand exactly on a limit."""

    current: datetime = START

    def now(self) -> datetime:
        return self.current


@dataclass
class RecordingEngine:
    """The engine's port, keeping what was asked of it instead of doing it."""

    node: str = "node-1"
    started: list[tuple[str, str]] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    """The prefixes of keys under which something is running."""
    pruned: list[float] = field(default_factory=list)

    def reset(self) -> None:
        """Forget what was asked."""
        self.started, self.running, self.pruned = [], set(), []

    async def launch(self) -> None: ...

    async def start(self, job: str, key: str) -> None:
        self.started.append((job, key))

    async def has_running(self, job: str, prefix: str) -> bool:
        return prefix in self.running

    async def take_over_orphaned(self) -> int:
        return 0

    def take_over(self, node: str) -> AbstractAsyncContextManager[bool]:
        return nullcontext(False)

    async def prune(self, keep_seconds: float) -> int:
        self.pruned.append(keep_seconds)
        return 0

    async def drain(self, seconds: float) -> None: ...

    def alive(self) -> bool:
        return True


@dataclass
class Harness:
    """The services, and short words for what tests do with them."""

    env: Environment
    services: Services
    engine: RecordingEngine
    clock: StillClock

    @property
    def now(self) -> datetime:
        return self.clock.current

    def person(self, name: str) -> Person:
        return Person(team=TEAM.id, user=f"U0{name.upper()}")

    async def actor(self, name: str) -> Actor:
        user = await self.services.directory.user(self.person(name).user)
        return actor_for(self.services, user)

    def forward(self, **delta: float) -> None:
        """Move on: the bot's clock and that of everything around it."""
        self.move_to(self.now + timedelta(**delta))

    def move_to(self, instant: datetime) -> None:
        self.clock.current = instant
        self.env.clock.move_to(instant)

    async def draft(
        self,
        who: str = "alice",
        when: str = "now",
        reason: str = "patch",
        channel: str = "C-OPS",
        operation: str = "foreman.run",
        system: str = "",
        **values: Any,
    ) -> Draft:
        """A form, filled in: a command on the web servers unless the values say otherwise."""
        actor = await self.actor(who)
        draft = await create_draft(self.services, actor.person, operation.partition(".")[0], operation, channel)
        if system:
            draft = await apply_form_state(self.services, draft, actor, {"_system": system}, {})
        filled = {"when": when, "because": reason, **(self.command(**values) if operation == "foreman.run" else values)}
        draft = await apply_form_state(self.services, draft, actor, filled, {})
        if operation == "foreman.run":
            draft, problem = await load_dependent_fields(self.services, draft, "job_template_id")
            assert problem == ""
        return draft

    def command(self, hosts: str = "name ~ web", command: str = "id", **more: Any) -> dict[str, Any]:
        """The values of a form that runs a command."""
        return {"job_template_id": str(RUN_COMMAND), "search_query": hosts, "inputs.command": command, **more}

    async def request(self, who: str = "alice", when: str = "now", **values: Any) -> Request:
        """A request, from the form to its card."""
        return await self.submit(await self.draft(who, when, **values), who)

    async def submit(self, draft: Draft, who: str = "alice") -> Request:
        """Preview a draft and confirm it."""
        draft, _ = await preview_draft(self.services, draft, await self.actor(who))
        return await submit(self.services, draft, draft.version)

    async def decide(
        self, request: Request, who: str = "bob", verdict: Any = "approved", **more: Any
    ) -> DecisionResult:
        return await record_decision(self.services, request.id, request.revision, self.person(who), verdict, **more)

    async def approved(self, who: str = "alice", when: str = "now", **values: Any) -> Request:
        """A request that Bob has approved, after he was shown all of it."""
        request = await self.request(who, when, **values)
        await record_shown(self.services, request, self.person("bob"), "pages")
        return (await self.decide(request)).request

    async def started(self, who: str = "alice", when: str = "now", **values: Any) -> tuple[Request, Run]:
        """An approved request whose run was started."""
        request = await self.approved(who, when, **values)
        await dispatch_run(self.services, (await self.run(request)).id)
        return await self.reload(request), await self.run(request)

    async def dispatch(self, run: Run) -> Run:
        await dispatch_run(self.services, run.id)
        async with self.services.db.read() as tx:
            return await runs.get(tx, run.id)

    async def unknown(self, *, arrived: bool = False, **values: Any) -> tuple[Request, Run]:
        """A request whose call was answered by nobody. Foreman has its job if it ``arrived``, and does not show it."""
        request = await self.approved(**values)
        self.env.foreman.faults.append(foreman_fault("cut_after" if arrived else "cut"))
        self.env.foreman.faults.append(Fault("status", JOBS, "GET", status=500, remaining=None))
        run = await self.dispatch(await self.run(request))
        self.env.foreman.faults.clear()
        assert run.state == "unknown"
        return await self.reload(request), run

    @asynccontextmanager
    async def calls_held(self, request: Request, backend: str = FOREMAN) -> AsyncIterator[None]:
        """Start the run of a request, and hold its call back until the block ends: it is prepared and not sent."""
        slots = self.services.backends.require(backend).send_slots
        async with AsyncExitStack() as full:
            while not slots.locked():
                await full.enter_async_context(slots)
            dispatching = asyncio.create_task(dispatch_run(self.services, (await self.run(request)).id))
            async with asyncio.timeout(20):
                while (await self.run(request)).state != "starting":
                    await asyncio.sleep(0.02)
            yield
        await asyncio.wait_for(dispatching, 20)

    async def poll(self, backend: str = FOREMAN) -> int:
        """Look once at everything that runs in a back end, whenever it was looked at last."""
        self.forward(seconds=60)
        return await poll_backend(self.services, self.services.backends.require(backend))

    async def reload(self, request: Request) -> Request:
        async with self.services.db.read() as tx:
            return await requests.get(tx, request.id)

    async def runs(self, request: Request) -> Sequence[Run]:
        """The runs of a request, newest first."""
        async with self.services.db.read() as tx:
            return await runs.of_request(tx, request.id)

    async def run(self, request: Request) -> Run:
        """The newest run of a request."""
        return (await self.runs(request))[0]

    async def attempt(self, run: Run) -> Attempt | None:
        async with self.services.db.read() as tx:
            return await runs.get_attempt(tx, run.token)

    async def decisions(self, request: Request) -> Sequence[Decision]:
        async with self.services.db.read() as tx:
            return await requests.decisions_of(tx, request.id)

    async def messages(self, request: Request, *kinds: str) -> list[Message]:
        """The messages about a request, all or of some kinds. What only says that copies are to be made is none."""
        async with self.services.db.read() as tx:
            return [
                m
                for m in await messages.of_request(tx, request.id)
                if (m.kind in kinds if kinds else m.kind != "copies")
            ]

    async def audit(self, request: Request) -> list[tuple[str, Mapping[str, Any]]]:
        """What the audit trail says of a request: action and data, oldest first."""
        async with self.services.db.read() as tx:
            return [(entry.action, entry.data) async for entry in audit.entries(tx, request.id)]

    def without_backend(self, name: str) -> Services:
        """The services after a back end was taken out of the configuration."""
        others = {key: backend for key, backend in self.services.backends.items() if key != name}
        return replace(self.services, backends=BackendRegistry(others, self.services.settings.channels))

    def posts(self) -> list[Any]:
        """The bodies of the jobs that Foreman was asked for."""
        return [r.body["job_invocation"] for r in self.env.foreman.requests_to("POST", "/api/job_invocations")]

    def woken(self) -> set[str]:
        """Which loops were woken since this was asked last."""
        wake = self.services.wake
        events = {"sender": wake.sender, "scheduler": wake.scheduler, "watchers": wake.watchers[0]}
        names = {name for name, event in events.items() if event.is_set()}
        for event in events.values():
            event.clear()
        return names


async def make_services(env: Environment, http: aiohttp.ClientSession) -> tuple[Nightshift, Harness]:
    """The services as the bot has them, with an engine that only keeps what was asked of it."""
    settings = load_settings(env.config)
    migrate(settings.resolved_database_url)
    clock = StillClock()
    bot = build_bot(settings, env.config, clock)
    bot.client.session = http
    await bot.directory.authenticate()
    engine = RecordingEngine()
    services = replace(bot.services, engine=engine)
    services.wake.watchers.append(asyncio.Event())
    return bot, Harness(env, services, engine, clock)
