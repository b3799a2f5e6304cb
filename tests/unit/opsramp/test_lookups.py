"""Choices for the selects: what is found, from which lists, at what cost."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.backends.base import BackendContext
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.update_job import UpdateJobOperation
from bot.errors import BackendError, BadResponse, RateLimited, Unreachable
from playground.opsramp import OpsRampSandbox
from playground.sandbox import Fault
from playground.server import serve
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import ManualClock


def calls(sandbox: OpsRampSandbox, path: str) -> list[Any]:
    return [r for r in sandbox.received_requests if path in r.path]


async def labels(update_operation: UpdateJobOperation, field: str, query: str, **values: Any) -> list[str]:
    return [option.label for option in await update_operation.lookup(field, query, values)]


async def test_jobs_by_part_of_their_name_or_by_id(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    assert await labels(update_operation, "job", "NIGHTLY") == ["Nightly network backup"]
    assert len(await labels(update_operation, "job", "")) == 4
    job = sandbox.job_by_name("Install viewer")["id"]
    assert await labels(update_operation, "job", job) == ["Install viewer"]
    (option,) = await update_operation.lookup("job", "spooler", {})
    assert option.description == "custom"


async def test_a_job_beyond_the_pages_read_is_searched_by_name(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    template = sandbox.job_by_name("Weekly AD checklist")
    for number in range(700):
        sandbox.jobs[f"extra-{number}"] = {**template, "id": f"extra-{number}", "name": f"Extra {number:03d}"}
    assert await labels(update_operation, "job", "extra 650") == ["Extra 650"]
    asked = [r.query.get("queryString") for r in calls(sandbox, "jobs/search")]
    assert asked == [None] * 5 + ["name:extra 650"]


async def test_the_live_job_types_with_custom_which_the_list_leaves_out(update_operation: UpdateJobOperation) -> None:
    found = {o.value: o.label for o in await update_operation.lookup("job_type", "", {})}
    assert len(found) == 15
    assert found["networkconfigbackup"] == "Network Configuration Backup"
    assert found["custom"] == "Custom script"
    assert await labels(update_operation, "job_type", "app") == [
        "Application Audit",
        "Application Install",
        "Application Update",
    ]


async def test_devices_by_host_name_by_resource_name_by_address_and_by_id(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    device = sandbox.devices[7]
    assert device.host in await labels(update_operation, "entities", device.host[:7])
    assert await labels(update_operation, "entities", f"{device.host}.example.com") == [device.host]
    assert await labels(update_operation, "entities", device.address) == [device.host]
    assert await labels(update_operation, "entities", device.id) == [device.host]
    asked = [r.query["queryString"].partition(":")[0] for r in calls(sandbox, "resources/search")]
    assert asked == ["hostName", "hostName", "resourceName", "ipAddress", "id"]


async def test_spaces_and_pluses_of_a_query_are_encoded(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    assert await labels(update_operation, "entities", "no such+host") == []
    assert calls(sandbox, "resources/search")[0].query["queryString"] == "hostName:no such host"


async def test_where_paged_reads_are_used_up_the_short_list_answers(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    sandbox.auth.rate_limits["get_paged"] = 0
    device = sandbox.devices[7]
    assert await labels(update_operation, "entities", device.host) == [device.host]
    assert calls(sandbox, "resources/minimal")


async def test_scripts_from_every_category_with_the_name_of_theirs(update_operation: UpdateJobOperation) -> None:
    found = {o.label: o.description for o in await update_operation.lookup("script", "", {})}
    assert found == {
        "Clean temporary files": "Windows / Maintenance, WINDOWS",
        "Restart service": "Windows / Maintenance, WINDOWS",
        "Rotate logs": "Linux, LINUX",
    }
    assert await labels(update_operation, "script", "maintenance") == ["Clean temporary files", "Restart service"]
    assert await labels(update_operation, "script", "9") == ["Rotate logs"]


async def test_credential_sets_of_the_client_and_of_the_chosen_devices(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    assert await labels(update_operation, "credential_set", "") == ["Windows admins", "Network backup"]
    device = sandbox.devices[0].id
    found = await update_operation.lookup("credential_set", "local", {"entities": [device, "gone", "GROUP:1"]})
    assert [(o.value, o.label) for o in found] == [("Cr3dDeviceLocalSet000003", "Local administrator")]


async def test_clients_of_a_partner_and_their_jobs(sandbox: OpsRampSandbox, url: str, clock: ManualClock) -> None:
    partner = OpsRampConnection("o", settings_for(sandbox, url, tenant="msp_12"), BackendContext(clock), clock.sleep)
    operation = partner.operations["opsramp.update_job"]
    found = await operation.lookup("client", "93", {})
    assert [(o.value, o.label) for o in found] == [("client_93", "Customer 93")]
    assert await operation.lookup("job", "", {}) == []
    assert len(await operation.lookup("job", "", {"client": "client_93"})) == 4
    assert "client" in [f.name for f in await operation.fields({})]
    await partner.close()


async def test_a_client_has_no_clients_to_choose(update_operation: UpdateJobOperation) -> None:
    assert "client" not in [f.name for f in await update_operation.fields({})]
    assert await update_operation.lookup("nothing", "", {}) == ()


@pytest.mark.parametrize("field", ["job", "entities"])
async def test_bare_lists_and_empty_bodies_are_lists(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, field: str
) -> None:
    sandbox.unpaged_lists = True
    assert await labels(update_operation, field, "")
    sandbox.tenants["client_93"].jobs.clear()
    sandbox.tenants["client_93"].devices.clear()
    assert await labels(update_operation, field, "other") == []


async def test_a_list_is_kept_for_a_minute_and_fetched_once_however_many_ask(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    await asyncio.gather(*(update_operation.lookup("job", query, {}) for query in "abcdef"))
    assert len(calls(sandbox, "jobs/search")) == 1
    clock.advance(seconds=61)
    await update_operation.lookup("job", "a", {})
    assert len(calls(sandbox, "jobs/search")) == 2


async def test_an_error_is_not_kept(update_operation: UpdateJobOperation, sandbox: OpsRampSandbox) -> None:
    sandbox.faults.append(Fault("status", path="jobs/types", status=503, body={"msg": "Down for a moment"}))
    with pytest.raises(BadResponse, match=r"failed \(503\): Down for a moment"):
        await update_operation.lookup("job_type", "", {})
    assert await labels(update_operation, "job_type", "sql") == ["SQL Report"]


@pytest.mark.parametrize(
    "body", ["a text", {"results": "none"}, {"results": [1, 2]}, {"results": {"id": 1}}, {"what": 1}, 7]
)
async def test_something_else_than_a_list_is_an_error_not_an_empty_list(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, body: Any
) -> None:
    sandbox.faults.append(Fault("status", path="jobs/search", status=200, body=body))
    with pytest.raises(BadResponse, match="sent something else where a list was expected"):
        await update_operation.lookup("job", "", {})


async def test_a_page_that_fails_makes_the_list_fail(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    template = sandbox.job_by_name("Weekly AD checklist")
    for number in range(150):
        sandbox.jobs[f"extra-{number}"] = {**template, "id": f"extra-{number}", "name": f"Extra {number}"}
    first = Fault("slow", path="jobs/search", seconds=0)
    sandbox.faults += [first, Fault("status", path="jobs/search", status=500, body={"code": "0001"})]
    with pytest.raises(BadResponse, match="code 0001"):
        await update_operation.lookup("job", "", {})


async def test_a_server_that_does_not_answer_in_time_is_said(
    sandbox: OpsRampSandbox, url: str, clock: ManualClock
) -> None:
    settings = settings_for(sandbox, url, lookup_timeout=0.1, timeout=5)
    connection = OpsRampConnection("opsramp.lab", settings, BackendContext(clock), clock.sleep)
    sandbox.faults.append(Fault("hang", path="jobs/search", remaining=None))
    with pytest.raises(Unreachable, match=r"did not answer within 0\.1 seconds"):
        await connection.operations["opsramp.update_job"].lookup("job", "", {})
    await connection.close()


async def test_a_lookup_does_not_wait_for_a_limit(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox, clock: ManualClock
) -> None:
    sandbox.auth.rate_limits["get_paged"] = 0
    with pytest.raises(RateLimited):
        await update_operation.lookup("job", "", {})
    assert clock.slept == []


async def test_typed_arguments_name_a_job_or_a_device_exactly(
    update_operation: UpdateJobOperation, sandbox: OpsRampSandbox
) -> None:
    found = await update_operation.resolve_option("job", "nightly network backup")
    assert found is not None
    assert found.value == sandbox.job_by_name("Nightly network backup")["id"]
    device = sandbox.devices[3]
    assert (await update_operation.resolve_option("entities", device.id)).label == device.host  # type: ignore[union-attr]
    assert await update_operation.resolve_option("entities", "nyc") is None


@pytest.fixture
async def large_tenant(clock: ManualClock) -> AsyncIterator[UpdateJobOperation]:
    sandbox = OpsRampSandbox(clock, devices=10_000)
    async with serve(sandbox.app) as url:
        connection = OpsRampConnection("o", settings_for(sandbox, url, timeout=5), BackendContext(clock), clock.sleep)
        operation = connection.operations["opsramp.update_job"]
        assert isinstance(operation, UpdateJobOperation)
        yield operation
        await connection.close()


async def test_ten_thousand_devices_are_searched_and_named(large_tenant: UpdateJobOperation) -> None:
    found = await large_tenant.lookup("entities", "nyc-sql-", {})
    assert len(found) > 100
    exact = await large_tenant.lookup("entities", "nyc-sql-9981", {})
    assert [o.label for o in exact] == ["nyc-sql-9981"]
    names = await large_tenant.context.catalog.device_names("client_93")
    assert len(names) == 10_000


async def test_closing_while_a_list_is_fetched_leaves_nothing_behind(
    sandbox: OpsRampSandbox, url: str, clock: ManualClock
) -> None:
    settings = settings_for(sandbox, url, lookup_timeout=0.05, timeout=5)
    connection = OpsRampConnection("o", settings, BackendContext(clock), clock.sleep)
    sandbox.faults.append(Fault("hang", path="jobs/search"))
    with pytest.raises(BackendError):
        await connection.operations["opsramp.run_job"].lookup("job", "", {})
    before = {task for task in asyncio.all_tasks() if "_job_rows" in repr(task)}
    await connection.close()
    assert before
    assert all(task.done() for task in before)
