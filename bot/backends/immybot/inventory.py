"""Reads computers, tenants, persons, software, tasks, deployments and time zones."""

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.backends.http import Client
from bot.backends.immybot.responses import Row, extract_rows, first_text, parse_int, require_id
from bot.backends.payload import as_objects
from bot.clock import Clock
from bot.errors import BadResponse, RemoteNotFound
from bot.values import Json

COMPUTERS = "/api/v1/computers"
TENANTS = "/api/v1/tenants"
PERSONS = "/api/v1/persons"
TIME_ZONES = "/api/v1/system/timezones"
ITEMS = {
    "GlobalSoftware": "/api/v1/software/global",
    "LocalSoftware": "/api/v1/software/local",
    "GlobalMaintenanceTask": "/api/v1/maintenance-tasks/global",
    "LocalMaintenanceTask": "/api/v1/maintenance-tasks/local",
}
DEPLOYMENTS = {"Local": "/api/v1/target-assignments", "Global": "/api/v1/target-assignments/global"}

_TTL = timedelta(seconds=60)
_PAGE_SIZE = 500
_MAX_PAGES = 40
_MAX_CONCURRENT_READS = 8
_MAX_SINGLE_READS = 25
# Deployments hold their parameter values in clear text, so only these keys are kept.
_KEPT_KEYS = (
    "id",
    "name",
    "displayName",
    "firstName",
    "lastName",
    "emailAddress",
    "tenantName",
    "tenantId",
    "parentTenantId",
    "maintenanceType",
    "maintenanceIdentifier",
    "targetName",
    "desiredSoftwareState",
    "updatedDateUTC",
)


@dataclass(frozen=True, slots=True)
class Computer:
    """A computer. ``online`` and ``tenant_id`` are None if unknown. ``excluded`` computers get no maintenance."""

    id: int
    name: str
    tenant: str = ""
    tenant_id: int | None = None
    user: str = ""
    online: bool | None = None
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class ComputerPage:
    """A page of matching computers, and their total number."""

    count: int
    computers: tuple[Computer, ...]


class Inventory:
    """Reads the inventory of an instance. Short lists are cached for a minute, so that typing in a select makes one
    call."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._cache: dict[str, tuple[datetime, list[Row]]] = {}

    async def list_rows(
        self, path: str, what: str, time_limit: float | None = None, *, fresh: bool = False
    ) -> list[Row]:
        """Return a whole list. It may be a minute old unless it is to be ``fresh``.

        Raises BackendError, also when ``time_limit`` seconds are over.
        """
        kept = self._cache.get(path)
        if not fresh and kept is not None and self._clock.now() - kept[0] < _TTL:
            return kept[1]
        answer = await self._client.send("GET", path, time_limit=time_limit)
        rows = [_kept_values(row) for row in extract_rows(self._client.name, what, answer.json)]
        self._cache[path] = (self._clock.now(), rows)
        return rows

    async def search(
        self, query: str, limit: int, tenant: int | None = None, skip: int = 0, time_limit: float | None = None
    ) -> ComputerPage:
        """Return computers that ImmyBot's search finds, including offline ones."""
        params: dict[str, str | int] = {"filter": query, "skip": skip, "take": limit, "includeOffline": "true"}
        if tenant is not None:
            params["tenantId"] = tenant
        answer = await self._client.send("GET", f"{COMPUTERS}/paged", params=params, time_limit=time_limit)
        computers = tuple(self._computer(row) for row in extract_rows(self._client.name, "computers", answer.json))
        count = parse_int(answer.json.get("count")) if isinstance(answer.json, dict) else None
        return ComputerPage(max(count or 0, skip + len(computers)), computers)

    async def computer(self, number: int, time_limit: float | None = None) -> Computer | None:
        """Return the computer with an id, or None."""
        try:
            answer = await self._client.send(
                "GET", f"{COMPUTERS}/{number}", params={"includePrimaryPerson": "false"}, time_limit=time_limit
            )
        except RemoteNotFound:
            return None
        if not isinstance(answer.json, dict):
            raise BadResponse(
                self._client.name, f"{self._client.name} sent a computer in a form that is not understood."
            )
        return self._computer(answer.json)

    async def computers(self, numbers: Iterable[int]) -> dict[int, Computer]:
        """Return the existing computers by id. A few are read one by one, many through the list."""
        wanted = list(dict.fromkeys(numbers))
        known: dict[int, Computer] = {}
        if len(wanted) > _MAX_SINGLE_READS:
            known = {c.id: c for c in (await self.all_computers(_PAGE_SIZE * _MAX_PAGES)).computers}
        # The list leaves out computers that are being onboarded, so the rest is read by id.
        rest = [n for n in wanted if n not in known][:_MAX_SINGLE_READS]
        gate = asyncio.Semaphore(_MAX_CONCURRENT_READS)

        async def one(number: int) -> Computer | None:
            async with gate:
                return await self.computer(number)

        read = await asyncio.gather(*(one(n) for n in rest))
        known.update({c.id: c for c in read if c is not None})
        return {n: known[n] for n in wanted if n in known}

    async def all_computers(self, limit: int, tenant: int | None = None) -> ComputerPage:
        """Return the computers of the instance or a tenant, page by page, up to a limit."""
        computers: list[Computer] = []
        while True:
            page = await self.search("", min(_PAGE_SIZE, limit - len(computers)), tenant, len(computers))
            computers.extend(page.computers)
            if not page.computers or len(computers) >= min(page.count, limit):
                return ComputerPage(max(page.count, len(computers)), tuple(computers))

    def _computer(self, row: Row) -> Computer:
        number = require_id(self._client.name, "computers", row)
        online = row.get("isOnline", row.get("online"))
        return Computer(
            id=number,
            name=first_text(row, "computerName", "name") or f"computer {number}",
            tenant=first_text(row, "tenantName", "tenant"),
            tenant_id=parse_int(row.get("tenantId")),
            user=first_text(row, "primaryUserEmail"),
            online=online if isinstance(online, bool) else None,
            excluded=row.get("excludeFromMaintenance") is True,
        )


def _kept_values(row: Row) -> Row:
    """Return what is kept of a row of a list, with the latest version of an item as a text."""
    kept: dict[str, Json] = {key: row[key] for key in _KEPT_KEYS if key in row}
    if latest := latest_version(row.get("softwareVersions")):
        kept["latestVersion"] = latest
    return kept


def latest_version(versions: Json) -> str:
    """Return the latest of a software's versions; "" if none is listed."""
    texts = [text for item in as_objects(versions) if (text := _version_text(item.get("semanticVersion")))]
    return max(texts, key=_version_order, default="")


def _version_text(version: Json) -> str:
    """Return a version that is a text or an object of its parts."""
    if isinstance(version, Mapping):
        parts = [version.get(part) for part in ("major", "minor", "patch", "revision")]
        return ".".join(str(part) for part in parts if part is not None)
    return str(version or "")


def _version_order(text: str) -> tuple[tuple[int, ...], str]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:6]), text


def person_name(row: Row) -> str:
    """Return the name of a person."""
    name = f"{first_text(row, 'firstName')} {first_text(row, 'lastName')}".strip()
    return name or first_text(row, "emailAddress") or f"person {row.get('id')}"
