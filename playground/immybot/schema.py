"""Strict validation of a request body: unknown keys and wrong types are rejected with problem details."""

from typing import Any
from uuid import UUID

_ENUMS: dict[str, dict[str, int]] = {
    "rebootPreference": {"Normal": 0, "Suppress": 1, "Prompt": 2, "Force": -1},
    "promptTimeoutAction": {"Reboot": 0, "Suppress": 1, "FailSession": 2},
    "offlineBehavior": {"Skip": 1, "ApplyOnConnect": 2},
    "deploymentType": {"Global": 0, "Local": 1},
    "maintenanceTaskMode": {"Enforce": 0, "Audit": 1, "Monitor": 2, "NoAction": 3},
    "desiredSoftwareState": {
        "NewerOrEqualVersion": 0,
        "NotPresent": 1,
        "AnyVersion": 2,
        "ThisVersion": 3,
        "OlderOrEqualVersion": 4,
        "LatestVersion": 5,
        "NoAction": 6,
        "UpdateIfFound": 7,
    },
    "maintenanceType": {
        "GlobalSoftware": 0,
        "LocalSoftware": 1,
        "WindowsUpdate": 2,
        "ChocolateySoftware": 3,
        "NiniteSoftware": 4,
        "LocalMaintenanceTask": 5,
        "GlobalMaintenanceTask": 6,
        "AgentUpdate": 7,
    },
    "softwareProviderType": {"Ninite": 1, "Chocolatey": 2, "Inherent": 3},
}
_FLAGS = {
    "skipBackgroundJob",
    "cacheOnly",
    "autoConsentToReboots",
    "useWinningDeployment",
    "useComputersTimezoneForExecution",
    "scheduleExecutionAfterActiveHours",
    "suppressRebootsDuringBusinessHours",
    "fullMaintenance",
    "detectionOnly",
    "resolutionOnly",
    "inventoryOnly",
    "runInventoryInDetection",
    "sendDetectionEmail",
    "sendDetectionEmailWhenAllActionsAreCompliant",
    "sendFollowUpEmail",
    "sendFollowUpOnlyIfActionNeeded",
    "showRunNowButton",
    "showPostponeButton",
    "showMaintenanceActions",
    "propagateToChildTenants",
    "allowAccessToParentTenant",
}
_TOP_ENUMS = {"rebootPreference", "promptTimeoutAction", "offlineBehavior", "deploymentType"}
_NUMBERS = {"promptTimeoutMinutes", "licenseId", "deploymentId", "providerLinkIdForAgentUpdates"}
_TEXTS = {"updateTime", "timeZoneInfoId"}
_TARGETS = {"computers": "computerId", "tenants": "tenantId", "persons": "personId"}
_ITEM_ENUMS = {"maintenanceType", "desiredSoftwareState", "maintenanceTaskMode", "softwareProviderType"}
_ITEM_OTHERS = {
    "maintenanceIdentifier": str,
    "repair": bool,
    "taskParameterValues": dict,
    "softwareType": int,
    "semanticVersion": dict,
    "providerLinkIdForMaintenanceItem": int,
}
_NULLABLE = {"maintenanceIdentifier", "taskParameterValues", "providerLinkIdForMaintenanceItem", "semanticVersion"}

Errors = dict[str, list[str]]


def validate(body: Any) -> Errors:
    """The errors of a body by JSON path, empty if it is valid."""
    if not isinstance(body, dict):
        return {"$": ["The JSON value could not be converted to RunImmyServiceRequestBody."]}
    errors: Errors = {}
    for key, value in body.items():
        fault = _top(key, value, errors)
        if fault:
            errors[f"$.{key}"] = [fault]
    return errors


def problem_details(errors: Errors) -> dict[str, Any]:
    """ASP.NET's problem details."""
    return {"title": "One or more validation errors occurred.", "status": 400, "errors": errors}


def code(key: str, value: Any) -> int | None:
    """The number of an enumeration's value, given as a number or a name."""
    return _ENUMS[key].get(value) if isinstance(value, str) else value


def _top(key: str, value: Any, errors: Errors) -> str:
    if key in _TARGETS:
        return _targets(value, _TARGETS[key])
    if key == "maintenanceParams":
        return _item(value, errors)
    if key == "sessionGroupId":
        return _uuid(value)
    if key in _TOP_ENUMS:
        return _enum(key, value)
    if key in _FLAGS:
        return _has_type(value, bool)
    if key in _NUMBERS:
        return "" if value is None and key != "promptTimeoutMinutes" else _has_type(value, int)
    if key in _TEXTS:
        return "" if value is None else _has_type(value, str)
    return f"The JSON property '{key}' could not be mapped to any member."


def _item(value: Any, errors: Errors) -> str:
    if not isinstance(value, dict):
        return "" if value is None else "The JSON value could not be converted to an object."
    for key, inner in value.items():
        if key in _ITEM_ENUMS:
            fault = _enum(key, inner)
        elif key in _ITEM_OTHERS:
            fault = "" if inner is None and key in _NULLABLE else _has_type(inner, _ITEM_OTHERS[key])
        else:
            fault = f"The JSON property '{key}' could not be mapped to any member."
        if not fault and key == "taskParameterValues" and inner:
            fault = _values(inner)
        if fault:
            errors[f"$.maintenanceParams.{key}"] = [fault]
    return ""


def _values(values: dict[str, Any]) -> str:
    allowed = {"value", "allowOverride", "requiresOverride"}
    fine = all(isinstance(v, dict) and set(v) <= allowed for v in values.values())
    return "" if fine else "Each parameter value must be an object with a value."


def _targets(value: Any, key: str) -> str:
    if not isinstance(value, list):
        return "The JSON value could not be converted to a list."
    fine = all(isinstance(t, dict) and set(t) == {key} and not _has_type(t[key], int) for t in value)
    return "" if fine else f"Each target must be an object with a {key}."


def _uuid(value: Any) -> str:
    if value is None:
        return ""
    try:
        UUID(str(value))
    except ValueError:
        return "The JSON value could not be converted to System.Nullable`1[System.Guid]."
    return ""


def _enum(key: str, value: Any) -> str:
    known = _ENUMS[key]
    fine = not isinstance(value, bool) and (value in known.values() or value in known)
    return "" if fine else f"The JSON value could not be converted to {key[0].upper()}{key[1:]}."


def _has_type(value: Any, wanted: type) -> str:
    fine = isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
    return "" if fine else f"The JSON value could not be converted to {wanted.__name__}."
