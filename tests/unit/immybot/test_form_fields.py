"""How each field of the form works; the texts are in docs/operations."""

from bot.backends.immybot.operation import MaintenanceOperation
from tests.unit.backends.forms import describe
from tests.unit.immybot.support import now, params

FIELDS = {
    "maintenance_type": "Basics: choice, required, reloads, api=maintenanceParams.maintenanceType, choices=GlobalSoftware/LocalSoftware/GlobalMaintenanceTask/LocalMaintenanceTask/WindowsUpdate/ChocolateySoftware/NiniteSoftware/AgentUpdate/FullMaintenance/Deployment",  # noqa: E501
    "computers": "Basics: lookups, required, default=[]",
    "reboot_preference": "Basics: choice, reloads, api=rebootPreference, default='Suppress', choices=Suppress/Normal/Prompt/Force",  # noqa: E501
    "prompt_timeout_action": "Basics: choice, api=promptTimeoutAction, default='Suppress', choices=Suppress/Reboot/FailSession, if reboot_preference in Prompt",  # noqa: E501
    "prompt_timeout_minutes": "Basics: number, api=promptTimeoutMinutes, default=5, if reboot_preference in Prompt",
    "auto_consent_to_reboots": "Basics: flag, api=autoConsentToReboots, default=False, if reboot_preference in Prompt",
    "tenants": "Targets: lookups, reloads, default=[]",
    "persons": "Targets: lookups, reloads, default=[]",
    "skip_background_job": "Execution: flag, api=skipBackgroundJob, default=False",
    "cache_only": "Execution: flag, api=cacheOnly, default=False",
    "update_time": "Execution: text, api=updateTime",
    "time_zone": "Execution: lookup, argument=zone, api=timeZoneInfoId",
    "deployment_type": "Deployment: choice, reloads, api=deploymentType, default='Local', choices=Local/Global",
    "offline_behavior": "Deployment: choice, api=offlineBehavior, default='ApplyOnConnect', choices=ApplyOnConnect/Skip",  # noqa: E501
    "use_winning_deployment": "Deployment: flag, api=useWinningDeployment, default=False",
    "send_detection_email": "E-mail: flag, api=sendDetectionEmail, default=False",
    "send_detection_email_when_all_actions_are_compliant": "E-mail: flag, api=sendDetectionEmailWhenAllActionsAreCompliant, default=False",  # noqa: E501
    "send_follow_up_email": "E-mail: flag, api=sendFollowUpEmail, default=False",
    "send_follow_up_only_if_action_needed": "E-mail: flag, api=sendFollowUpOnlyIfActionNeeded, default=False",
    "show_run_now_button": "E-mail buttons: flag, api=showRunNowButton, default=False",
    "show_postpone_button": "E-mail buttons: flag, api=showPostponeButton, default=False",
    "show_maintenance_actions": "E-mail buttons: flag, api=showMaintenanceActions, default=False",
    "session_group_id": "Advanced: text, api=sessionGroupId",
    "use_computers_timezone_for_execution": "Advanced: flag, api=useComputersTimezoneForExecution, default=False",
    "schedule_execution_after_active_hours": "Advanced: flag, api=scheduleExecutionAfterActiveHours, default=False",
    "suppress_reboots_during_business_hours": "Advanced: flag, api=suppressRebootsDuringBusinessHours, default=False",
    "detection_only": "Advanced: flag, api=detectionOnly, default=False",
    "resolution_only": "Advanced: flag, api=resolutionOnly, default=False",
    "inventory_only": "Advanced: flag, api=inventoryOnly, default=False",
    "run_inventory_in_detection": "Advanced: flag, api=runInventoryInDetection, default=False",
    "propagate_to_child_tenants": "Advanced: flag, api=propagateToChildTenants, default=False",
    "allow_access_to_parent_tenant": "Advanced: flag, api=allowAccessToParentTenant, default=False",
    "license_id": "Advanced: number, api=licenseId",
    "provider_link_id_for_agent_updates": "Advanced: number, api=providerLinkIdForAgentUpdates",
    "provider_link_id_for_maintenance_item": "Advanced: number, api=maintenanceParams.providerLinkIdForMaintenanceItem",
    "software_provider_type": "Advanced: choice, api=maintenanceParams.softwareProviderType, choices=Ninite/Chocolatey/Inherent",  # noqa: E501
    "software_type": "Advanced: number, api=maintenanceParams.softwareType",
    "semantic_version": "Advanced: json, api=maintenanceParams.semanticVersion",
}


async def test_every_field(maintenance: MaintenanceOperation):
    assert {field.name: describe(field) for field in await maintenance.fields({})} == FIELDS
    assert maintenance.plan(params(), now(), "t1").calls
