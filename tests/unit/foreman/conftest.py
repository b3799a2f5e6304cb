"""A sandbox Foreman over real HTTP, and a connection to it, both on a clock that a test moves."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina

from bot.backends.base import BackendContext, Connection, Handle, Operation, Plan, Progress, parse_params
from bot.backends.foreman import backend
from bot.backends.foreman.settings import ForemanSettings
from bot.schedule import Now, Schedule
from playground.foreman import ForemanSandbox
from playground.server import serve

START = datetime(2026, 11, 23, 20, 0, 30, tzinfo=UTC)
TOKEN = "ns-01jtest"


class ManualClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = START) -> None:
        self.current = now

    def now(self) -> datetime:
        return self.current

    def advance(self, **delta: float) -> None:
        self.current += timedelta(**delta)


class Harness:
    """The sandbox, the connection and the operation, with short words for what tests do."""

    def __init__(self, sandbox: ForemanSandbox, connection: Connection, clock: ManualClock) -> None:
        self.sandbox, self.connection, self.clock = sandbox, connection, clock
        self.operation: Operation[Any] = connection.operations["foreman.run"]

    def params(self, **values: Any) -> Any:
        return parse_params(self.operation.params_model, values)

    def command_params(self, **values: Any) -> Any:
        """Parameters of a job that runs ``uptime`` on the Berlin web servers, changed by ``values``."""
        given = {"job_template_id": 189, "inputs": {"command": "uptime"}, "search_query": "location = Berlin"}
        return self.params(**(given | values))

    def plan(self, params: Any, schedule: Schedule | None = None, token: str = TOKEN) -> Plan:
        return self.operation.plan(params, schedule or Now(), token)

    async def start(self, params: Any = None, schedule: Schedule | None = None, token: str = TOKEN) -> Handle:
        return await self.operation.start(self.plan(params or self.command_params(), schedule, token))

    async def progress(self, handle: Handle) -> Progress:
        return (await self.operation.poll([handle]))[handle.id]

    def posts(self) -> list[Any]:
        """The bodies of the jobs that were asked for."""
        return [r.body for r in self.sandbox.requests_to("POST", "/api/job_invocations")]


@pytest.fixture(autouse=True)
def _no_retry_delay() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sandbox(clock: ManualClock) -> AsyncIterator[tuple[ForemanSandbox, str]]:
    found = ForemanSandbox(clock)
    async with serve(found.app) as url:
        yield found, url


@pytest.fixture
def extra_settings() -> dict[str, Any]:
    """More settings; a test module overrides this."""
    return {}


@pytest.fixture
async def harness(
    sandbox: tuple[ForemanSandbox, str],
    clock: ManualClock,
    extra_settings: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Harness]:
    found, url = sandbox
    monkeypatch.setenv("FOREMAN_PASSWORD", "sandbox")
    settings = ForemanSettings(url=url, username="nightshift", password="env:FOREMAN_PASSWORD", **extra_settings)
    connection = backend.connect("foreman.lab", settings, BackendContext(clock))
    yield Harness(found, connection, clock)
    await connection.close()
