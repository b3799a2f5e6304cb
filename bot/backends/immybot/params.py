"""The parameters of a maintenance run, in the groups of ImmyBot's own form."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Bounds
from pydantic import JsonValue, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from bot.backends.base import Option, Param, Params
from bot.backends.immybot import codes
from bot.backends.immybot.param_types import (
    ClockTime,
    Computers,
    DeploymentType,
    DesiredState,
    Identifier,
    JsonObject,
    MaintenanceType,
    OfflineBehavior,
    Persons,
    PromptTimeoutAction,
    RebootPreference,
    SessionGroupId,
    SoftwareProvider,
    TaskMode,
    TaskValues,
    Tenants,
    ZoneName,
)
from bot.backends.immybot.vendor_payload import flatten
from bot.values import Json

TARGETS_SECTION, MAINTENANCE_SECTION, EXECUTION_SECTION = "Targets", "Maintenance", "Execution"
DEPLOYMENT_SECTION, EMAIL_SECTION, EMAIL_BUTTONS_SECTION, ADVANCED_SECTION = (
    "Deployment",
    "E-mail",
    "E-mail buttons",
    "Advanced",
)


def _enum_param(
    label: str,
    section: str,
    api: str,
    table: codes.CodeTable,
    hint: str = "",
    when: dict[str, tuple[str, ...]] | None = None,
    *,
    reloads: bool = False,
) -> Param:
    """Return a select with the values of an enumeration. ``reloads`` says that it changes other fields."""
    relevance: dict[str, tuple[JsonValue, ...]] = {name: tuple(wanted) for name, wanted in (when or {}).items()}
    return Param(label, hint, section, "choice", table.options, api_name=api, relevant_if=relevance, reloads=reloads)


_IF_PROMPT: dict[str, tuple[JsonValue, ...]] = {"reboot_preference": ("Prompt",)}
_IF_SOFTWARE: dict[str, tuple[JsonValue, ...]] = {"maintenance_type": codes.SOFTWARE_TYPES}


WHOLE_CHOICES = (
    Option(value="FullMaintenance", label="Full maintenance: everything that is deployed"),
    Option(value="Deployment", label="One deployment"),
)
"""What can be chosen in the form besides a maintenance type."""


class MaintenanceParams(Params):
    """The parameters of ``POST /api/v1/run-immy-service-new``, flat, under names derived from the API's own."""

    computers: Annotated[
        Computers, Param("Computers", "", TARGETS_SECTION, "lookups", placeholder="Search computers")
    ] = Bounds(default_factory=list)
    tenants: Annotated[Tenants, Param("Tenants", "All their computers.", TARGETS_SECTION, "lookups", reloads=True)] = (
        Bounds(default_factory=list)
    )
    persons: Annotated[
        Persons, Param("People", "The computers that they use.", TARGETS_SECTION, "lookups", reloads=True)
    ] = Bounds(default_factory=list)

    maintenance_type: Annotated[
        MaintenanceType | None,
        _enum_param(
            "What",
            MAINTENANCE_SECTION,
            "maintenanceParams.maintenanceType",
            codes.MAINTENANCE_TYPE,
            reloads=True,
        ),
    ] = None
    maintenance_identifier: Annotated[
        Identifier | None,
        Param(
            "Software or task",
            "",
            MAINTENANCE_SECTION,
            "lookup",
            api_name="maintenanceParams.maintenanceIdentifier",
            argument="item",
        ),
    ] = None
    maintenance_task_mode: Annotated[
        TaskMode,
        _enum_param(
            "Task mode",
            MAINTENANCE_SECTION,
            "maintenanceParams.maintenanceTaskMode",
            codes.TASK_MODE,
            "Enforce tests and then sets; Audit only tests; Monitor only reports.",
            {"maintenance_type": codes.TASK_TYPES},
        ),
    ] = "Enforce"
    desired_software_state: Annotated[
        DesiredState,
        _enum_param(
            "Software should be",
            MAINTENANCE_SECTION,
            "maintenanceParams.desiredSoftwareState",
            codes.DESIRED_STATE,
            when={"maintenance_type": codes.SOFTWARE_TYPES},
        ),
    ] = "LatestVersion"
    repair: Annotated[
        bool, Param("Repair", "", MAINTENANCE_SECTION, api_name="maintenanceParams.repair", relevant_if=_IF_SOFTWARE)
    ] = False
    task_parameter_values: Annotated[
        TaskValues | None,
        Param(
            "Task parameter values",
            'A JSON object: {"Name": "value"}. A secret is given by its configured name: {"Name": {"secret": "name"}}.',
            MAINTENANCE_SECTION,
            "json",
            api_name="maintenanceParams.taskParameterValues",
        ),
    ] = None
    full_maintenance: Annotated[
        bool, Param("Full maintenance", "Everything that is deployed.", MAINTENANCE_SECTION, api_name="fullMaintenance")
    ] = False

    reboot_preference: Annotated[
        RebootPreference,
        _enum_param("Reboot", EXECUTION_SECTION, "rebootPreference", codes.REBOOT_PREFERENCE, reloads=True),
    ] = "Suppress"
    prompt_timeout_action: Annotated[
        PromptTimeoutAction,
        _enum_param(
            "If nobody answers the prompt",
            EXECUTION_SECTION,
            "promptTimeoutAction",
            codes.PROMPT_TIMEOUT_ACTION,
            when={"reboot_preference": ("Prompt",)},
        ),
    ] = "Suppress"
    prompt_timeout_minutes: Annotated[
        int,
        Param(
            "Prompt timeout (minutes)",
            "1 to 60.",
            EXECUTION_SECTION,
            api_name="promptTimeoutMinutes",
            relevant_if=_IF_PROMPT,
        ),
    ] = 5
    auto_consent_to_reboots: Annotated[
        bool,
        Param(
            "Consent to reboots automatically",
            "",
            EXECUTION_SECTION,
            api_name="autoConsentToReboots",
            relevant_if=_IF_PROMPT,
        ),
    ] = False
    skip_background_job: Annotated[
        bool,
        Param(
            "Skip the background job",
            "Starts at once, past the instance's limit of concurrent sessions.",
            EXECUTION_SECTION,
            api_name="skipBackgroundJob",
        ),
    ] = False
    cache_only: Annotated[bool, Param("Use cached data only", "", EXECUTION_SECTION, api_name="cacheOnly")] = False
    update_time: Annotated[
        ClockTime | None,
        Param(
            "Update time",
            "HH:mm, the next time that the clock shows it. Leave it empty: the schedule says when.",
            EXECUTION_SECTION,
            "text",
            api_name="updateTime",
        ),
    ] = None
    time_zone: Annotated[
        ZoneName | None,
        Param(
            "Time zone of the update time", "", EXECUTION_SECTION, "lookup", api_name="timeZoneInfoId", argument="zone"
        ),
    ] = None

    deployment_id: Annotated[
        int | None,
        Bounds(ge=0),
        Param(
            "Deployment",
            "Instead of a maintenance item.",
            DEPLOYMENT_SECTION,
            "lookup",
            api_name="deploymentId",
            argument="deployment",
        ),
    ] = None
    deployment_type: Annotated[
        DeploymentType,
        _enum_param(
            "Deployment type",
            DEPLOYMENT_SECTION,
            "deploymentType",
            codes.DEPLOYMENT_TYPE,
            "Where it is kept.",
            reloads=True,
        ),
    ] = "Local"
    offline_behavior: Annotated[
        OfflineBehavior,
        _enum_param("If a computer is offline", DEPLOYMENT_SECTION, "offlineBehavior", codes.OFFLINE_BEHAVIOR),
    ] = "ApplyOnConnect"
    use_winning_deployment: Annotated[
        bool,
        Param(
            "Use the winning deployment",
            "Its desired state counts then, not the one given here.",
            DEPLOYMENT_SECTION,
            api_name="useWinningDeployment",
        ),
    ] = False

    send_detection_email: Annotated[
        bool, Param("Send detection e-mail", "", EMAIL_SECTION, api_name="sendDetectionEmail")
    ] = False
    send_detection_email_when_all_actions_are_compliant: Annotated[
        bool,
        Param(
            "... also when all is compliant", "", EMAIL_SECTION, api_name="sendDetectionEmailWhenAllActionsAreCompliant"
        ),
    ] = False
    send_follow_up_email: Annotated[
        bool, Param("Send follow-up e-mail", "", EMAIL_SECTION, api_name="sendFollowUpEmail")
    ] = False
    send_follow_up_only_if_action_needed: Annotated[
        bool, Param("... only if action is needed", "", EMAIL_SECTION, api_name="sendFollowUpOnlyIfActionNeeded")
    ] = False
    show_run_now_button: Annotated[
        bool, Param("Show a Run Now button", "", EMAIL_BUTTONS_SECTION, api_name="showRunNowButton")
    ] = False
    show_postpone_button: Annotated[
        bool, Param("Show a Postpone button", "", EMAIL_BUTTONS_SECTION, api_name="showPostponeButton")
    ] = False
    show_maintenance_actions: Annotated[
        bool, Param("Show the maintenance actions", "", EMAIL_BUTTONS_SECTION, api_name="showMaintenanceActions")
    ] = False

    session_group_id: Annotated[
        SessionGroupId | None,
        Param(
            "Session group ID",
            "Only noted: Nightshift makes a new one for each attempt and finds the sessions by it.",
            ADVANCED_SECTION,
            "text",
            api_name="sessionGroupId",
        ),
    ] = None
    use_computers_timezone_for_execution: Annotated[
        bool,
        Param(
            "Update time in each computer's zone",
            "Only with an update time.",
            ADVANCED_SECTION,
            api_name="useComputersTimezoneForExecution",
        ),
    ] = False
    schedule_execution_after_active_hours: Annotated[
        bool, Param("Execute after active hours", "", ADVANCED_SECTION, api_name="scheduleExecutionAfterActiveHours")
    ] = False
    suppress_reboots_during_business_hours: Annotated[
        bool,
        Param(
            "No reboots in business hours",
            "Beats Force.",
            ADVANCED_SECTION,
            api_name="suppressRebootsDuringBusinessHours",
        ),
    ] = False
    detection_only: Annotated[bool, Param("Detection only", "", ADVANCED_SECTION, api_name="detectionOnly")] = False
    resolution_only: Annotated[bool, Param("Resolution only", "", ADVANCED_SECTION, api_name="resolutionOnly")] = False
    inventory_only: Annotated[bool, Param("Inventory only", "", ADVANCED_SECTION, api_name="inventoryOnly")] = False
    run_inventory_in_detection: Annotated[
        bool, Param("Inventory during detection", "", ADVANCED_SECTION, api_name="runInventoryInDetection")
    ] = False
    propagate_to_child_tenants: Annotated[
        bool, Param("Child tenants too", "", ADVANCED_SECTION, api_name="propagateToChildTenants")
    ] = False
    allow_access_to_parent_tenant: Annotated[
        bool, Param("Allow access to the parent tenant", "", ADVANCED_SECTION, api_name="allowAccessToParentTenant")
    ] = False
    license_id: Annotated[int | None, Bounds(gt=0), Param("Licence ID", "", ADVANCED_SECTION, api_name="licenseId")] = (
        None
    )
    provider_link_id_for_agent_updates: Annotated[
        int | None,
        Bounds(gt=0),
        Param("Provider link for agent updates", "", ADVANCED_SECTION, api_name="providerLinkIdForAgentUpdates"),
    ] = None
    provider_link_id_for_maintenance_item: Annotated[
        int | None,
        Bounds(gt=0),
        Param(
            "Provider link of the item",
            "",
            ADVANCED_SECTION,
            api_name="maintenanceParams.providerLinkIdForMaintenanceItem",
        ),
    ] = None
    software_provider_type: Annotated[
        SoftwareProvider | None,
        _enum_param(
            "Software provider", ADVANCED_SECTION, "maintenanceParams.softwareProviderType", codes.SOFTWARE_PROVIDER
        ),
    ] = None
    software_type: Annotated[
        int | None,
        Param("Software type", "A code; sent as given.", ADVANCED_SECTION, api_name="maintenanceParams.softwareType"),
    ] = None
    semantic_version: Annotated[
        JsonObject | None,
        Param(
            "Version",
            "A JSON object; sent as given.",
            ADVANCED_SECTION,
            "json",
            api_name="maintenanceParams.semanticVersion",
        ),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _accept_vendor_body(cls, data: Json) -> Json:
        return _without_whole_choice(flatten(data, cls.model_fields))

    @model_validator(mode="after")
    def _check(self) -> "MaintenanceParams":
        faults = [
            InitErrorDetails(type=PydanticCustomError("value_error", "{text}", {"text": text}), loc=(name,), input=None)
            for name, text in _problems(self)
        ]
        if faults:
            raise ValidationError.from_exception_data(type(self).__name__, faults)
        return self


def _without_whole_choice(data: Json) -> Json:
    """Return values with full maintenance or a deployment in their own fields, not in that of the maintenance type."""
    full, deployment = (choice.value for choice in WHOLE_CHOICES)
    if not isinstance(data, dict) or data.get("maintenance_type") not in (full, deployment):
        return data
    chosen = data["maintenance_type"]
    rest = {name: value for name, value in data.items() if name != "maintenance_type"}
    return {**rest, "full_maintenance": True} if chosen == full else rest


def _problems(p: MaintenanceParams) -> Iterator[tuple[str, str]]:
    """Yield contradictions: the field to change, and a sentence."""
    if not (p.computers or p.tenants or p.persons):
        yield "computers", "Choose at least one computer, tenant or person."
    yield from _item_problems(p)
    if p.reboot_preference == "Prompt" and not 1 <= p.prompt_timeout_minutes <= 60:
        yield "prompt_timeout_minutes", "Must be from 1 to 60 minutes."
    if p.update_time and not p.time_zone:
        yield "time_zone", "An update time needs its time zone."
    if p.use_computers_timezone_for_execution and not p.update_time:
        yield "use_computers_timezone_for_execution", "This has a meaning only with an update time of ImmyBot's own."


def _item_problems(p: MaintenanceParams) -> Iterator[tuple[str, str]]:
    """Yield problems unless exactly one item, a deployment, or everything is maintained."""
    if p.full_maintenance and p.maintenance_identifier:
        yield "full_maintenance", "Full maintenance does everything: leave it out, or leave out the identifier."
    if p.full_maintenance and p.deployment_id:
        yield "full_maintenance", "Full maintenance does everything: leave it out, or leave out the deployment."
    if not (p.full_maintenance or p.maintenance_identifier or p.deployment_id):
        text = "Choose what to maintain: software, a task, a deployment or full maintenance."
        yield "maintenance_identifier", text
    if p.maintenance_identifier and p.maintenance_type is None:
        yield "maintenance_type", "Choose which kind of software or task this is."
    identifier = p.maintenance_identifier or "0"
    if p.maintenance_type in codes.NUMBERED_TYPES and not (identifier.isascii() and identifier.isdecimal()):
        yield "maintenance_identifier", "Must be the number that ImmyBot has given it; names are not understood there."
