"""What the devices of a job belong to, as policy rules match it."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.backends.base import BackendContext
from bot.backends.opsramp.connection import OpsRampConnection
from bot.errors import RateLimited
from playground.opsramp import OpsRampSandbox
from playground.opsramp.world import CLIENT, PARTNER
from playground.sandbox import Fault
from tests.unit.opsramp.conftest import settings_for
from tests.unit.opsramp.support import NOW, TOKEN, ManualClock, run_params

JOB = "Weekly AD checklist"
"""A job on the first three devices."""


def fact_patterns(**names: str) -> dict[str, dict[str, Callable[[str], bool]]]:
    """Facts with the beginnings of values that policy names."""
    return {
        fact: {f"{start}*": lambda value, start=start: value.startswith(start) for start in starts.split("|")}
        for fact, starts in names.items()
    }


async def preview(sandbox: OpsRampSandbox, url: str, clock: ManualClock, tenant: str = CLIENT, **names: str) -> Any:
    context = BackendContext(clock, fact_patterns(**names))
    connection = OpsRampConnection("o.lab", settings_for(sandbox, url, tenant=tenant), context, clock.sleep)
    job = next(job["id"] for job in sandbox.tenants[tenant].jobs.values() if job["name"] == JOB)
    try:
        return (await connection.operations["opsramp.run_job"].preview(run_params(job=job), NOW, TOKEN)).targets
    finally:
        await connection.close()


def group_calls(sandbox: OpsRampSandbox) -> int:
    asked = sandbox.requests_to("GET", ".*/resources/minimal")
    return len([r for r in asked if "deviceGroupId" in r.query]) + len(sandbox.requests_to("GET", ".*/deviceGroups/.*"))


async def test_the_client_is_known_without_a_call(sandbox: OpsRampSandbox, url: str, clock: ManualClock) -> None:
    targets = await preview(sandbox, url, clock)
    assert targets.facts == {"clients": (CLIENT,), "client_names": (None,), "device_groups": (None,)}
    assert (targets.known_for, group_calls(sandbox)) == ({}, 0)


async def test_groups_that_policy_names_are_read(sandbox: OpsRampSandbox, url: str, clock: ManualClock) -> None:
    first, second, third, *rest = (device.id for device in sandbox.devices)
    sandbox.tenants[CLIENT].groups = {"Tier 0": {first, second}, "Tier 1": {rest[0]}, "Lab": {third}}
    targets = await preview(sandbox, url, clock, device_groups="Tier")
    assert targets.facts["device_groups"] == ("Tier 0", "", None)
    assert (targets.known_for, group_calls(sandbox)) == ({"device_groups": ("Tier*",)}, 3)
    before = len(sandbox.received_requests)
    await preview(sandbox, url, clock, device_groups="Lab")
    paths = [r.path for r in sandbox.received_requests[before:] if "token" not in r.path]
    assert len(paths) == 4, paths
    assert (await preview(sandbox, url, clock, device_groups="Office")).facts["device_groups"] == ("", None)


async def test_too_many_groups_and_hidden_ones_are_not_known(
    sandbox: OpsRampSandbox, url: str, clock: ManualClock
) -> None:
    sandbox.tenants[CLIENT].groups = {f"Tier {n}": set() for n in range(10)}
    assert (await preview(sandbox, url, clock, device_groups="Tier")).known_for
    sandbox.tenants[CLIENT].groups["Tier 10"] = set()
    targets = await preview(sandbox, url, clock, device_groups="Tier")
    assert (targets.facts["device_groups"], targets.known_for) == ((None,), {})
    sandbox.faults.append(Fault("status", "/deviceGroups/", "GET", status=403))
    targets = await preview(sandbox, url, clock, device_groups="Tier 1")
    assert (targets.facts["device_groups"], targets.known_for) == ((None,), {})


async def test_a_group_that_cannot_be_read_now_is_no_answer(
    sandbox: OpsRampSandbox, url: str, clock: ManualClock
) -> None:
    sandbox.faults.append(Fault("status", "/deviceGroups/", "GET", status=429, remaining=None))
    with pytest.raises(RateLimited):
        await preview(sandbox, url, clock, device_groups="Tier")


async def test_a_job_of_the_partner_is_for_the_clients_of_its_devices(
    sandbox: OpsRampSandbox, url: str, clock: ManualClock
) -> None:
    partner, main = sandbox.tenants[PARTNER], sandbox.tenants[CLIENT]
    partner.jobs, partner.devices = main.jobs, dict(main.devices)
    first, second, third, *_ = partner.devices.values()
    first.client, second.client, third.client = "client_93", "client_94", "client_95"
    targets = await preview(sandbox, url, clock, PARTNER, client_names="Customer")
    assert set(targets.facts["clients"]) == {"client_93", "client_94", "client_95"}
    assert set(targets.facts["client_names"]) == {"Customer 93", "Customer 94", None}
    del partner.devices[third.id]
    third.client = ""
    assert "client_13" in (await preview(sandbox, url, clock, PARTNER)).facts["clients"]


async def test_a_script_that_cannot_be_read_is_not_known(sandbox: OpsRampSandbox, url: str, clock: ManualClock) -> None:
    connection = OpsRampConnection("o.lab", settings_for(sandbox, url), BackendContext(clock), clock.sleep)
    job = sandbox.job_by_name("Restart print spooler")["id"]
    sandbox.faults.append(Fault("status", "/rba/", "GET", status=403, remaining=None))
    found = await connection.operations["opsramp.run_job"].preview(run_params(job=job), NOW, TOKEN)
    assert found.facts["script"] == [None]
    await connection.close()
