"""A connection that is closed leaves nothing behind: no open client, no fetch that still waits for an answer."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

import bot.backends
from bot.backends import foreman, immybot, opsramp
from bot.backends.base import BackendContext, BackendKind, Connection
from bot.clock import SystemClock
from playground.environment import SECRETS
from playground.foreman import ForemanSandbox
from playground.immybot import ImmyBotSandbox
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault, Sandbox
from playground.server import serve

CLOCK = SystemClock()
FOREMAN = {"username": "nightshift", "password": "env:SANDBOX_FOREMAN_PASSWORD"}
OPSRAMP = {"tenant": "client_93", "key": "env:SANDBOX_OPSRAMP_KEY", "secret": "env:SANDBOX_OPSRAMP_SECRET"}
IMMYBOT = {"client_secret": "env:SANDBOX_IMMYBOT_SECRET"}

Read = Callable[[Connection], Coroutine[Any, Any, object]]


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def connect(kind: BackendKind, settings: dict[str, Any]) -> Connection:
    return kind.connect("it", kind.settings_model.model_validate(settings), BackendContext(CLOCK))


def open_clients() -> set[int]:
    found = [thing for thing in gc.get_objects() if isinstance(thing, httpx.AsyncClient)]
    return {id(client) for client in found if not client.is_closed}


def tasks_of_the_bot() -> set[asyncio.Task[Any]]:
    """What the back ends have begun and not finished."""
    folder = str(Path(bot.backends.__file__).parent)
    return {task for task in asyncio.all_tasks() if task.get_coro().cr_code.co_filename.startswith(folder)}  # type: ignore[union-attr]


def choices(operation: str, field: str) -> Read:
    """Looks up the choices of a field."""
    return lambda connection: connection.operations[operation].lookup(field, "web", {})


async def fields_of_a_template(connection: Connection) -> None:
    """Reads the fields of a template of Foreman's."""
    await connection.operations["foreman.run"].fields({"job_template_id": "189"})


@pytest.mark.parametrize("name", ["foreman", "opsramp", "immybot"])
async def test_every_client_is_closed(name: str) -> None:
    sandbox: Any = {"foreman": ForemanSandbox, "opsramp": OpsRampSandbox, "immybot": ImmyBotSandbox}[name](CLOCK)
    kind, settings = {
        "foreman": (foreman.backend, FOREMAN),
        "opsramp": (opsramp.backend, OPSRAMP),
        "immybot": (immybot.backend, IMMYBOT),
    }[name]
    before = open_clients()
    async with serve(sandbox.app) as url:
        more = sandbox.settings(url) if name == "immybot" else {"url": url}
        connection = connect(kind, {**more, **settings})
        await connection.check()
        assert open_clients() - before
        await connection.close()
        assert open_clients() <= before


@pytest.mark.parametrize(
    ("kind", "settings", "made", "read", "path"),
    [
        (foreman.backend, FOREMAN, ForemanSandbox, choices("foreman.run", "job_template_id"), "/api/job_templates"),
        (foreman.backend, FOREMAN, ForemanSandbox, fields_of_a_template, "/foreign_input_sets"),
        (opsramp.backend, OPSRAMP, OpsRampSandbox, choices("opsramp.update_job", "job"), "/jobs"),
        (opsramp.backend, OPSRAMP, OpsRampSandbox, choices("opsramp.create_job", "script"), "/scripts"),
    ],
)
async def test_a_fetch_that_waits_for_an_answer_is_given_up(
    kind: BackendKind, settings: dict[str, Any], made: Any, read: Read, path: str
) -> None:
    sandbox: Sandbox = made(CLOCK)
    async with serve(sandbox.app) as url:
        connection = connect(kind, {"url": url, **settings})
        await connection.check()
        sandbox.received_requests.clear()
        sandbox.faults.append(Fault("slow", path, seconds=5.0, remaining=None))
        before = tasks_of_the_bot()
        asking = asyncio.create_task(read(connection))
        async with asyncio.timeout(5):
            while not any(path in request.path for request in sandbox.received_requests):
                await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait([asking])
        assert tasks_of_the_bot() - before
        async with asyncio.timeout(2):
            await connection.close()
        assert not tasks_of_the_bot() - before
