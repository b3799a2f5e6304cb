"""Choices for the selects: what is found, from which lists, at what cost."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.backends.base import Tools
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.update import Update
from bot.errors import BackendError, Faulty, Throttled, Unreachable
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from playground.server import serve
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import HandClock


def calls(sandbox: OpsRampSandbox, path: str) -> list[Any]:
    return [r for r in sandbox.ledger if path in r.path]


async def labels(updating: Update, field: str, query: str, **values: Any) -> list[str]:
    return [option.label for option in await updating.lookup(field, query, values)]


async def test_jobs_by_part_of_their_name_or_by_id(updating: Update, sandbox: OpsRampSandbox) -> None:
    assert await labels(updating, "job", "NIGHTLY") == ["Nightly network backup"]
    assert len(await labels(updating, "job", "")) == 4
    job = sandbox.job_named("Install viewer")["id"]
    assert await labels(updating, "job", job) == ["Install viewer"]
    (option,) = await updating.lookup("job", "spooler", {})
    assert option.description == "custom"


async def test_a_job_beyond_the_pages_read_is_searched_by_name(updating: Update, sandbox: OpsRampSandbox) -> None:
    template = sandbox.job_named("Weekly AD checklist")
    for number in range(700):
        sandbox.jobs[f"extra-{number}"] = {**template, "id": f"extra-{number}", "name": f"Extra {number:03d}"}
    assert await labels(updating, "job", "extra 650") == ["Extra 650"]
    asked = [r.query.get("queryString") for r in calls(sandbox, "jobs/search")]
    assert asked == [None] * 5 + ["name:extra 650"]


async def test_the_live_job_types_with_custom_which_the_list_leaves_out(updating: Update) -> None:
    found = {o.value: o.label for o in await updating.lookup("job_type", "", {})}
    assert len(found) == 15
    assert found["networkconfigbackup"] == "Network Configuration Backup"
    assert found["custom"] == "Custom script"
    assert await labels(updating, "job_type", "app") == [
        "Application Audit",
        "Application Install",
        "Application Update",
    ]


async def test_devices_by_host_name_by_resource_name_by_address_and_by_id(
    updating: Update, sandbox: OpsRampSandbox
) -> None:
    device = sandbox.devices[7]
    assert device.host in await labels(updating, "entities", device.host[:7])
    assert await labels(updating, "entities", f"{device.host}.example.com") == [device.host]
    assert await labels(updating, "entities", device.address) == [device.host]
    assert await labels(updating, "entities", device.id) == [device.host]
    asked = [r.query["queryString"].partition(":")[0] for r in calls(sandbox, "resources/search")]
    assert asked == ["hostName", "hostName", "resourceName", "ipAddress", "id"]


async def test_spaces_and_pluses_of_a_query_are_encoded(updating: Update, sandbox: OpsRampSandbox) -> None:
    assert await labels(updating, "entities", "no such+host") == []
    assert calls(sandbox, "resources/search")[0].query["queryString"] == "hostName:no such host"


async def test_where_paged_reads_are_used_up_the_short_list_answers(updating: Update, sandbox: OpsRampSandbox) -> None:
    sandbox.gate.limits["get_paged"] = 0
    device = sandbox.devices[7]
    assert await labels(updating, "entities", device.host) == [device.host]
    assert calls(sandbox, "resources/minimal")


async def test_scripts_from_every_category_with_the_name_of_theirs(updating: Update) -> None:
    found = {o.label: o.description for o in await updating.lookup("script", "", {})}
    assert found == {
        "Clean temporary files": "Windows / Maintenance, WINDOWS",
        "Restart service": "Windows / Maintenance, WINDOWS",
        "Rotate logs": "Linux, LINUX",
    }
    assert await labels(updating, "script", "maintenance") == ["Clean temporary files", "Restart service"]
    assert await labels(updating, "script", "9") == ["Rotate logs"]


async def test_credential_sets_of_the_client_and_of_the_chosen_devices(
    updating: Update, sandbox: OpsRampSandbox
) -> None:
    assert await labels(updating, "credential_set", "") == ["Windows admins", "Network backup"]
    device = sandbox.devices[0].id
    found = await updating.lookup("credential_set", "local", {"entities": [device, "gone", "GROUP:1"]})
    assert [(o.value, o.label) for o in found] == [("Cr3dDeviceLocalSet000003", "Local administrator")]


async def test_clients_of_a_partner_and_their_jobs(sandbox: OpsRampSandbox, url: str, clock: HandClock) -> None:
    partner = OpsRampConnection("o", settings_for(sandbox, url, tenant="msp_12"), Tools(clock), clock.sleep)
    operation = partner.operations["opsramp.update_job"]
    found = await operation.lookup("client", "93", {})
    assert [(o.value, o.label) for o in found] == [("client_93", "Customer 93")]
    assert await operation.lookup("job", "", {}) == []
    assert len(await operation.lookup("job", "", {"client": "client_93"})) == 4
    assert "client" in [f.name for f in await operation.fields({})]
    await partner.close()


async def test_a_client_has_no_clients_to_choose(updating: Update) -> None:
    assert "client" not in [f.name for f in await updating.fields({})]
    assert await updating.lookup("nothing", "", {}) == ()


@pytest.mark.parametrize("field", ["job", "entities"])
async def test_bare_lists_and_empty_bodies_are_lists(updating: Update, sandbox: OpsRampSandbox, field: str) -> None:
    sandbox.bare_lists = True
    assert await labels(updating, field, "")
    sandbox.tenants["client_93"].jobs.clear()
    sandbox.tenants["client_93"].devices.clear()
    assert await labels(updating, field, "other") == []


async def test_a_list_is_kept_for_a_minute_and_fetched_once_however_many_ask(
    updating: Update, sandbox: OpsRampSandbox, clock: HandClock
) -> None:
    await asyncio.gather(*(updating.lookup("job", query, {}) for query in "abcdef"))
    assert len(calls(sandbox, "jobs/search")) == 1
    clock.move(seconds=61)
    await updating.lookup("job", "a", {})
    assert len(calls(sandbox, "jobs/search")) == 2


async def test_an_error_is_not_kept(updating: Update, sandbox: OpsRampSandbox) -> None:
    sandbox.faults.append(Fault("status", path="jobs/types", status=503, body={"msg": "Down for a moment"}))
    with pytest.raises(Faulty, match=r"failed \(503\): Down for a moment"):
        await updating.lookup("job_type", "", {})
    assert await labels(updating, "job_type", "sql") == ["SQL Report"]


@pytest.mark.parametrize(
    "body", ["a text", {"results": "none"}, {"results": [1, 2]}, {"results": {"id": 1}}, {"what": 1}, 7]
)
async def test_something_else_than_a_list_is_an_error_not_an_empty_list(
    updating: Update, sandbox: OpsRampSandbox, body: Any
) -> None:
    sandbox.faults.append(Fault("status", path="jobs/search", status=200, body=body))
    with pytest.raises(Faulty, match="sent something else where a list was expected"):
        await updating.lookup("job", "", {})


async def test_a_page_that_fails_makes_the_list_fail(updating: Update, sandbox: OpsRampSandbox) -> None:
    template = sandbox.job_named("Weekly AD checklist")
    for number in range(150):
        sandbox.jobs[f"extra-{number}"] = {**template, "id": f"extra-{number}", "name": f"Extra {number}"}
    first = Fault("slow", path="jobs/search", seconds=0)
    sandbox.faults += [first, Fault("status", path="jobs/search", status=500, body={"code": "0001"})]
    with pytest.raises(Faulty, match="code 0001"):
        await updating.lookup("job", "", {})


async def test_a_server_that_does_not_answer_in_time_is_said(
    sandbox: OpsRampSandbox, url: str, clock: HandClock
) -> None:
    settings = settings_for(sandbox, url, lookup_timeout=0.1, timeout=5)
    connection = OpsRampConnection("opsramp.lab", settings, Tools(clock), clock.sleep)
    sandbox.faults.append(Fault("hang", path="jobs/search", times=None))
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"did not answer within 0\.1 seconds"):
        await connection.operations["opsramp.update_job"].lookup("job", "", {})
    assert time.monotonic() - began < 1
    await connection.close()


async def test_a_lookup_does_not_wait_for_a_limit(updating: Update, sandbox: OpsRampSandbox, clock: HandClock) -> None:
    sandbox.gate.limits["get_paged"] = 0
    with pytest.raises(Throttled):
        await updating.lookup("job", "", {})
    assert clock.slept == []


async def test_typed_arguments_name_a_job_or_a_device_exactly(updating: Update, sandbox: OpsRampSandbox) -> None:
    found = await updating.resolve("job", "nightly network backup")
    assert found is not None
    assert found.value == sandbox.job_named("Nightly network backup")["id"]
    device = sandbox.devices[3]
    assert (await updating.resolve("entities", device.id)).label == device.host  # type: ignore[union-attr]
    assert await updating.resolve("entities", "nyc") is None


@pytest.fixture
async def large(clock: HandClock) -> AsyncIterator[Update]:
    sandbox = OpsRampSandbox(clock, devices=10_000)
    async with serve(sandbox.app) as url:
        connection = OpsRampConnection("o", settings_for(sandbox, url, timeout=5), Tools(clock), clock.sleep)
        operation = connection.operations["opsramp.update_job"]
        assert isinstance(operation, Update)
        yield operation
        await connection.close()


async def test_ten_thousand_devices_are_searched_and_named_within_a_second(large: Update) -> None:
    began = time.monotonic()
    found = await large.lookup("entities", "nyc-sql-", {})
    assert len(found) > 100
    exact = await large.lookup("entities", "nyc-sql-9981", {})
    assert [o.label for o in exact] == ["nyc-sql-9981"]
    names = await large.link.catalog.device_names("client_93")
    assert len(names) == 10_000
    assert time.monotonic() - began < 3


async def test_closing_while_a_list_is_fetched_leaves_nothing_behind(
    sandbox: OpsRampSandbox, url: str, clock: HandClock
) -> None:
    settings = settings_for(sandbox, url, lookup_timeout=0.05, timeout=5)
    connection = OpsRampConnection("o", settings, Tools(clock), clock.sleep)
    sandbox.faults.append(Fault("hang", path="jobs/search"))
    with pytest.raises(BackendError):
        await connection.operations["opsramp.run_job"].lookup("job", "", {})
    before = {task for task in asyncio.all_tasks() if "_job_rows" in repr(task)}
    await connection.close()
    assert before
    assert all(task.done() for task in before)
