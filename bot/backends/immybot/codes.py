"""ImmyBot's enumerations: the number that is sent, the API's name for it, and what people read.

Values travel in Nightshift under the API's names; bodies carry the numbers. The numbers are those of ImmyBot's
OpenAPI description; older pages and generated clients list others (Force as 2 or 3, desired states in another order),
which are refused where they are not in the table.
"""

from dataclasses import dataclass
from typing import Any

from bot.backends.base import Option


@dataclass(frozen=True, slots=True)
class Code:
    """One value of an enumeration. ``also`` holds other spellings that are accepted."""

    number: int
    name: str
    label: str
    also: tuple[str, ...] = ()


def plain(text: str) -> str:
    """A spelling without case, spaces and punctuation: ``If necessary`` and ``ifNecessary`` are one."""
    return "".join(c for c in text.casefold() if c.isalnum())


class Codes:
    """One enumeration."""

    def __init__(self, *codes: Code) -> None:
        self._codes = codes
        self._by_number = {c.number: c for c in codes}
        self._by_spelling = {plain(s): c for c in codes for s in (c.name, c.label, *c.also)}

    @property
    def options(self) -> tuple[Option, ...]:
        """The choices of a select; what is sent back is the API's name."""
        return tuple(Option(value=c.name, label=c.label) for c in self._codes)

    def find(self, value: Any) -> Code | None:
        """The code that a number, a numeral, a name or a label stands for."""
        if isinstance(value, bool):
            return None
        if isinstance(value, str):
            text = value.strip()
            if text.lstrip("-").isdecimal():
                return self._by_number.get(int(text))
            return self._by_spelling.get(plain(text))
        return self._by_number.get(value) if isinstance(value, int) else None

    def read(self, value: Any) -> str:
        """The API's name. Raises ValueError with the values that there are."""
        code = self.find(value)
        if code is None:
            known = ", ".join(f"{c.name} ({c.number})" for c in self._codes)
            raise ValueError(f"{value!r} is none of {known}")
        return code.name

    def number(self, name: str) -> int:
        """The number of a name that ``read`` gave."""
        return self._by_spelling[plain(name)].number

    def label(self, name: str) -> str:
        """What people read for a name that ``read`` gave."""
        return self._by_spelling[plain(name)].label


REBOOT = Codes(
    Code(1, "Suppress", "Never reboot (suppress)", ("Suppressed",)),
    Code(0, "Normal", "If necessary", ()),
    Code(2, "Prompt", "Ask the user (prompt)", ()),
    Code(-1, "Force", "Always reboot (force)", ("Forced",)),
)
PROMPT_TIMEOUT = Codes(
    Code(1, "Suppress", "Do not reboot (suppress)"),
    Code(0, "Reboot", "Reboot"),
    Code(2, "FailSession", "Fail the session"),
)
OFFLINE = Codes(
    Code(2, "ApplyOnConnect", "Apply when it connects", ("Apply", "Apply when offline", "Apply when online")),
    Code(1, "Skip", "Skip it"),
)
DATABASE = Codes(Code(1, "Local", "Local"), Code(0, "Global", "Global"))
TASK_MODE = Codes(
    Code(0, "Enforce", "Enforce"),
    Code(1, "Audit", "Audit"),
    Code(2, "Monitor", "Monitor"),
    Code(3, "NoAction", "Ignore", ("Ignored", "No action")),
)
DESIRED_STATE = Codes(
    Code(5, "LatestVersion", "Installed latest", ("Latest",)),
    Code(2, "AnyVersion", "Installed any", ("Any",)),
    Code(7, "UpdateIfFound", "Update if found"),
    Code(1, "NotPresent", "Uninstalled", ("Uninstall",)),
    Code(6, "NoAction", "Ignored", ("Ignore", "No action")),
    Code(3, "ThisVersion", "This version"),
    Code(0, "NewerOrEqualVersion", "This version or newer"),
    Code(4, "OlderOrEqualVersion", "This version or older"),
)
MAINTENANCE_TYPE = Codes(
    Code(0, "GlobalSoftware", "Global software"),
    Code(1, "LocalSoftware", "Local software"),
    Code(6, "GlobalMaintenanceTask", "Global task", ("Global maintenance task",)),
    Code(5, "LocalMaintenanceTask", "Local task", ("Local maintenance task",)),
    Code(2, "WindowsUpdate", "Windows update"),
    Code(3, "ChocolateySoftware", "Chocolatey software", ("Chocolatey",)),
    Code(4, "NiniteSoftware", "Ninite software", ("Ninite",)),
    Code(7, "AgentUpdate", "Agent update"),
)
SOFTWARE_PROVIDER = Codes(Code(1, "Ninite", "Ninite"), Code(2, "Chocolatey", "Chocolatey"), Code(3, "Inherent", "Own"))

SOFTWARE_TYPES = ("GlobalSoftware", "LocalSoftware", "ChocolateySoftware", "NiniteSoftware")
TASK_TYPES = ("GlobalMaintenanceTask", "LocalMaintenanceTask")
NUMBERED_TYPES = ("GlobalSoftware", "LocalSoftware", *TASK_TYPES)
"""The types whose items are identified by a number."""

SESSION_STATUS = Codes(
    Code(0, "Passed", "passed"),
    Code(1, "Running", "running"),
    Code(2, "Failed", "failed"),
    Code(3, "Created", "created"),
    Code(4, "Cancelled", "cancelled"),
    Code(5, "Postponed", "postponed by the person at the computer"),
    Code(6, "Pending", "pending"),
    Code(7, "PartialPassed", "passed in part", ("Partial passed", "Partially passed")),
    Code(8, "PendingConnectivity", "offline", ("Pending connectivity",)),
    Code(9, "Missed", "missed"),
    Code(10, "MaxTrackedDevicesPerMonthExceeded", "refused: the plan's monthly number of devices is used up"),
    Code(11, "PendingPreflight", "waiting for the checks before it starts"),
    Code(12, "PendingEphemeralAgentConnection", "waiting for ImmyBot's agent to connect"),
    Code(13, "MaintenanceForTrackableDevicesNotAllowed", "refused: the plan allows no maintenance of this device"),
)
ACTION_TYPE = Codes(
    Code(0, "NoAction", "No action"),
    Code(1, "Install", "Install"),
    Code(2, "Update", "Update"),
    Code(3, "Uninstall", "Uninstall"),
    Code(4, "Download", "Download"),
    Code(5, "Reinstall", "Reinstall"),
    Code(6, "Downgrade", "Downgrade"),
    Code(7, "Undetermined", "Undetermined"),
    Code(8, "TaskEnforce", "Enforce"),
    Code(9, "TaskMonitor", "Monitor"),
    Code(10, "TaskAudit", "Audit"),
)
ACTION_RESULT = Codes(
    Code(0, "Pending", "pending"),
    Code(1, "Success", "succeeded"),
    Code(2, "Failed", "failed"),
    Code(3, "Cancelled", "cancelled"),
    Code(4, "Indeterminable", "could not be determined"),
    Code(5, "Resolved", "resolved"),
)
RESULT_REASON = Codes(
    Code(0, "NoLicenseAvailable", "no licence is available"),
    Code(1, "SoftwareNotFound", "the software was not found"),
    Code(2, "DetectionActionFailed", "its detection failed"),
    Code(3, "TaskNotFound", "the task was not found"),
    Code(4, "TaskNotCompliant", "the task found it not compliant"),
    Code(5, "TaskCompliant", "the task found it compliant"),
    Code(11, "DeviceOffline", "the computer is offline"),
    Code(12, "RebootsSuppressed", "reboots are suppressed"),
)
