"""Builds the canonical body of a run, with the API's names and numbers.

Booleans and enumerations of the main groups are always sent: ImmyBot reads a missing one as 0, which would mean a
reboot if necessary. Prompt settings are sent only with Prompt, further keys only if they are set.
"""

from uuid import UUID, uuid5

from pydantic import JsonValue

from bot.backends.immybot import codes
from bot.backends.immybot.params import MaintenanceParams

_GROUP_NAMESPACE = UUID("6f1d8f0e-6d3c-5a5b-9a3f-3f0a9a7f4c21")


def session_group(token: str) -> str:
    """Return the session group of an attempt. The same token gives the same group, so that it can be looked up."""
    return str(uuid5(_GROUP_NAMESPACE, token))


def build_body(p: MaintenanceParams, token: str, update_time: str | None, zone: str | None) -> dict[str, JsonValue]:
    """Return the body for one attempt. ``update_time`` and ``zone`` are set if ImmyBot holds the start."""
    body: dict[str, JsonValue] = {"sessionGroupId": session_group(token)}
    if p.maintenance_identifier or p.task_parameter_values:
        body["maintenanceParams"] = _maintenance_item(p)
    body["skipBackgroundJob"] = p.skip_background_job
    body["cacheOnly"] = p.cache_only
    body["rebootPreference"] = codes.REBOOT_PREFERENCE.number(p.reboot_preference)
    if p.reboot_preference == "Prompt":
        body["promptTimeoutAction"] = codes.PROMPT_TIMEOUT_ACTION.number(p.prompt_timeout_action)
        body["promptTimeoutMinutes"] = p.prompt_timeout_minutes
        body["autoConsentToReboots"] = p.auto_consent_to_reboots
    if update_time and zone:
        body["updateTime"] = update_time
        body["timeZoneInfoId"] = zone
    if p.deployment_id:
        body["deploymentId"] = p.deployment_id
    body["deploymentType"] = codes.DEPLOYMENT_TYPE.number(p.deployment_type)
    body["offlineBehavior"] = codes.OFFLINE_BEHAVIOR.number(p.offline_behavior)
    body["useWinningDeployment"] = p.use_winning_deployment
    body["sendDetectionEmail"] = p.send_detection_email
    body["sendDetectionEmailWhenAllActionsAreCompliant"] = p.send_detection_email_when_all_actions_are_compliant
    body["sendFollowUpEmail"] = p.send_follow_up_email
    body["sendFollowUpOnlyIfActionNeeded"] = p.send_follow_up_only_if_action_needed
    body["showRunNowButton"] = p.show_run_now_button
    body["showPostponeButton"] = p.show_postpone_button
    body["showMaintenanceActions"] = p.show_maintenance_actions
    body.update(_optional_keys(p))
    body.update(_targets(p))
    return body


def _maintenance_item(p: MaintenanceParams) -> dict[str, JsonValue]:
    item: dict[str, JsonValue] = {}
    if p.maintenance_identifier:
        item["maintenanceIdentifier"] = p.maintenance_identifier
    if p.maintenance_type:
        item["maintenanceType"] = codes.MAINTENANCE_TYPE.number(p.maintenance_type)
    item["maintenanceTaskMode"] = codes.TASK_MODE.number(p.maintenance_task_mode)
    item["desiredSoftwareState"] = codes.DESIRED_STATE.number(p.desired_software_state)
    item["repair"] = p.repair
    if p.task_parameter_values:
        item["taskParameterValues"] = {name: dict(value) for name, value in p.task_parameter_values.items()}
    if p.software_provider_type:
        item["softwareProviderType"] = codes.SOFTWARE_PROVIDER.number(p.software_provider_type)
    further: dict[str, JsonValue] = {
        "softwareType": p.software_type,
        "semanticVersion": p.semantic_version,
        "providerLinkIdForMaintenanceItem": p.provider_link_id_for_maintenance_item,
    }
    return item | {key: value for key, value in further.items() if value is not None}


def _optional_keys(p: MaintenanceParams) -> dict[str, JsonValue]:
    """Return the keys outside the main groups that are set."""
    keys: dict[str, JsonValue] = {
        "licenseId": p.license_id,
        "providerLinkIdForAgentUpdates": p.provider_link_id_for_agent_updates,
        "useComputersTimezoneForExecution": p.use_computers_timezone_for_execution,
        "scheduleExecutionAfterActiveHours": p.schedule_execution_after_active_hours,
        "suppressRebootsDuringBusinessHours": p.suppress_reboots_during_business_hours,
        "fullMaintenance": p.full_maintenance,
        "detectionOnly": p.detection_only,
        "resolutionOnly": p.resolution_only,
        "inventoryOnly": p.inventory_only,
        "runInventoryInDetection": p.run_inventory_in_detection,
        "propagateToChildTenants": p.propagate_to_child_tenants,
        "allowAccessToParentTenant": p.allow_access_to_parent_tenant,
    }
    return {key: value for key, value in keys.items() if value}


def _targets(p: MaintenanceParams) -> dict[str, JsonValue]:
    lists: dict[str, JsonValue] = {
        "computers": [{"computerId": n} for n in p.computers],
        "tenants": [{"tenantId": n} for n in p.tenants],
        "persons": [{"personId": n} for n in p.persons],
    }
    return {key: value for key, value in lists.items() if value}
