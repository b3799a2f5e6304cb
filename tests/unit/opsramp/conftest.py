from collections.abc import AsyncIterator

import pytest

from bot.backends.base import Tools
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.create import Create
from bot.backends.opsramp.run import Run
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.opsramp.update import Update
from playground.opsramp import KEY, SECRET, OpsRampSandbox
from playground.server import serve
from tests.unit.opsramp.support import PASSWORD, HandClock


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSRAMP_TEST_KEY", KEY)
    monkeypatch.setenv("OPSRAMP_TEST_SECRET", SECRET)
    monkeypatch.setenv("OPSRAMP_TEST_PASSWORD", PASSWORD)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def sandbox(clock: HandClock) -> OpsRampSandbox:
    return OpsRampSandbox(clock)


@pytest.fixture
async def url(sandbox: OpsRampSandbox) -> AsyncIterator[str]:
    async with serve(sandbox.app) as address:
        yield address


@pytest.fixture
def settings(sandbox: OpsRampSandbox, url: str) -> OpsRampSettings:
    return settings_for(sandbox, url)


def settings_for(sandbox: OpsRampSandbox, address: str, **more: object) -> OpsRampSettings:
    return OpsRampSettings.model_validate(
        {
            **sandbox.settings(address),
            "key": "env:OPSRAMP_TEST_KEY",
            "secret": "env:OPSRAMP_TEST_SECRET",
            "secrets": {"spooler": "env:OPSRAMP_TEST_PASSWORD"},
            "timeout": 2.0,
            **more,
        }
    )


@pytest.fixture
async def connection(settings: OpsRampSettings, clock: HandClock) -> AsyncIterator[OpsRampConnection]:
    made = OpsRampConnection("opsramp.lab", settings, Tools(clock=clock), clock.sleep)
    yield made
    await made.close()


@pytest.fixture
def updating(connection: OpsRampConnection) -> Update:
    operation = connection.operations["opsramp.update_job"]
    assert isinstance(operation, Update)
    return operation


@pytest.fixture
def creating(connection: OpsRampConnection) -> Create:
    operation = connection.operations["opsramp.create_job"]
    assert isinstance(operation, Create)
    return operation


@pytest.fixture
def running(connection: OpsRampConnection) -> Run:
    operation = connection.operations["opsramp.run_job"]
    assert isinstance(operation, Run)
    return operation
