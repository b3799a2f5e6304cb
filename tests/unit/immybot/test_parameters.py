"""Every parameter is there, in every spelling, and one canonical body comes out."""

from typing import Any

import pytest

from bot.backends.base import form_fields, parse_params
from bot.backends.immybot.body import build_body, session_group
from bot.backends.immybot.params import MaintenanceParams
from playground.immybot import schema
from tests.unit.immybot.support import params, whole_body

# Each parameter of ImmyBot's own form: its words there, our field, a value as the form would give it, the place in
# the body, and what must stand there.
FORM = [
    ("Maintenance Identifier", "maintenance_identifier", "711", "maintenanceParams.maintenanceIdentifier", "711"),
    ("Task Mode", "maintenance_task_mode", "Monitor", "maintenanceParams.maintenanceTaskMode", 2),
    ("Maintenance Type", "maintenance_type", "LocalMaintenanceTask", "maintenanceParams.maintenanceType", 5),
    ("Repair", "repair", True, "maintenanceParams.repair", True),
    ("Software Should Be", "desired_software_state", "UpdateIfFound", "maintenanceParams.desiredSoftwareState", 7),
    (
        "Task Parameter Values",
        "task_parameter_values",
        '{"Theme": "dark", "Level": 3}',
        "maintenanceParams.taskParameterValues",
        {"Theme": {"value": "dark"}, "Level": {"value": 3}},
    ),
    ("Skip Background Job", "skip_background_job", True, "skipBackgroundJob", True),
    ("Cache Only", "cache_only", True, "cacheOnly", True),
    ("Reboot Preference", "reboot_preference", "Prompt", "rebootPreference", 2),
    ("Prompt Timeout Action", "prompt_timeout_action", "FailSession", "promptTimeoutAction", 2),
    ("Auto Consent to Reboots", "auto_consent_to_reboots", True, "autoConsentToReboots", True),
    ("Prompt Timeout Minutes", "prompt_timeout_minutes", "45", "promptTimeoutMinutes", 45),
    ("Update Time", "update_time", "2:30", "updateTime", "02:30"),
    ("Time Zone", "time_zone", "Europe/Berlin", "timeZoneInfoId", "Europe/Berlin"),
    ("Deployment ID", "deployment_id", "32", "deploymentId", 32),
    ("Deployment Type", "deployment_type", "Global", "deploymentType", 0),
    ("Offline Behavior", "offline_behavior", "Skip", "offlineBehavior", 1),
    ("Use Winning Deployment", "use_winning_deployment", True, "useWinningDeployment", True),
    ("Send Detection Email", "send_detection_email", True, "sendDetectionEmail", True),
    (
        "Send Detection Email When All Actions Are Compliant",
        "send_detection_email_when_all_actions_are_compliant",
        True,
        "sendDetectionEmailWhenAllActionsAreCompliant",
        True,
    ),
    ("Send Follow-up Email", "send_follow_up_email", True, "sendFollowUpEmail", True),
    (
        "Send Follow-up Only If Action Needed",
        "send_follow_up_only_if_action_needed",
        True,
        "sendFollowUpOnlyIfActionNeeded",
        True,
    ),
    ("Show Run Now Button", "show_run_now_button", True, "showRunNowButton", True),
    ("Show Postpone Button", "show_postpone_button", True, "showPostponeButton", True),
    ("Show Maintenance Actions", "show_maintenance_actions", True, "showMaintenanceActions", True),
    ("Computer IDs", "computers", ["101", "102"], "computers", [{"computerId": 101}, {"computerId": 102}]),
    ("Tenant IDs", "tenants", ["3"], "tenants", [{"tenantId": 3}]),
    ("Person IDs", "persons", ["201"], "persons", [{"personId": 201}]),
]
FURTHER_PARAMETERS = [
    ("license_id", "5", "licenseId", 5),
    ("provider_link_id_for_agent_updates", "6", "providerLinkIdForAgentUpdates", 6),
    ("provider_link_id_for_maintenance_item", 7, "maintenanceParams.providerLinkIdForMaintenanceItem", 7),
    ("use_computers_timezone_for_execution", True, "useComputersTimezoneForExecution", True),
    ("schedule_execution_after_active_hours", True, "scheduleExecutionAfterActiveHours", True),
    ("suppress_reboots_during_business_hours", True, "suppressRebootsDuringBusinessHours", True),
    ("detection_only", True, "detectionOnly", True),
    ("resolution_only", True, "resolutionOnly", True),
    ("inventory_only", True, "inventoryOnly", True),
    ("run_inventory_in_detection", True, "runInventoryInDetection", True),
    ("propagate_to_child_tenants", True, "propagateToChildTenants", True),
    ("allow_access_to_parent_tenant", True, "allowAccessToParentTenant", True),
    ("software_provider_type", "Chocolatey", "maintenanceParams.softwareProviderType", 2),
    ("software_type", "1", "maintenanceParams.softwareType", 1),
    ("semantic_version", '{"major": 2}', "maintenanceParams.semanticVersion", {"major": 2}),
]


