"""What people read before they decide: targets, warnings, facts; and never a secret."""

import json
from datetime import datetime
from typing import Any

import pytest

from bot.backends.immybot.operation import MaintenanceOperation
from bot.errors import InputError
from bot.schedule import Now, Schedule, Window, ZonedTime
from playground.immybot import ImmyBotSandbox
from tests.unit.immybot.support import SECRET, body, once, params

WINDOW = Window(
    start=ZonedTime(wall=datetime.fromisoformat("2026-03-06T21:00"), zone="UTC"),
    end=ZonedTime(wall=datetime.fromisoformat("2026-03-06T23:00"), zone="UTC"),
)


async def warnings(
    maintenance: MaintenanceOperation, schedule: Schedule | None = None, **change: Any
) -> tuple[str, ...]:
    return (await maintenance.preview(params(**change), schedule or Now(), "t")).warnings


async def test_computers_are_counted_and_named(maintenance: MaintenanceOperation) -> None:
    targets = (await maintenance.preview(params(), Now(), "t")).targets
    assert (targets.count, targets.names, targets.noun, targets.fixed) == (2, ("ALD-001", "BRI-001"), "computers", True)


async def test_a_tenant_stands_for_its_computers(maintenance: MaintenanceOperation) -> None:
    preview = await maintenance.preview(params(computers=None, tenants=[2]), Now(), "t")
    assert preview.targets.count == 13
    assert preview.targets.names[:2] == ("BRI-001", "BRI-002")
    assert preview.targets.note == "Everything in Brightwater Farms (13 computers)."
    assert preview.targets.fixed is False
    assert preview.facts["tenants"] == ["Brightwater Farms"]
    assert preview.warnings == ()


async def test_persons_are_named(maintenance: MaintenanceOperation) -> None:
    targets = (await maintenance.preview(params(computers=None, persons=[201, 202]), Now(), "t")).targets
    assert (targets.count, targets.names, targets.noun) == (2, ("Ines Okafor", "Jonas Brandt"), "persons")


async def test_many_computers_are_looked_up_in_a_few_calls(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    wanted = list(range(101, 141))
    targets = (await maintenance.preview(params(computers=wanted), Now(), "t")).targets
    assert targets.count == 40
    assert len(sandbox.requests_to("GET", "/api/v1/computers.*")) == 1


async def test_targets_that_do_not_exist_are_refused_under_their_field(maintenance: MaintenanceOperation) -> None:
    with pytest.raises(InputError) as caught:
        await maintenance.preview(params(computers=[101, 9001, 9002], tenants=[9], persons=[9]), Now(), "t")
    assert caught.value.problems == {
        "computers": "ImmyBot knows no computers with the id 9001, 9002.",
        "tenants": "ImmyBot knows no tenants with the id 9.",
        "persons": "ImmyBot knows no persons with the id 9.",
    }


async def test_the_facts_name_what_policy_asks_for(maintenance: MaintenanceOperation) -> None:
    preview = await maintenance.preview(params(reboot_preference="Force"), Now(), "t")
    assert {k: preview.facts[k] for k in ("task", "identifier", "maintenance_type", "reboot", "full_maintenance")} == {
        "task": "Chrome",
        "identifier": "10",
        "maintenance_type": "GlobalSoftware",
        "reboot": "Force",
        "full_maintenance": False,
    }
    deployment = await maintenance.preview(params(maintenance_identifier=None, deployment_id=32), Now(), "t")
    assert (deployment.facts["task"], deployment.facts["deployment"]) == (
        "All computers: Local task 711: Installed latest",
        32,
    )
    full = await maintenance.preview(params(maintenance_identifier=None, full_maintenance=True), Now(), "t")
    assert full.facts["task"] == "Full maintenance"
    assert MaintenanceOperation.policy_facts == full.facts.keys()


async def test_a_plain_request_has_no_warnings(maintenance: MaintenanceOperation) -> None:
    assert await warnings(maintenance) == ()
    assert await warnings(maintenance, once("2026-03-04T21:00")) == ()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"reboot_preference": "Force"}, "Force reboots every computer at the start and at the end"),
        ({"skip_background_job": True, "computers": list(range(101, 111))}, "starts all 10 sessions at once"),
        ({"skip_background_job": True, "tenants": [1], "computers": None}, "starts all 13 sessions at once"),
        ({"tenants": [1]}, "Different kinds of targets are mixed"),
        ({"persons": [201]}, "Different kinds of targets are mixed"),
        ({"cache_only": True}, "disagree on cache only"),
        ({"prompt_timeout_minutes": 10}, "The prompt settings are left out"),
        ({"auto_consent_to_reboots": True}, "The prompt settings are left out"),
        ({"time_zone": "UTC"}, "The time zone is left out"),
        ({"update_time": "02:00", "time_zone": "UTC"}, "ImmyBot starts it at 02:00 by itself"),
        ({"session_group_id": "7b1e0a54-4a0b-4c77-9c11-52a3f0b8d9e1"}, "The session group ID given is not sent"),
        ({"use_winning_deployment": True, "deployment_id": 31}, "The deployment ID does not count"),
        ({"use_winning_deployment": True, "desired_software_state": "AnyVersion"}, "The desired software state does"),
        ({"desired_software_state": "ThisVersion"}, "“This version” compares with a version"),
        ({"show_postpone_button": True}, "stand in the detection e-mail"),
        ({"task_parameter_values": {"AdminPassword": "abc"}}, "AdminPassword looks like a secret"),
        ({"maintenance_identifier": 999}, "ImmyBot lists no global software with the id 999."),
        ({"maintenance_identifier": None, "deployment_id": 99}, "ImmyBot lists no local deployment with the id 99."),
    ],
)
async def test_each_warning(maintenance: MaintenanceOperation, change: dict[str, Any], text: str) -> None:
    found = await warnings(maintenance, **change)
    assert len(found) == 1
    assert text in found[0]


