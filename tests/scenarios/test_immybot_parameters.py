"""Every parameter of an ImmyBot maintenance run is filled in through the modal and arrives as it should."""

from typing import Any
from uuid import UUID

import pytest

from bot.backends.base import form_fields
from bot.backends.immybot.params import MaintenanceParams
from playground.environment import Environment
from playground.slack import Person
from tests.scenarios.form_filling import PageValues, fill_pages, filled_labels
from tests.scenarios.steps import (
    approve_request,
    confirm_request,
    eventually,
    exact_request,
    open_form,
    press_preview,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTRA = """
[backends.immybot.main.secrets]
licence = "env:SANDBOX_SUDO_PASSWORD"
"""

RUN = "/api/v1/run-immy-service-new"
WHY = {"When": "now", "Why": "maintenance"}

SOFTWARE: dict[str, PageValues] = {
    "Targets": {
        "Computers": ["ALD-001", "ALD-002"],
        "Tenants": ["Brightwater Farms"],
        "People": ["Ines Okafor"],
        **WHY,
    },
    "Maintenance": {
        "What": "Global software",
        "Software or task": "Chrome",
        "Software should be": "Update if found",
        "Repair": True,
    },
    "Execution": {
        "Reboot": "Ask the user (prompt)",
        "If nobody answers the prompt": "Fail the session",
        "Prompt timeout (minutes)": "45",
        "Consent to reboots automatically": True,
        "Skip the background job": True,
        "Use cached data only": True,
        "Update time": "2:30",
        "Time zone of the update time": "Europe/Berlin",
    },
    "Deployment": {
        "Deployment type": "Global",
        "If a computer is offline": "Skip it",
        "Use the winning deployment": True,
    },
    "E-mail": {
        "Send detection e-mail": True,
        "... also when all is compliant": True,
        "Send follow-up e-mail": True,
        "... only if action is needed": True,
    },
    "E-mail buttons": {
        "Show a Run Now button": True,
        "Show a Postpone button": True,
        "Show the maintenance actions": True,
    },
    "Advanced": {
        "Session group ID": "0b6f6a4e-0000-4000-8000-000000000001",
        "Update time in each computer's zone": True,
        "Execute after active hours": True,
        "No reboots in business hours": True,
        "Detection only": True,
        "Resolution only": True,
        "Inventory only": True,
        "Inventory during detection": True,
        "Child tenants too": True,
        "Allow access to the parent tenant": True,
        "Licence ID": "5",
        "Provider link for agent updates": "6",
        "Provider link of the item": "7",
        "Software provider": "Chocolatey",
        "Software type": "1",
        "Version": '{"major": 2}',
    },
}
MAIL = {
    "sendDetectionEmail": True,
    "sendDetectionEmailWhenAllActionsAreCompliant": True,
    "sendFollowUpEmail": True,
    "sendFollowUpOnlyIfActionNeeded": True,
    "showRunNowButton": True,
    "showPostponeButton": True,
    "showMaintenanceActions": True,
}
SOFTWARE_BODY: dict[str, Any] = {
    "maintenanceParams": {
        "maintenanceIdentifier": "10",
        "maintenanceType": 0,
        "maintenanceTaskMode": 0,
        "desiredSoftwareState": 7,
        "repair": True,
        "softwareProviderType": 2,
        "softwareType": 1,
        "semanticVersion": {"major": 2},
        "providerLinkIdForMaintenanceItem": 7,
    },
    "skipBackgroundJob": True,
    "cacheOnly": True,
    "rebootPreference": 2,
    "promptTimeoutAction": 2,
    "promptTimeoutMinutes": 45,
    "autoConsentToReboots": True,
    "updateTime": "02:30",
    "timeZoneInfoId": "Europe/Berlin",
    "deploymentType": 0,
    "offlineBehavior": 1,
    "useWinningDeployment": True,
    **MAIL,
    "licenseId": 5,
    "providerLinkIdForAgentUpdates": 6,
    "useComputersTimezoneForExecution": True,
    "scheduleExecutionAfterActiveHours": True,
    "suppressRebootsDuringBusinessHours": True,
    "detectionOnly": True,
    "resolutionOnly": True,
    "inventoryOnly": True,
    "runInventoryInDetection": True,
    "propagateToChildTenants": True,
    "allowAccessToParentTenant": True,
    "computers": [{"computerId": 101}, {"computerId": 105}],
    "tenants": [{"tenantId": 2}],
    "persons": [{"personId": 201}],
}
TASK: dict[str, PageValues] = {
    "Targets": {"Computers": ["BRI-001"], **WHY},
    "Maintenance": {
        "What": "Local task",
        "Software or task": "Join Wi-Fi",
        "Task mode": "Monitor",
        "Task parameter values": '{"Network": "guests", "Key": {"secret": "licence"}}',
    },
    "Execution": {"Reboot": "Always reboot (force)"},
}
QUIET = dict.fromkeys(MAIL, False)
PLAIN = {
    "skipBackgroundJob": False,
    "cacheOnly": False,
    "rebootPreference": 1,
    "deploymentType": 1,
    "offlineBehavior": 2,
    "useWinningDeployment": False,
    **QUIET,
}
TASK_BODY: dict[str, Any] = {
    **PLAIN,
    "maintenanceParams": {
        "maintenanceIdentifier": "711",
        "maintenanceType": 5,
        "maintenanceTaskMode": 2,
        "desiredSoftwareState": 5,
        "repair": False,
        "taskParameterValues": {"Network": {"value": "guests"}, "Key": {"value": "correct-horse"}},
    },
    "rebootPreference": -1,
    "computers": [{"computerId": 102}],
}
EVERYTHING: dict[str, PageValues] = {
    "Targets": {"Tenants": ["Corvid Press"], **WHY},
    "Maintenance": {"What": "Full maintenance: everything that is deployed"},
}
EVERYTHING_BODY: dict[str, Any] = {**PLAIN, "fullMaintenance": True, "tenants": [{"tenantId": 3}]}
DEPLOYMENT: dict[str, PageValues] = {
    "Targets": {"People": ["Mei Castellanos"], **WHY, "What": "One deployment"},
    "Deployment": {"Deployment": "All computers: Local task 711: Installed latest"},
}
DEPLOYMENT_BODY: dict[str, Any] = {**PLAIN, "deploymentId": 32, "persons": [{"personId": 203}]}


@pytest.mark.parametrize(
    ("pages", "body"),
    [
        pytest.param(SOFTWARE, SOFTWARE_BODY, id="software"),
        pytest.param(TASK, TASK_BODY, id="task"),
        pytest.param(EVERYTHING, EVERYTHING_BODY, id="everything"),
        pytest.param(DEPLOYMENT, DEPLOYMENT_BODY, id="deployment"),
    ],
)
async def test_what_is_filled_in_is_what_arrives(
    env: Environment, alice: Person, pages: dict[str, PageValues], body: Any
) -> None:
    before = len(env.immybot.requests_to("POST", RUN))
    modal = await open_form(alice, "/immybot")
    await fill_pages(modal, pages)
    preview = await press_preview(modal)
    assert "correct-horse" not in preview.text + await exact_request(preview)
    card = await approve_request(env, await confirm_request(preview))
    await eventually(env, lambda: len(env.immybot.requests_to("POST", RUN)) > before, lambda: card.text)
    arrived = dict(env.immybot.requests_to("POST", RUN)[-1].body)
    assert UUID(arrived.pop("sessionGroupId"))
    assert arrived == body
    assert "correct-horse" not in repr(list(env.slack.journal.entries))


async def test_no_parameter_of_the_model_is_left_out() -> None:
    filled = set().union(*(filled_labels(pages) for pages in (SOFTWARE, TASK, EVERYTHING, DEPLOYMENT)))
    assert {field.label for field in form_fields(MaintenanceParams)} - {"Full maintenance"} <= filled


async def test_each_attempt_has_a_session_group_of_its_own(env: Environment, alice: Person) -> None:
    for _ in range(2):
        before = len(env.immybot.requests_to("POST", RUN))
        modal = await open_form(alice, "/immybot")
        await fill_pages(modal, EVERYTHING)
        await approve_request(env, await confirm_request(await press_preview(modal)))
        await eventually(env, lambda before=before: len(env.immybot.requests_to("POST", RUN)) > before)
    groups = [call.body["sessionGroupId"] for call in env.immybot.requests_to("POST", RUN)]
    assert len(set(groups)) == len(groups)


async def test_prompt_fields_appear_only_with_prompt(env: Environment, alice: Person) -> None:
    modal = await open_form(alice, "/immybot")
    await fill_pages(modal, {"Basics": {"Reboot": "Always reboot (force)"}})
    assert "Prompt timeout (minutes)" not in modal.labels
    await modal.fill({"Reboot": "Ask the user (prompt)"})
    await modal.wait_for_field("Prompt timeout (minutes)")


async def test_a_forced_reboot_is_warned_of_on_the_card(env: Environment, alice: Person, bob: Person) -> None:
    modal = await open_form(alice, "/immybot")
    await fill_pages(modal, TASK)
    name = await confirm_request(await press_preview(modal))
    card = await bob.wait_for(f"{name} ·", where="#approvals")
    assert "⚠️" in card.text
    assert "reboot" in card.text.split("⚠️")[1]