def value_at(body: dict[str, Any], path: str) -> Any:
    found: Any = body
    for part in path.split("."):
        found = found[part]
    return found


def everything() -> dict[str, Any]:
    return {name: value for _, name, value, *_ in FORM} | {name: value for name, value, *_ in FURTHER_PARAMETERS}


@pytest.mark.parametrize(("words", "name", "path", "sent"), [(w, n, p, s) for w, n, _, p, s in FORM])
def test_each_parameter_of_the_form_reaches_the_body(words: str, name: str, path: str, sent: Any) -> None:
    body = whole_body(parse_params(MaintenanceParams, everything()))
    assert value_at(body, path) == sent
    assert type(value_at(body, path)) is type(sent)


@pytest.mark.parametrize(("name", "path", "sent"), [(n, p, s) for n, _, p, s in FURTHER_PARAMETERS])
def test_each_further_parameter_reaches_the_body(name: str, path: str, sent: Any) -> None:
    assert value_at(whole_body(parse_params(MaintenanceParams, everything())), path) == sent


def test_the_tables_name_every_field_and_every_key_that_is_sent() -> None:
    ours = (
        {name for _, name, *_ in FORM}
        | {name for name, *_ in FURTHER_PARAMETERS}
        | {"session_group_id", "full_maintenance"}
    )
    assert {f.name for f in form_fields(MaintenanceParams)} == ours
    body = whole_body(parse_params(MaintenanceParams, everything()))
    paths = {path for *_, path, _ in FORM} | {path for *_, path, _ in FURTHER_PARAMETERS} | {"sessionGroupId"}
    flat = {k for k in body if k != "maintenanceParams"} | {f"maintenanceParams.{k}" for k in body["maintenanceParams"]}
    assert flat == paths
    assert {f.name: f.api_name for f in form_fields(MaintenanceParams)} == {
        **{name: path for _, name, _, path, _ in FORM},
        **{name: path for name, _, path, _ in FURTHER_PARAMETERS},
        "session_group_id": "sessionGroupId",
        "full_maintenance": "fullMaintenance",
    }


@pytest.mark.parametrize(("words", "name", "value"), [(w, n, v) for w, n, v, *_ in FORM])
def test_the_words_of_the_form_are_accepted_as_names(words: str, name: str, value: Any) -> None:
    rest = {n: v for n, v in everything().items() if n != name}
    assert parse_params(MaintenanceParams, {**rest, words: value}) == parse_params(MaintenanceParams, everything())


def test_the_body_passes_the_strict_server() -> None:
    assert schema.validate(whole_body(parse_params(MaintenanceParams, everything()))) == {}
    assert schema.validate(whole_body(params())) == {}


def test_a_plain_request_says_everything_that_would_otherwise_count_as_zero() -> None:
    assert whole_body(params()) == {
        "sessionGroupId": session_group("token"),
        "maintenanceParams": {
            "maintenanceIdentifier": "10",
            "maintenanceType": 0,
            "maintenanceTaskMode": 0,
            "desiredSoftwareState": 5,
            "repair": False,
        },
        "skipBackgroundJob": False,
        "cacheOnly": False,
        "rebootPreference": 1,
        "deploymentType": 1,
        "offlineBehavior": 2,
        "useWinningDeployment": False,
        "sendDetectionEmail": False,
        "sendDetectionEmailWhenAllActionsAreCompliant": False,
        "sendFollowUpEmail": False,
        "sendFollowUpOnlyIfActionNeeded": False,
        "showRunNowButton": False,
        "showPostponeButton": False,
        "showMaintenanceActions": False,
        "computers": [{"computerId": 101}, {"computerId": 102}],
    }


API_BODY: dict[str, Any] = {
    "sessionGroupId": "7b1e0a54-4a0b-4c77-9c11-52a3f0b8d9e1",
    "maintenanceParams": {
        "maintenanceIdentifier": "910",
        "maintenanceType": 6,
        "repair": False,
        "desiredSoftwareState": 5,
        "maintenanceTaskMode": 1,
        "taskParameterValues": {"Folder": {"value": "C:\\Temp", "allowOverride": True}},
        "semanticVersion": None,
        "semanticVersionNormalized": "1.0.0",
        "providerLinkIdForMaintenanceItem": None,
    },
    "skipBackgroundJob": True,
    "cacheOnly": False,
    "rebootPreference": -1,
    "promptTimeoutAction": 1,
    "promptTimeoutMinutes": 0,
    "autoConsentToReboots": False,
    "offlineBehavior": 1,
    "deploymentId": None,
    "licenseId": None,
    "updateTime": None,
    "timeZoneInfoId": None,
    "computers": [{"computerId": 103, "maintenanceTaskParameterValueOverrides": None}],
    "tenants": [],
}


