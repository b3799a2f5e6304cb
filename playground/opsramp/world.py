"""What a sandbox OpsRamp starts with: tenants, devices, scripts, credential sets, jobs."""

import uuid
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

UUID_NAMESPACE = uuid.UUID("6f1c2f5e-9d5b-4a54-8f0e-2b9d4c7a1e30")
CLIENT, OTHER_CLIENT, PARTNER = "client_93", "client_94", "msp_12"

_SITES = ("nyc", "ams", "sgp", "lon")
_ROLES = (("sql", "Server"), ("web", "Server"), ("dc", "Server"), ("sw", "Switch"), ("fw", "Firewall"))


@dataclass(slots=True)
class Device:
    """A managed device. An offline one answers a script with "Agent Offline". ``client`` is whose it is, as a job tells
    it: OpsRamp's samples name another client there than in the address."""

    id: str
    host: str
    address: str
    kind: str
    offline: bool = False
    client: str = "client_13"


CATEGORIES: list[dict[str, Any]] = [
    {
        "id": 11,
        "name": "Windows",
        "childs": [{"id": 12, "name": "Maintenance", "childs": []}, {"id": 13, "name": "Active Directory"}],
    },
    {"id": 21, "name": "Linux", "childs": []},
]

SCRIPTS: dict[int, list[dict[str, Any]]] = {
    12: [
        {
            "id": 7,
            "name": "Restart service",
            "description": "Stops a service and starts it again.",
            "platforms": ["WINDOWS"],
            "executionType": "POWERSHELL",
            "scriptVersion": "1.0",
            "parameters": [
                {"id": 2, "name": "Service", "description": "Name of the service.", "defaultValue": "Spooler",
                 "type": "REQUIRED", "dataType": "STRING"},
                {"id": 3, "name": "Timeout", "description": "Seconds to wait.", "defaultValue": "60",
                 "type": "OPTIONAL", "dataType": "INTEGER"},
                {"id": 4, "name": "Password", "description": "Of the service account.", "type": "OPTIONAL",
                 "dataType": "PASSWORD"},
            ],
        },
        {"id": 8, "name": "Clean temporary files", "description": "", "platforms": ["WINDOWS"],
         "scriptVersion": "2.1", "parameters": []},
    ],
    21: [
        {
            "id": 9,
            "name": "Rotate logs",
            "description": "Runs logrotate.",
            "platforms": ["LINUX"],
            "scriptVersion": "1.4",
            "parameters": [
                {"id": 5, "name": "Keep", "description": "How many.", "defaultValue": "7", "type": "OPTIONAL",
                 "dataType": "INTEGER"},
            ],
        },
    ],
}  # fmt: skip


@dataclass(slots=True)
class Tenant:
    """A client or a partner and its objects. ``jobs`` are in the API's own canonical form, by id; ``scripts`` are by
    the id of their category."""

    name: str
    devices: dict[str, Device] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    clients: tuple[str, ...] = ()
    active: bool = True
    scripts: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: deepcopy(SCRIPTS))
    groups: dict[str, set[str]] = field(default_factory=dict)
    """The ids of the devices in each device group, by its name."""

    def script(self, number: int) -> dict[str, Any]:
        """Return a custom script by its id; an empty one if there is none. Tests may change it."""
        return next((row for rows in self.scripts.values() for row in rows if row["id"] == number), {})


TYPES = {
    "AD CheckList": "adCheckList",
    "Antispyware": "antispyware",
    "Antivirus": "antivirus",
    "Application Audit": "appaudit",
    "Asset Information": "assetinfo",
    "Backup Agent": "backupagent",
    "Disk Defragmentation": "diskdefrag",
    "Exchange BPA CheckList": "exbpaCheckList",
    "Missing Patches": "missingPatchesRequest",
    "SQL Report": "sqlreport",
    "Network Configuration Backup": "networkconfigbackup",
    "Temporary Files Report": "tempfilesreport",
    "Application Install": "appinstall",
    "Application Update": "appupdate",
}

CREDENTIAL_SETS = [
    {"uniqueId": "Cr3dWindowsAdminsSet0001", "name": "Windows admins", "description": "Domain account"},
    {"uniqueId": "Cr3dNetworkBackupSet0002", "name": "Network backup", "description": "Switches and firewalls"},
]
DEVICE_SET = {"uniqueId": "Cr3dDeviceLocalSet000003", "name": "Local administrator", "description": "This device"}


def stable_uuid(text: str) -> str:
    """A stable UUID for a name."""
    return str(uuid.uuid5(UUID_NAMESPACE, text))


def build_tenants(devices: int) -> dict[str, Tenant]:
    """Three tenants: a client with that many devices and some jobs, a smaller client, and the partner of both."""
    main = Tenant(CLIENT, _devices(CLIENT, devices))
    main.jobs = _jobs(list(main.devices))
    other = Tenant(OTHER_CLIENT, _devices(OTHER_CLIENT, min(devices, 5)))
    return {t.name: t for t in (main, other, Tenant(PARTNER, clients=(CLIENT, OTHER_CLIENT)))}


def _devices(tenant: str, count: int) -> dict[str, Device]:
    found = {}
    for number in range(count):
        site, (role, kind) = _SITES[number % 4], _ROLES[number % 5]
        host = f"{site}-{role}-{number + 1:02d}"
        address = f"10.{number // 60_000}.{number // 250 % 240}.{number % 250 + 1}"
        device = Device(stable_uuid(f"{tenant}/{host}"), host, address, kind)
        found[device.id] = device
    return found


def _jobs(devices: list[str]) -> dict[str, dict[str, Any]]:
    first = devices[:3]
    jobs = [
        _job("Weekly AD checklist", first, {"jobType": "adCheckList"},
             {"type": "weekly", "weekDays": "Sunday, Wednesday"}),
        _job("Nightly network backup", devices[3:6], {
            "jobType": "networkconfigbackup",
            "configParams": {
                "versionsSaved": "VERSION_WITH_CHANGES", "backUpTrigger": True, "startupConfigAlert": False,
                "runtimeConfigAlert": True, "startUpConfigFilesBackUp": True, "runTimeConfigFilesBackUp": False,
            },
        }, {"type": "daily", "frequency": "everyday"}),
        _job("Install viewer", first[:2], {
            "jobType": "appinstall",
            "approvalType": {"approvalType": 0, "approvalReason": "On request", "alertRequired": False},
        }, {"type": "never"}),
        _job("Restart print spooler", first, {
            "jobType": "custom", "userType": 1, "customScript": {"id": 7},
            "parameters": [{"paramId": 2, "value": "Spooler"}, {"paramId": 3, "value": "60"}],
        }, {"type": "daily", "frequency": "recurrence", "repeatType": "days", "repeatFrequency": 2}),
    ]  # fmt: skip
    return {job["id"]: job for job in jobs}


def _job(name: str, devices: list[str], script: dict[str, Any], pattern: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": stable_uuid(f"job/{name}"),
        "name": name,
        "jobQueued": True,
        "entities": [{"resource": {"id": device, "type": "DEVICE"}} for device in devices],
        "script": script,
        "schedule": {"startDate": "2026-01-04T22:30:00+0000", "pattern": pattern},
    }
