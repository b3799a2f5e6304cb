"""The objects of the sandbox instance: tenants, computers, persons, software, tasks, deployments."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ComputerOutcome = Literal["passes", "fails", "partly", "postponed"]


@dataclass(slots=True)
class Tenant:
    """A customer. ``parent`` is the id of the tenant above it."""

    id: int
    name: str
    prefix: str
    parent: int | None = None

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "slug": self.prefix.lower(),
            "active": True,
            "isMsp": self.id == 1,
            "parentTenantId": self.parent,
        }


@dataclass(slots=True)
class Computer:
    """A computer. ``failures`` are the actions that fail on it: what, and ImmyBot's words for why."""

    id: int
    name: str
    tenant: Tenant
    user: str
    online: bool = True
    connected_at: datetime | None = None
    excluded: bool = False
    busy: bool = False
    outcome: ComputerOutcome = "passes"
    failures: list[tuple[str, str]] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "computerName": self.name,
            "tenantName": self.tenant.name,
            "tenantId": self.tenant.id,
            "isOnline": self.online,
            "primaryUserEmail": self.user,
            "operatingSystem": "Microsoft Windows 11 Pro",
            "serialNumber": f"SN{self.id:06}",
            "excludeFromMaintenance": self.excluded,
            "hasPendingReboot": False,
            "licensed": True,
        }


@dataclass(slots=True)
class World:
    """Everything that can be looked up."""

    tenants: list[Tenant]
    computers: dict[int, Computer]
    persons: list[dict[str, Any]]
    software: dict[str, list[dict[str, Any]]]
    tasks: dict[str, list[dict[str, Any]]]
    deployments: dict[str, list[dict[str, Any]]]

    def computer_by_name(self, name: str) -> Computer:
        """A computer by name."""
        return next(c for c in self.computers.values() if c.name == name)

    def publish_version(self, name: str, version: str) -> None:
        """Add a version to the software of a name."""
        (item,) = [item for rows in self.software.values() for item in rows if item["name"] == name]
        item["softwareVersions"].append({"semanticVersion": version})

    def family(self, tenant: int) -> set[int]:
        """The ids of a tenant and of all tenants below it."""
        found = {tenant}
        while below := {t.id for t in self.tenants if t.parent in found} - found:
            found |= below
        return found

    def item_title(self, kind: int, identifier: str) -> str:
        """What an item of a maintenance type is called."""
        shelf = {
            0: self.software["global"],
            1: self.software["local"],
            5: self.tasks["local"],
            6: self.tasks["global"],
        }
        return next((str(i["name"]) for i in shelf.get(kind, []) if str(i["id"]) == identifier), f"Item {identifier}")


_TENANTS = (
    ("Aldgate Clinic", "ALD"),
    ("Brightwater Farms", "BRI"),
    ("Corvid Press", "COR"),
    ("Dunmore Freight", "DUN"),
)
_PEOPLE = (("Ines", "Okafor"), ("Jonas", "Brandt"), ("Mei", "Castellanos"), ("Tariq", "Lindqvist"), ("Vera", "Nowak"))


def build_world(computers: int) -> World:
    """A world with so many computers, spread evenly over four tenants."""
    tenants = [Tenant(n, name, prefix) for n, (name, prefix) in enumerate(_TENANTS, start=1)]
    machines = {}
    for n in range(computers):
        tenant = tenants[n % len(tenants)]
        first, last = _PEOPLE[n % len(_PEOPLE)]
        user = f"{first}.{last}@{tenant.prefix}.example".lower()
        name = f"{tenant.prefix}-{n // len(tenants) + 1:03}"
        machines[101 + n] = Computer(101 + n, name, tenant, user)
    return World(
        tenants,
        machines,
        [_person(n, tenants[n % len(tenants)]) for n in range(len(_PEOPLE) * 2)],
        {
            "global": _software(10, "Chrome", "Firefox", "7-Zip", "VLC"),
            "local": _software(510, "Ledger Client", "Scan Agent"),
        },
        {
            "global": _items(910, "Disk Cleanup", "Time Sync"),
            "local": _items(710, "Set Wallpaper", "Join Wi-Fi", "Rotate Local Admin"),
        },
        {
            "local": [_deployment(31, 0, "10", "Aldgate Clinic", 1), _deployment(32, 5, "711", "All computers", 1)],
            "global": [_deployment(41, 0, "12", "All computers", 0)],
        },
    )


def _software(first: int, *names: str) -> list[dict[str, Any]]:
    versions = [{"semanticVersion": "1.9.0"}, {"semanticVersion": "1.10.0"}]
    return [{**item, "recommendedState": 5, "softwareVersions": list(versions)} for item in _items(first, *names)]


def _items(first: int, *names: str) -> list[dict[str, Any]]:
    return [
        {"id": first + n, "name": name, "updatedDateUTC": "2026-01-05T08:00:00+00:00"} for n, name in enumerate(names)
    ]


def _person(n: int, tenant: Tenant) -> dict[str, Any]:
    first, last = _PEOPLE[n % len(_PEOPLE)]
    return {
        "id": 201 + n,
        "firstName": first,
        "lastName": last,
        "emailAddress": f"{first}.{last}{n}@{tenant.prefix}.example".lower(),
        "tenantId": tenant.id,
        "tenantName": tenant.name,
    }


def _deployment(number: int, kind: int, item: str, target: str, database: int) -> dict[str, Any]:
    return {
        "id": number,
        "maintenanceType": kind,
        "maintenanceIdentifier": item,
        "targetName": target,
        "desiredSoftwareState": 5,
        "databaseType": database,
        "updatedDateUTC": "2026-01-05T08:00:00+00:00",
        "taskParameterValues": {"LicenceKey": {"value": "kept-in-clear-by-the-server"}},
    }
