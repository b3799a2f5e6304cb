"""Looks up what a tenant has: jobs, job types, devices, credential sets and clients. Lists are cached briefly."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from bot.backends.base import Option
from bot.backends.cache import ExpiringCache
from bot.backends.opsramp.api import INTERACTIVE, PATIENT, OpsRampApi, RetryPolicy, RowList
from bot.backends.opsramp.coercion import CUSTOM
from bot.clock import Clock
from bot.errors import RateLimited, Refused, RemoteNotFound
from bot.values import JsonObject

Row = JsonObject

_TTL_SECONDS = 60.0
"""Seconds for which a list is cached."""

_MAX_JOB_PAGES = 5
_MAX_DEVICE_PAGES = 2
_MAX_DEVICES_FOR_CREDENTIALS = 3
"""Maximum number of devices whose credential sets are looked up. Of more devices, the first ones count."""

_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_IP_ADDRESS = re.compile(r"[0-9]{1,3}\.[0-9.]*")


class Catalog:
    """Lookups of one connection. ``tenant`` is the connection's own or one of its clients."""

    def __init__(self, api: OpsRampApi, clock: Clock) -> None:
        self._api = api
        self._cache = ExpiringCache(clock, _TTL_SECONDS)

    async def jobs(self, tenant: str, query: str) -> list[Option]:
        """Return jobs whose name contains the query or whose id equals it."""
        rows = await self._cache.get(("jobs", tenant), lambda: self._job_rows(tenant, "", INTERACTIVE))
        matching = [row for row in rows.rows if _matches(query, row, "name")]
        if not matching and not rows.is_complete:
            more = await self._cache.get(("jobs", tenant, query), lambda: self._job_rows(tenant, query, INTERACTIVE))
            matching = [row for row in more.rows if _matches(query, row, "name")]
        return _rank([_option(row, "name", note=_job_type(row)) for row in matching if row.get("id")], query)

    async def job_ids_by_name(self, tenant: str, name: str) -> list[str]:
        """Return the ids of the jobs with exactly this name, without the cache."""
        rows = await self._job_rows(tenant, name, PATIENT)
        if not rows.rows:
            # It is not documented whether the search covers names, so an empty result proves nothing.
            rows = await self._job_rows(tenant, "", PATIENT)
        return [str(row["id"]) for row in rows.rows if row.get("name") == name and row.get("id")]

    async def _job_rows(self, tenant: str, name: str, policy: RetryPolicy) -> RowList:
        query = {"isDescendingOrder": "true", "sortName": "id"}
        if name:
            query["queryString"] = f"name:{_escape_query(name)}"
        try:
            return await self._api.get_rows(f"{tenant}/jobs/search", query, max_pages=_MAX_JOB_PAGES, policy=policy)
        except RateLimited:
            raise
        except Refused as error:
            if name and error.status == 400:
                return RowList(())
            raise

    async def job_types(self, tenant: str, query: str = "") -> list[Option]:
        """Return OpsRamp's job types, and "custom", which its list leaves out."""
        rows = await self._cache.get(("types", tenant), lambda: self._fetch_job_types(tenant))
        named = {str(row.get("jobtype") or row.get("jobType") or ""): str(row.get("jobName") or "") for row in rows}
        named = {CUSTOM: "Custom script", **named}
        return [
            Option(value=value, label=label or value, description=value)
            for value, label in named.items()
            if value and query.casefold() in f"{label} {value}".casefold()
        ]

    async def _fetch_job_types(self, tenant: str) -> list[Row]:
        return self._api.extract_rows(
            await self._api.get(f"{tenant}/jobs/types", policy=INTERACTIVE), key="jobNameAndType"
        )

    async def devices(self, tenant: str, query: str) -> list[Option]:
        """Return devices by host name, resource name, address or id. If no paged reads are left, search the short
        list."""
        query = query.strip()
        try:
            rows = await self._cache.get(("devices", tenant, query), lambda: self._search_devices(tenant, query))
        except RateLimited:
            rows = [row for row in await self._minimal_devices(tenant) if _matches(query, row, *_DEVICE_NAME_KEYS)]
        options = (
            _option(row, "hostName", "resourceName", "name", note=_device_summary(row)) for row in rows if row.get("id")
        )
        return _rank(options, query)

    async def _search_devices(self, tenant: str, query: str) -> Sequence[Row]:
        for variable in _search_variables(query):
            query_params = {"isDescendingOrder": "true", "sortName": "id", "includeStatus": "false"}
            if variable:
                query_params["queryString"] = f"{variable}:{_escape_query(query)}"
            devices = await self._api.get_rows(
                f"{tenant}/resources/search", query_params, max_pages=_MAX_DEVICE_PAGES, policy=INTERACTIVE
            )
            if devices.rows:
                return devices.rows
        return ()

    async def device_names(self, tenant: str, policy: RetryPolicy = PATIENT) -> dict[str, str]:
        """Return the names of the tenant's devices by id."""
        rows = await self._minimal_devices(tenant, policy)
        return {str(row["id"]): _first_name(row, "hostName", "resourceName", "name") for row in rows if row.get("id")}

    async def _minimal_devices(self, tenant: str, policy: RetryPolicy = INTERACTIVE) -> Sequence[Row]:
        async def fetch() -> Sequence[Row]:
            return self._api.extract_rows(await self._api.get(f"{tenant}/resources/minimal", policy=policy))

        return await self._cache.get(("minimal", tenant), fetch)

    async def device_groups(self, tenant: str) -> dict[str, str]:
        """Return the names of the tenant's device groups by id, without the cache."""
        rows = self._api.extract_rows(await self._api.get(f"{tenant}/deviceGroups/minimal"))
        return {str(row["id"]): _first_name(row, "name") for row in rows if row.get("id")}

    async def devices_in_group(self, tenant: str, group: str) -> frozenset[str]:
        """Return the ids of the devices in a group, in whatever state, without the cache."""
        query = {"deviceGroupId": group, "state": "all"}
        rows = self._api.extract_rows(await self._api.get(f"{tenant}/resources/minimal", query))
        return frozenset(str(row["id"]) for row in rows if row.get("id"))

    async def credential_sets(self, tenant: str, query: str, devices: Sequence[str]) -> list[Option]:
        """Return the credential sets of the client and of the given devices."""
        paths = [f"{tenant}/credentialSets/minimal"]
        paths += [
            f"{tenant}/devices/{device}/credentialSets/minimal" for device in devices[:_MAX_DEVICES_FOR_CREDENTIALS]
        ]
        rows: dict[str, Row] = {}
        for path in paths:
            for row in await self._cache.get(path, partial(self._fetch_credential_sets, path)):
                rows.setdefault(str(row.get("uniqueId") or row.get("id") or ""), row)
        return [
            Option(value=value, label=_first_name(row, "name") or value, description=str(row.get("description") or ""))
            for value, row in rows.items()
            if value and _matches(query, {**row, "id": value}, "name")
        ]

    async def _fetch_credential_sets(self, path: str) -> list[Row]:
        try:
            return self._api.extract_rows(await self._api.get(path, policy=INTERACTIVE))
        except RemoteNotFound:
            return []

    async def clients(self, partner: str, query: str) -> list[Option]:
        """Return the clients of a partner."""

        async def fetch() -> list[Row]:
            return self._api.extract_rows(await self._api.get(f"{partner}/clients/minimal", policy=INTERACTIVE))

        rows = await self._cache.get(("clients", partner), fetch)
        clients = [{**row, "id": row.get("uniqueId")} for row in rows]
        return [
            _option(row, "name", note=str(row["id"])) for row in clients if row["id"] and _matches(query, row, "name")
        ]

    async def close(self) -> None:
        await self._cache.close()


