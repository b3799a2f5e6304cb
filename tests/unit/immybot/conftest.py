from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from bot.backends.base import BackendContext
from bot.backends.immybot import backend
from bot.backends.immybot.connection import ImmyBotConnection
from bot.backends.immybot.operation import MaintenanceOperation
from bot.backends.immybot.settings import ImmyBotSettings
from playground.immybot import CLIENT_SECRET, ImmyBotSandbox
from playground.server import serve
from tests.unit.immybot.support import SECRET, ManualClock


@pytest.fixture(autouse=True)
def _no_retry_delay() -> Iterator[None]:
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMMYBOT_TEST_CLIENT", CLIENT_SECRET)
    monkeypatch.setenv("IMMYBOT_TEST_ADMIN", SECRET)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sandbox(clock: ManualClock) -> ImmyBotSandbox:
    return ImmyBotSandbox(clock)


@pytest.fixture
async def url(sandbox: ImmyBotSandbox) -> AsyncIterator[str]:
    async with serve(sandbox.app) as address:
        yield address


@pytest.fixture
def settings(sandbox: ImmyBotSandbox, url: str) -> ImmyBotSettings:
    return ImmyBotSettings.model_validate(
        {
            **sandbox.settings(url),
            "client_secret": "env:IMMYBOT_TEST_CLIENT",
            "secrets": {"admin": "env:IMMYBOT_TEST_ADMIN"},
            "timeout": 2.0,
        }
    )


@pytest.fixture
async def connection(settings: ImmyBotSettings, clock: ManualClock) -> AsyncIterator[ImmyBotConnection]:
    made = backend.connect("immybot.lab", settings, BackendContext(clock=clock))
    assert isinstance(made, ImmyBotConnection)
    yield made
    await made.close()


@pytest.fixture
def maintenance(connection: ImmyBotConnection) -> MaintenanceOperation:
    operation = connection.operations["immybot.maintenance"]
    assert isinstance(operation, MaintenanceOperation)
    return operation
