"""Lists of OpsRamp that never end are read up to a limit, and what was read is kept for a while."""

import asyncio
from typing import Any

import pytest

from bot.backends.opsramp.connection import OpsRampConnection
from bot.errors import RemoteNotFound
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from tests.unit.opsramp.support import ManualClock

TENANT = "client_93"
API = f"/api/v2/tenants/{TENANT}"


def endless(sandbox: OpsRampSandbox, path: str, row: dict[str, Any]) -> None:
    body = {"results": [row], "nextPage": True, "descendingOrder": True}
    sandbox.faults.append(Fault("status", path=path, method="GET", status=200, body=body, remaining=None))


def reads(sandbox: OpsRampSandbox, path: str) -> int:
    return len(sandbox.requests_to("GET", path))


async def test_jobs_are_read_for_five_pages(connection: OpsRampConnection, sandbox: OpsRampSandbox) -> None:
    endless(sandbox, f"{API}/jobs/search", {"id": "1", "name": "Nightly"})
    assert await connection._catalog.jobs(TENANT, "Nightly")
    assert reads(sandbox, f"{API}/jobs/search") == 5
    # What is not among them is searched for by its name.
    assert await connection._catalog.jobs(TENANT, "Weekly") == []
    assert reads(sandbox, f"{API}/jobs/search") == 10


async def test_devices_are_read_for_two_pages(connection: OpsRampConnection, sandbox: OpsRampSandbox) -> None:
    endless(sandbox, f"{API}/resources/search", {"id": "d", "hostName": "web-1"})
    assert await connection._catalog.devices(TENANT, "web")
    assert reads(sandbox, f"{API}/resources/search") == 2


async def test_outputs_are_read_for_five_pages(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    path = f"{API}/rba/scripts/7/paginatedOutputs"
    endless(sandbox, path, {"deviceId": "d", "output": "x", "respondedTime": "2030-01-01T00:00:00+0000"})
    await connection._scripts.outputs(TENANT, 7, clock.now())
    assert reads(sandbox, path) == 5


async def test_credential_sets_are_looked_up_for_three_devices(
    connection: OpsRampConnection, sandbox: OpsRampSandbox
) -> None:
    await connection._catalog.credential_sets(TENANT, "", [f"d-{n}" for n in range(5)])
    assert [reads(sandbox, f"{API}/devices/d-{n}/credentialSets/minimal") for n in range(5)] == [1, 1, 1, 0, 0]
    assert reads(sandbox, f"{API}/credentialSets/minimal") == 1


@pytest.mark.parametrize(("seconds", "calls"), [(0, 1), (59.9, 1), (60.1, 2)])
async def test_jobs_are_kept_for_a_minute(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock, seconds: float, calls: int
) -> None:
    await connection._catalog.jobs(TENANT, "")
    before = reads(sandbox, f"{API}/jobs/search")
    clock.advance(seconds=seconds)
    await connection._catalog.jobs(TENANT, "")
    assert reads(sandbox, f"{API}/jobs/search") == before * calls


@pytest.mark.parametrize(("seconds", "calls"), [(0, 1), (299, 1), (301, 2)])
async def test_scripts_are_kept_for_five_minutes(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, clock: ManualClock, seconds: float, calls: int
) -> None:
    await connection._scripts.search(TENANT, "")
    before = reads(sandbox, f"{API}/rba/categories$")
    clock.advance(seconds=seconds)
    await connection._scripts.search(TENANT, "")
    assert (before, reads(sandbox, f"{API}/rba/categories$")) == (1, calls)


async def test_a_script_that_is_in_no_category_is_not_found(connection: OpsRampConnection) -> None:
    with pytest.raises(RemoteNotFound, match="has no script 4711"):
        await connection._scripts.get(TENANT, 4711)


async def test_two_hundred_categories_are_read_six_at_a_time(
    connection: OpsRampConnection, sandbox: OpsRampSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = [{"id": n, "name": f"c{n}"} for n in range(205)]
    read: list[str] = []
    at_once = most = 0

    async def get(path: str, **_: Any) -> Any:
        return tree

    async def get_rows(path: str, **_: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        read.append(path)
        return type("Rows", (), {"rows": ()})()

    monkeypatch.setattr(connection._api, "get", get)
    monkeypatch.setattr(connection._api, "get_rows", get_rows)
    assert await connection._scripts.search(TENANT, "x") == []
    assert (len(read), most) == (200, 6)