_DEVICE_NAME_KEYS = ("hostName", "resourceName", "name", "aliasName", "ipAddress")


def _search_variables(query: str) -> tuple[str, ...]:
    """Return the search variables to try for a query, best first. At most two, because paged reads are limited."""
    if not query:
        return ("",)
    if _UUID.fullmatch(query):
        return ("id",)
    return ("ipAddress",) if _IP_ADDRESS.fullmatch(query) else ("hostName", "resourceName")


def _escape_query(query: str) -> str:
    """Return a query without plus signs, which would start another condition."""
    return query.replace("+", " ").strip()


def _matches(query: str, row: Row, *keys: str) -> bool:
    low = query.casefold()
    return str(row.get("id", "")).casefold() == low or any(low in str(row.get(key) or "").casefold() for key in keys)


def _first_name(row: Row, *keys: str) -> str:
    return next((str(row[key]) for key in keys if row.get(key)), str(row.get("id") or ""))


def _option(row: Row, *keys: str, note: str = "") -> Option:
    return Option(value=str(row["id"]), label=_first_name(row, *keys), description=note)


def _rank(options: Iterable[Option], query: str) -> list[Option]:
    """Sort options: names that start with the query first."""
    low = query.casefold()
    return sorted(options, key=lambda option: (not option.label.casefold().startswith(low), option.label.casefold()))


def _job_type(row: Row) -> str:
    script = row.get("script")
    if not isinstance(script, Mapping):
        return ""
    return str(script.get("jobType") or (CUSTOM if "customScript" in script else ""))


def _device_summary(row: Row) -> str:
    words = (row.get("ipAddress"), row.get("deviceType") or row.get("resourceType"), row.get("state"))
    return ", ".join(str(word) for word in words if word)
