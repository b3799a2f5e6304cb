"""Tests the operation against the sandbox, without Slack."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from lantern import backend
from lantern.connection import LanternSettings
from lantern.params import RestartParams
from lantern.restart import RestartOperation
from lantern.sandbox import TOKEN, LanternSandbox

from bot.backends.base import BackendContext, Connection, Handle, parse_params
from bot.clock import SystemClock
from bot.errors import InputError, OutcomeUnknown, Unauthorized
from bot.schedule import Now
from playground.sandbox import Fault
from playground.server import serve


@pytest.fixture
def sandbox() -> LanternSandbox:
    return LanternSandbox(SystemClock(), dark_for=timedelta())


@pytest.fixture
async def connection(sandbox: LanternSandbox, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connection]:
    monkeypatch.setenv("LANTERN_TOKEN", TOKEN)
    async with serve(sandbox.app) as url:
        settings = LanternSettings(url=url, token="env:LANTERN_TOKEN")
        connection = backend.connect("lantern.test", settings, BackendContext(sandbox.clock))
        yield connection
        await connection.close()


@pytest.fixture
def operation(connection: Connection) -> RestartOperation:
    operation = connection.operations["lantern.restart"]
    assert isinstance(operation, RestartOperation)
    return operation


def params(**values: str | int) -> RestartParams:
    return parse_params(RestartParams, {"lamps": "hall, gate", **values})


async def test_every_parameter_reaches_the_api(operation: RestartOperation, sandbox: LanternSandbox) -> None:
    handle = await operation.start(operation.plan(params(dim_seconds=7), Now(), "t1"))
    assert sandbox.jobs[0].body == {"key": "t1", "lamps": ["hall", "gate"], "mode": "gentle", "dimSeconds": 7}
    progress = (await operation.poll([handle]))[handle.id]
    assert (progress.state, progress.succeeded) == ("succeeded", 2)


async def test_a_lost_answer_is_looked_up_and_nothing_is_sent_twice(
    operation: RestartOperation, sandbox: LanternSandbox
) -> None:
    plan = operation.plan(params(), Now(), "t1")
    assert await operation.find_started(plan) is None
    sandbox.faults.append(Fault("cut_after", path="/api/restarts", method="POST"))
    with pytest.raises(OutcomeUnknown):
        await operation.start(plan)
    assert await operation.find_started(plan) == Handle(id="r1")
    assert len(sandbox.requests_to("POST", "/api/restarts")) == 1


async def test_a_refusal_is_read_under_its_field(operation: RestartOperation) -> None:
    with pytest.raises(InputError) as refused:
        await operation.preview(params(lamps="moon"), Now(), "t1")
    assert refused.value.problems == {"lamps": "There is no lamp named moon."}


async def test_a_missing_secret_is_an_error_of_this_connection(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await connection.check() == "Lantern 1.0 answers."
    monkeypatch.delenv("LANTERN_TOKEN")
    with pytest.raises(Unauthorized, match="LANTERN_TOKEN is not set"):
        await connection.check()
