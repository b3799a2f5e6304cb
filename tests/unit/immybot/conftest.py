from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from bot.backends.base import Tools
from bot.backends.immybot import backend
from bot.backends.immybot.connection import ImmyBotConnection
from bot.backends.immybot.operation import Maintenance
from bot.backends.immybot.settings import ImmyBotSettings
from playground.immybot import CLIENT_SECRET, ImmyBotSandbox
from playground.server import serve
from tests.unit.immybot.support import SECRET, HandClock


@pytest.fixture(autouse=True)
def _retries_do_not_wait() -> Iterator[None]:
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMMYBOT_TEST_CLIENT", CLIENT_SECRET)
    monkeypatch.setenv("IMMYBOT_TEST_ADMIN", SECRET)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def sandbox(clock: HandClock) -> ImmyBotSandbox:
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
async def connection(settings: ImmyBotSettings, clock: HandClock) -> AsyncIterator[ImmyBotConnection]:
    made = backend.connect("immybot.lab", settings, Tools(clock=clock))
    assert isinstance(made, ImmyBotConnection)
    yield made
    await made.close()


@pytest.fixture
def maintenance(connection: ImmyBotConnection) -> Maintenance:
    operation = connection.operations["immybot.maintenance"]
    assert isinstance(operation, Maintenance)
    return operation