@pytest.mark.parametrize(
    "change",
    [
        {"skip_background_job": True, "computers": list(range(101, 110))},
        {"reboot_preference": "Prompt", "prompt_timeout_minutes": 10},
        {"task_parameter_values": {"AdminPassword": {"secret": "admin"}, "TokenLength": 4}},
        {"desired_software_state": "ThisVersion", "semantic_version": {"major": 1}},
    ],
)
async def test_no_warning_where_there_is_no_reason(maintenance: MaintenanceOperation, change: dict[str, Any]) -> None:
    assert await warnings(maintenance, **change) == ()


async def test_offline_and_excluded_computers_are_named(
    maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox
) -> None:
    sandbox.disconnect_computers(["ALD-001"])
    sandbox.world.computer_by_name("BRI-001").excluded = True
    assert await warnings(maintenance, offline_behavior="Skip") == (
        "Excluded from maintenance in ImmyBot: BRI-001.",
        "Offline at the moment: ALD-001. What is offline at the start is skipped.",
    )


async def test_a_window_does_not_bind_computers_that_come_back_later(maintenance: MaintenanceOperation) -> None:
    (only,) = await warnings(maintenance, WINDOW)
    assert "which may be after the latest start" in only
    assert await warnings(maintenance, WINDOW, offline_behavior="Skip") == ()


async def test_a_secret_stands_as_a_reference_in_plan_and_preview(maintenance: MaintenanceOperation) -> None:
    p = params(task_parameter_values={"Password": {"secret": "admin"}, "Theme": "dark"})
    preview = await maintenance.preview(p, Now(), "t")
    assert body(preview.plan)["maintenanceParams"]["taskParameterValues"] == {
        "Password": {"value": {"secret": "admin"}},
        "Theme": {"value": "dark"},
    }
    assert SECRET not in preview.model_dump_json()
    assert SECRET not in json.dumps(p.model_dump(mode="json"))


def test_a_secret_that_is_not_configured_is_refused(maintenance: MaintenanceOperation) -> None:
    with pytest.raises(InputError) as caught:
        maintenance.plan(params(task_parameter_values={"Password": {"secret": "root"}}), Now(), "t")
    assert caught.value.problems == {
        "task_parameter_values": "Password refers to the secret root, which is not configured here (configured: admin)."
    }


async def test_previewing_changes_nothing(maintenance: MaintenanceOperation, sandbox: ImmyBotSandbox) -> None:
    await maintenance.preview(params(), Now(), "t")
    assert {r.method for r in sandbox.received_requests if r.path.startswith("/api")} == {"GET"}
