"""ImmyBot's enumerations: the number that is sent, the API's name, and the label that people read.

Nightshift uses the API's names; bodies hold the numbers of ImmyBot's OpenAPI description. Older pages and generated
clients list other numbers (Force as 2 or 3, desired states in another order). Numbers that are not in the table are
refused.
"""

from dataclasses import dataclass

from bot.backends.base import Option
from bot.values import Json


@dataclass(frozen=True, slots=True)
class EnumCode:
    """One value of an enumeration. ``aliases`` holds other spellings that are accepted."""

    number: int
    name: str
    label: str
    aliases: tuple[str, ...] = ()


def normalize(text: str) -> str:
    """Return a text without case, spaces and punctuation, so that ``If necessary`` equals ``ifNecessary``."""
    return "".join(c for c in text.casefold() if c.isalnum())


class CodeTable:
    """One enumeration."""

    def __init__(self, *codes: EnumCode) -> None:
        self._codes = codes
        self._by_number = {c.number: c for c in codes}
        self._by_spelling = {normalize(s): c for c in codes for s in (c.name, c.label, *c.aliases)}

    @property
    def options(self) -> tuple[Option, ...]:
        """The options of a select. Their values are the API's names."""
        return tuple(Option(value=c.name, label=c.label) for c in self._codes)

    def find(self, value: Json) -> EnumCode | None:
        """Return the code for a number, a numeral, a name or a label, or None."""
        if isinstance(value, bool):
            return None
        if isinstance(value, str):
            text = value.strip()
            if text.lstrip("-").isdecimal():
                return self._by_number.get(int(text))
            return self._by_spelling.get(normalize(text))
        return self._by_number.get(value) if isinstance(value, int) else None

    def parse(self, value: Json) -> str:
        """Return the API's name. Raises ValueError with the possible values."""
        code = self.find(value)
        if code is None:
            known = ", ".join(f"{c.name} ({c.number})" for c in self._codes)
            raise ValueError(f"{value!r} is not one of {known}")
        return code.name

    def number(self, name: str) -> int:
        """Return the number of a name that ``parse`` returned."""
        return self._by_spelling[normalize(name)].number

    def label(self, name: str) -> str:
        """Return the label of a name that ``parse`` returned."""
        return self._by_spelling[normalize(name)].label


REBOOT_PREFERENCE = CodeTable(
    EnumCode(1, "Suppress", "Never reboot (suppress)", ("Suppressed",)),
    EnumCode(0, "Normal", "If necessary", ()),
    EnumCode(2, "Prompt", "Ask the user (prompt)", ()),
    EnumCode(-1, "Force", "Always reboot (force)", ("Forced",)),
)
PROMPT_TIMEOUT_ACTION = CodeTable(
    EnumCode(1, "Suppress", "Do not reboot (suppress)"),
    EnumCode(0, "Reboot", "Reboot"),
    EnumCode(2, "FailSession", "Fail the session"),
)
OFFLINE_BEHAVIOR = CodeTable(
    EnumCode(2, "ApplyOnConnect", "Apply when it connects", ("Apply", "Apply when offline", "Apply when online")),
    EnumCode(1, "Skip", "Skip it"),
)
DEPLOYMENT_TYPE = CodeTable(EnumCode(1, "Local", "Local"), EnumCode(0, "Global", "Global"))
TASK_MODE = CodeTable(
    EnumCode(0, "Enforce", "Enforce"),
    EnumCode(1, "Audit", "Audit"),
    EnumCode(2, "Monitor", "Monitor"),
    EnumCode(3, "NoAction", "Ignore", ("Ignored", "No action")),
)
DESIRED_STATE = CodeTable(
    EnumCode(5, "LatestVersion", "Installed latest", ("Latest",)),
    EnumCode(2, "AnyVersion", "Installed any", ("Any",)),
    EnumCode(7, "UpdateIfFound", "Update if found"),
    EnumCode(1, "NotPresent", "Uninstalled", ("Uninstall",)),
    EnumCode(6, "NoAction", "Ignored", ("Ignore", "No action")),
    EnumCode(3, "ThisVersion", "This version"),
    EnumCode(0, "NewerOrEqualVersion", "This version or newer"),
    EnumCode(4, "OlderOrEqualVersion", "This version or older"),
)
MAINTENANCE_TYPE = CodeTable(
    EnumCode(0, "GlobalSoftware", "Global software"),
    EnumCode(1, "LocalSoftware", "Local software"),
    EnumCode(6, "GlobalMaintenanceTask", "Global task", ("Global maintenance task",)),
    EnumCode(5, "LocalMaintenanceTask", "Local task", ("Local maintenance task",)),
    EnumCode(2, "WindowsUpdate", "Windows update"),
    EnumCode(3, "ChocolateySoftware", "Chocolatey software", ("Chocolatey",)),
    EnumCode(4, "NiniteSoftware", "Ninite software", ("Ninite",)),
    EnumCode(7, "AgentUpdate", "Agent update"),
)
SOFTWARE_PROVIDER = CodeTable(
    EnumCode(1, "Ninite", "Ninite"), EnumCode(2, "Chocolatey", "Chocolatey"), EnumCode(3, "Inherent", "Own")
)