def test_a_body_of_the_api_loads_unchanged() -> None:
    body = whole_body(parse_params(MaintenanceParams, API_BODY))
    assert body["maintenanceParams"] == {
        "maintenanceIdentifier": "910",
        "maintenanceType": 6,
        "maintenanceTaskMode": 1,
        "desiredSoftwareState": 5,
        "repair": False,
        "taskParameterValues": {"Folder": {"value": "C:\\Temp", "allowOverride": True}},
    }
    assert (body["rebootPreference"], body["offlineBehavior"], body["skipBackgroundJob"]) == (-1, 1, True)
    assert body["computers"] == [{"computerId": 103}]
    assert not {"promptTimeoutAction", "promptTimeoutMinutes", "deploymentId", "tenants", "updateTime"} & set(body)


def test_a_body_in_the_groups_of_the_node_loads_too() -> None:
    grouped = {
        "maintenanceParams": {
            "sessionGroupId": "7b1e0a54-4a0b-4c77-9c11-52a3f0b8d9e1",
            "maintenanceIdentifier": 910,
            "taskMode": "Audit",
            "maintenanceType": "6",
            "softwareShouldBe": "Installed any",
            "taskParameterValues": '{"Folder": "C:\\\\Temp"}',
        },
        "executionOptions": {"rebootPreference": "If necessary", "updateTime": "", "timeZone": ""},
        "deploymentOptions": {"deploymentId": 0, "offlineBehavior": "Apply when offline"},
        "emailOptions": {"sendFollowUpEmail": True},
        "uiOptions": {"showRunNowButton": True},
        "targets": {"computers": '[{"computerId": 103}]', "tenants": "[2, 3]", "persons": [201]},
    }
    body = whole_body(parse_params(MaintenanceParams, grouped))
    assert body["maintenanceParams"]["taskParameterValues"] == {"Folder": {"value": "C:\\Temp"}}
    assert (body["maintenanceParams"]["desiredSoftwareState"], body["rebootPreference"]) == (2, 0)
    assert body["tenants"] == [{"tenantId": 2}, {"tenantId": 3}]
    assert body["persons"] == [{"personId": 201}]
    assert (body["offlineBehavior"], body["sendFollowUpEmail"], body["showRunNowButton"]) == (2, True, True)
    assert "deploymentId" not in body


def test_what_is_stored_comes_back_equal() -> None:
    made = parse_params(MaintenanceParams, everything())
    assert MaintenanceParams.model_validate(made.model_dump(mode="json")) == made


@pytest.mark.parametrize(
    ("field", "spellings", "number"),
    [
        ("rebootPreference", ["Force", "force", -1, "-1", "Always reboot (force)"], -1),
        ("rebootPreference", ["Normal", "If necessary", 0, "0"], 0),
        ("rebootPreference", ["Suppress", 1], 1),
        ("rebootPreference", ["prompt", 2], 2),
        ("offlineBehavior", ["Skip", 1], 1),
        ("offlineBehavior", ["ApplyOnConnect", "apply on connect", 2], 2),
        ("deploymentType", ["Global", 0], 0),
        ("deploymentType", ["Local", "1"], 1),
    ],
)
def test_a_choice_is_read_by_name_label_or_code(field: str, spellings: list[Any], number: int) -> None:
    assert {whole_body(params(**{field: spelling}))[field] for spelling in spellings} == {number}


@pytest.mark.parametrize(
    ("field", "pairs"),
    [
        ("maintenance_task_mode", {"Enforce": 0, "Audit": 1, "Monitor": 2, "Ignore": 3, "NoAction": 3}),
        (
            "desired_software_state",
            {
                "NewerOrEqualVersion": 0,
                "Uninstalled": 1,
                "NotPresent": 1,
                "Installed any": 2,
                "ThisVersion": 3,
                "OlderOrEqualVersion": 4,
                "Installed latest": 5,
                "Ignored": 6,
                "Update if found": 7,
            },
        ),
        (
            "maintenance_type",
            {
                "GlobalSoftware": 0,
                "LocalSoftware": 1,
                "WindowsUpdate": 2,
                "ChocolateySoftware": 3,
                "NiniteSoftware": 4,
                "LocalMaintenanceTask": 5,
                "GlobalMaintenanceTask": 6,
                "AgentUpdate": 7,
            },
        ),
    ],
)
def test_the_codes_of_a_maintenance_item(field: str, pairs: dict[str, int]) -> None:
    key = {f.name: f.api_name for f in form_fields(MaintenanceParams)}[field].removeprefix("maintenanceParams.")
    assert {name: whole_body(params(**{field: name}))["maintenanceParams"][key] for name in pairs} == pairs


def test_each_attempt_has_a_session_group_of_its_own() -> None:
    p = params(session_group_id="7b1e0a54-4a0b-4c77-9c11-52a3f0b8d9e1")
    first, again, second = (build_body(p, token, None, None)["sessionGroupId"] for token in ("one", "one", "two"))
    assert first == again
    assert len({first, second, p.session_group_id}) == 3
