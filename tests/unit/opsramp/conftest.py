from collections.abc import AsyncIterator

import pytest

from bot.backends.base import BackendContext
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.run_job import RunJobOperation
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.opsramp.update_job import UpdateJobOperation
from playground.opsramp import KEY, SECRET, OpsRampSandbox
from playground.server import serve
from tests.unit.opsramp.support import PASSWORD, ManualClock


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSRAMP_TEST_KEY", KEY)
    monkeypatch.setenv("OPSRAMP_TEST_SECRET", SECRET)
    monkeypatch.setenv("OPSRAMP_TEST_PASSWORD", PASSWORD)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def sandbox(clock: ManualClock) -> OpsRampSandbox:
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
            "lookup_timeout": 10.0,
            **more,
        }
    )


@pytest.fixture
async def connection(settings: OpsRampSettings, clock: ManualClock) -> AsyncIterator[OpsRampConnection]:
    made = OpsRampConnection("opsramp.lab", settings, BackendContext(clock=clock), clock.sleep)
    yield made
    await made.close()


@pytest.fixture
def update_operation(connection: OpsRampConnection) -> UpdateJobOperation:
    operation = connection.operations["opsramp.update_job"]
    assert isinstance(operation, UpdateJobOperation)
    return operation


@pytest.fixture
def create_operation(connection: OpsRampConnection) -> CreateJobOperation:
    operation = connection.operations["opsramp.create_job"]
    assert isinstance(operation, CreateJobOperation)
    return operation


@pytest.fixture
def run_operation(connection: OpsRampConnection) -> RunJobOperation:
    operation = connection.operations["opsramp.run_job"]
    assert isinstance(operation, RunJobOperation)
    return operation