SOFTWARE_TYPES = ("GlobalSoftware", "LocalSoftware", "ChocolateySoftware", "NiniteSoftware")
TASK_TYPES = ("GlobalMaintenanceTask", "LocalMaintenanceTask")
NUMBERED_TYPES = ("GlobalSoftware", "LocalSoftware", *TASK_TYPES)
"""The types whose items are identified by a number."""

SESSION_STATUS = CodeTable(
    EnumCode(0, "Passed", "passed"),
    EnumCode(1, "Running", "running"),
    EnumCode(2, "Failed", "failed"),
    EnumCode(3, "Created", "created"),
    EnumCode(4, "Cancelled", "cancelled"),
    EnumCode(5, "Postponed", "postponed by the person at the computer"),
    EnumCode(6, "Pending", "pending"),
    EnumCode(7, "PartialPassed", "passed in part", ("Partial passed", "Partially passed")),
    EnumCode(8, "PendingConnectivity", "offline", ("Pending connectivity",)),
    EnumCode(9, "Missed", "missed"),
    EnumCode(10, "MaxTrackedDevicesPerMonthExceeded", "refused: the plan's monthly number of devices is used up"),
    EnumCode(11, "PendingPreflight", "waiting for the checks before it starts"),
    EnumCode(12, "PendingEphemeralAgentConnection", "waiting for ImmyBot's agent to connect"),
    EnumCode(13, "MaintenanceForTrackableDevicesNotAllowed", "refused: the plan allows no maintenance of this device"),
)
ACTION_TYPE = CodeTable(
    EnumCode(0, "NoAction", "No action"),
    EnumCode(1, "Install", "Install"),
    EnumCode(2, "Update", "Update"),
    EnumCode(3, "Uninstall", "Uninstall"),
    EnumCode(4, "Download", "Download"),
    EnumCode(5, "Reinstall", "Reinstall"),
    EnumCode(6, "Downgrade", "Downgrade"),
    EnumCode(7, "Undetermined", "Undetermined"),
    EnumCode(8, "TaskEnforce", "Enforce"),
    EnumCode(9, "TaskMonitor", "Monitor"),
    EnumCode(10, "TaskAudit", "Audit"),
)
ACTION_RESULT = CodeTable(
    EnumCode(0, "Pending", "pending"),
    EnumCode(1, "Success", "succeeded"),
    EnumCode(2, "Failed", "failed"),
    EnumCode(3, "Cancelled", "cancelled"),
    EnumCode(4, "Indeterminable", "could not be determined"),
    EnumCode(5, "Resolved", "resolved"),
)
RESULT_REASON = CodeTable(
    EnumCode(0, "NoLicenseAvailable", "no licence is available"),
    EnumCode(1, "SoftwareNotFound", "the software was not found"),
    EnumCode(2, "DetectionActionFailed", "its detection failed"),
    EnumCode(3, "TaskNotFound", "the task was not found"),
    EnumCode(4, "TaskNotCompliant", "the task found it not compliant"),
    EnumCode(5, "TaskCompliant", "the task found it compliant"),
    EnumCode(11, "DeviceOffline", "the computer is offline"),
    EnumCode(12, "RebootsSuppressed", "reboots are suppressed"),
)
