"""What an id stands for in ImmyBot: the software, task or deployment, and its version."""

from typing import Any

import pytest

from bot.backends.base import Resolution
from bot.backends.immybot.inventory import latest_version
from bot.backends.immybot.operation import MaintenanceOperation
from bot.schedule import Now
from playground.immybot import ImmyBotSandbox
from tests.unit.immybot.support import params

DEPLOYMENT = {"maintenance_identifier": None, "maintenance_type": None, "deployment_id": 31}
CHANGED = "2026-01-05 08:00:00 UTC"


async def resolutions(maintenance: MaintenanceOperation, **values: Any) -> tuple[Resolution, ...]:
    return (await maintenance.preview(params(**values), Now(), "t")).resolutions


async def test_software_is_told_with_its_name_and_latest_version(maintenance: MaintenanceOperation) -> None:
    assert await resolutions(maintenance) == (
        Resolution(
            field="maintenance_identifier",
            kind="global software",
            id="10",
            name="Chrome",
            details={"version": "1.10.0", "changed": CHANGED},
        ),
    )


async def test_a_new_version_is_seen_at_once(maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox) -> None:
    await resolutions(maintenance)
    sandbox.world.publish_version("Chrome", "1.11.0")
    (software,) = await resolutions(maintenance)
    assert software.details["version"] == "1.11.0"


async def test_a_task_is_told_with_when_it_was_changed(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    task = {"maintenance_type": "LocalMaintenanceTask", "maintenance_identifier": "711"}
    assert await resolutions(maintenance, **task) == (
        Resolution(
            field="maintenance_identifier",
            kind="local task",
            id="711",
            name="Join Wi-Fi",
            details={"changed": CHANGED},
        ),
    )
    sandbox.world.tasks["local"][1]["updatedDateUTC"] = "2026-03-01T00:00:00+00:00"
    (changed,) = await resolutions(maintenance, **task)
    assert changed.details["changed"] == "2026-03-01 00:00:00 UTC"


async def test_a_deployment_is_told_with_its_item(maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox) -> None:
    deployment, software = await resolutions(maintenance, **DEPLOYMENT)
    assert (deployment.field, deployment.kind, deployment.id) == ("deployment_id", "deployment", "31")
    assert deployment.details["target"] == "Aldgate Clinic"
    assert (software.field, software.kind, software.name) == ("deployment_id", "global software", "Chrome")
    sandbox.world.deployments["local"][0]["maintenanceIdentifier"] = "11"
    _, software = await resolutions(maintenance, **DEPLOYMENT)
    assert software.name == "Firefox"


async def test_a_preview_of_a_few_computers_takes_at_most_five_reads(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    await resolutions(maintenance, **DEPLOYMENT, computers=[101, 102, 103])
    assert len(sandbox.requests_to("GET", "/api/v1/.*")) <= 5
    await resolutions(maintenance, computers=None, tenants=[1])
    assert len(sandbox.requests_to("GET", "/api/v1/.*")) <= 10


async def test_the_values_of_a_deployment_are_not_told(maintenance: MaintenanceOperation) -> None:
    assert "kept-in-clear" not in str(await resolutions(maintenance, **DEPLOYMENT))


async def test_what_is_not_listed_and_full_maintenance_stand_for_nothing(maintenance: MaintenanceOperation) -> None:
    assert await resolutions(maintenance, maintenance_identifier="99") == ()
    none = {"maintenance_identifier": None, "maintenance_type": None}
    assert await resolutions(maintenance, **none, full_maintenance=True) == ()
    assert await resolutions(maintenance, **none, deployment_id=99) == ()


@pytest.mark.parametrize(
    ("versions", "latest"),
    [
        (["9.0", "10.0", "9.9"], "10.0"),
        ([{"major": 1, "minor": 2, "patch": 3}, {"major": 1, "minor": 12, "patch": 0}], "1.12.0"),
        ([None, ""], ""),
        ([], ""),
    ],
)
def test_the_latest_of_several_versions(versions: list[Any], latest: str) -> None:
    assert latest_version([{"semanticVersion": version} for version in versions]) == latest


def test_a_list_of_versions_that_is_none_has_no_latest() -> None:
    assert latest_version("1.0") == latest_version(None) == ""
