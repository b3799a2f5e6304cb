"""The numbers and names of ImmyBot's enumerations, as its API has them."""

import pytest

from bot.backends.immybot import codes
from bot.backends.immybot.codes import CodeTable

TABLES = [
    (codes.REBOOT_PREFERENCE, "-1 Force, 0 Normal, 1 Suppress, 2 Prompt"),
    (codes.PROMPT_TIMEOUT_ACTION, "0 Reboot, 1 Suppress, 2 FailSession"),
    (codes.OFFLINE_BEHAVIOR, "1 Skip, 2 ApplyOnConnect"),
    (codes.DEPLOYMENT_TYPE, "0 Global, 1 Local"),
    (codes.TASK_MODE, "0 Enforce, 1 Audit, 2 Monitor, 3 NoAction"),
    (
        codes.DESIRED_STATE,
        "0 NewerOrEqualVersion, 1 NotPresent, 2 AnyVersion, 3 ThisVersion, 4 OlderOrEqualVersion, 5 LatestVersion, "
        "6 NoAction, 7 UpdateIfFound",
    ),
    (
        codes.MAINTENANCE_TYPE,
        "0 GlobalSoftware, 1 LocalSoftware, 2 WindowsUpdate, 3 ChocolateySoftware, 4 NiniteSoftware, "
        "5 LocalMaintenanceTask, 6 GlobalMaintenanceTask, 7 AgentUpdate",
    ),
    (codes.SOFTWARE_PROVIDER, "1 Ninite, 2 Chocolatey, 3 Inherent"),
    (
        codes.SESSION_STATUS,
        "0 Passed, 1 Running, 2 Failed, 3 Created, 4 Cancelled, 5 Postponed, 6 Pending, 7 PartialPassed, "
        "8 PendingConnectivity, 9 Missed, 10 MaxTrackedDevicesPerMonthExceeded, 11 PendingPreflight, "
        "12 PendingEphemeralAgentConnection, 13 MaintenanceForTrackableDevicesNotAllowed",
    ),
    (
        codes.ACTION_TYPE,
        "0 NoAction, 1 Install, 2 Update, 3 Uninstall, 4 Download, 5 Reinstall, 6 Downgrade, 7 Undetermined, "
        "8 TaskEnforce, 9 TaskMonitor, 10 TaskAudit",
    ),
    (codes.ACTION_RESULT, "0 Pending, 1 Success, 2 Failed, 3 Cancelled, 4 Indeterminable, 5 Resolved"),
    (
        codes.RESULT_REASON,
        "0 NoLicenseAvailable, 1 SoftwareNotFound, 2 DetectionActionFailed, 3 TaskNotFound, 4 TaskNotCompliant, "
        "5 TaskCompliant, 11 DeviceOffline, 12 RebootsSuppressed",
    ),
]


@pytest.mark.parametrize(("table", "expected"), TABLES)
def test_every_number_has_its_name(table: CodeTable, expected: str):
    found = {number: code.name for number in range(-3, 20) if (code := table.find(number)) is not None}
    assert ", ".join(f"{number} {name}" for number, name in found.items()) == expected
    assert {option.value for option in table.options} == set(found.values())
    for number, name in found.items():
        assert (table.number(name), table.find(str(number)), table.parse(f" {name.lower()} ")) == (
            number, table.find(number), name
        )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "alias", "name"),
    [
        (codes.DESIRED_STATE, "Any", "AnyVersion"),
        (codes.DESIRED_STATE, "latest", "LatestVersion"),
        (codes.DESIRED_STATE, "Uninstall", "NotPresent"),
        (codes.DESIRED_STATE, "Ignore", "NoAction"),
        (codes.DESIRED_STATE, "No action", "NoAction"),
        (codes.TASK_MODE, "Ignored", "NoAction"),
        (codes.REBOOT_PREFERENCE, "Forced", "Force"),
        (codes.REBOOT_PREFERENCE, "Suppressed", "Suppress"),
        (codes.OFFLINE_BEHAVIOR, "apply when offline", "ApplyOnConnect"),
        (codes.OFFLINE_BEHAVIOR, "Apply when online", "ApplyOnConnect"),
        (codes.MAINTENANCE_TYPE, "Chocolatey", "ChocolateySoftware"),
        (codes.MAINTENANCE_TYPE, "Local maintenance task", "LocalMaintenanceTask"),
        (codes.SESSION_STATUS, "Partially passed", "PartialPassed"),
        (codes.SESSION_STATUS, "Pending connectivity", "PendingConnectivity"),
    ],
)
def test_other_spellings(table: CodeTable, alias: str, name: str):
    assert table.parse(alias) == name


@pytest.mark.parametrize("value", [True, False, None, 1.5, "", "99", "nothing", -2, ["Force"]])
def test_anything_else_is_no_code(value: object):
    assert codes.REBOOT_PREFERENCE.find(value) is None  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"is not one of Suppress \(1\), Normal \(0\), Prompt \(2\), Force \(-1\)"):
        codes.REBOOT_PREFERENCE.parse(value)  # type: ignore[arg-type]
