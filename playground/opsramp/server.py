"""The sandbox's routes, and the methods that tests and the playground use."""

import uuid
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from aiohttp import web

from bot.clock import Clock
from playground.opsramp import jobs
from playground.opsramp.auth import KEY, SECRET, Auth
from playground.opsramp.world import (
    CATEGORIES,
    CLIENT,
    CREDENTIAL_SETS,
    DEVICE_SET,
    TYPES,
    Device,
    Tenant,
    build_tenants,
    stable_uuid,
)
from playground.sandbox import Sandbox

_BASE = "/api/v2/tenants/{tenant}"
_OFFLINE = "Agent Offline"


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run on demand that was accepted; ``body`` is the job as it was then."""

    tenant: str
    job: str
    at: datetime
    reason: str
    body: dict[str, Any]


class OpsRampSandbox(Sandbox):
    """Two clients and their partner. ``gate`` has tokens and limits; ``run_verb`` is the only one that runs a job;
    ``passwords`` is how password parameters are told (plain, masked, omitted); ``ignores`` are the keys of a body that
    are lost on the way in; ``pace`` is how long a script takes; ``bare_lists`` leaves the paging out of lists."""

    def __init__(self, clock: Clock, *, devices: int = 60, pace: float = 5.0) -> None:
        super().__init__(clock)
        self.tenants = build_tenants(devices)
        self.auth = Auth(clock, self.tenants)
        self.runs: list[JobRun] = []
        self.run_verb = "GET"
        self.password_mode = "masked"
        self.ignored_keys: set[str] = set()
        self.unpaged_lists = False
        self.script_duration = timedelta(seconds=pace)
        self.app.middlewares.append(self.auth.middleware)
        self.app.add_routes(self.auth.routes())
        self._routes()

    def settings(self, url: str) -> dict[str, str]:
        """The settings of a connection to this sandbox, except for the references to key and secret."""
        return {"url": url, "tenant": CLIENT}

    @property
    def credentials(self) -> tuple[str, str]:
        """The key and the secret that work."""
        return KEY, SECRET

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """The jobs of the main client, by id."""
        return self.tenants[CLIENT].jobs

    @property
    def devices(self) -> list[Device]:
        """The devices of the main client."""
        return list(self.tenants[CLIENT].devices.values())

    def job_by_name(self, name: str) -> dict[str, Any]:
        """The main client's one job of a name."""
        (found,) = [job for job in self.jobs.values() if job["name"] == name]
        return found

    def take_offline(self, hosts: Iterable[str]) -> None:
        """Make the agents of these devices stop answering."""
        wanted = set(hosts)
        for device in self.devices:
            device.offline = device.offline or device.host in wanted

    def _routes(self) -> None:
        add = self.app.router.add_route
        for verb, path, handler in (
            ("GET", "/jobs/search", self._search_jobs),
            ("GET", "/jobs/types", self._types),
            ("POST", "/jobs", self._create),
            ("GET", "/jobs/{job}", self._get),
            ("POST", "/jobs/{job}", self._update),
            ("DELETE", "/jobs/{job}", self._delete),
            ("*", "/jobs/{job}/run", self._run),
            ("GET", "/resources/search", self._search_devices),
            ("GET", "/resources/minimal", self._minimal_devices),
            ("GET", "/deviceGroups/minimal", self._device_groups),
            ("GET", "/rba/categories", self._categories),
            ("GET", "/rba/categories/{category}/scripts", self._scripts),
            ("GET", "/rba/categories/{category}/scripts/{script}", self._script),
            ("GET", "/rba/scripts/{script}/paginatedOutputs", self._outputs),
            ("GET", "/credentialSets/minimal", self._sets),
            ("GET", "/devices/{device}/credentialSets/minimal", self._device_sets),
            ("GET", "/clients/minimal", self._clients),
        ):
            add(verb, _BASE + path, handler)

    def _tenant(self, request: web.Request) -> Tenant:
        return self.tenants[request.match_info["tenant"]]

    def _job_response(self, job: dict[str, Any], tenant: Tenant, reverse_entities: bool = False) -> web.Response:
        return web.json_response(
            jobs.render_job(job, tenant, reverse_entities=reverse_entities, password_mode=self.password_mode)
        )

    async def _create(self, request: web.Request) -> web.StreamResponse:
        return await self._save(request, str(uuid.uuid4()))

    async def _update(self, request: web.Request) -> web.StreamResponse:
        identifier = request.match_info["job"]
        if identifier not in self._tenant(request).jobs:
            return _not_found()
        return await self._save(request, identifier)

    async def _save(self, request: web.Request, identifier: str) -> web.StreamResponse:
        tenant = self._tenant(request)
        body = await request.json()
        before = tenant.jobs.get(identifier, {})
        body = {key: value for key, value in body.items() if key not in self.ignored_keys}
        body |= {key: before[key] for key in self.ignored_keys if key in before}
        try:
            job = jobs.normalize(body, identifier)
        except jobs.InvalidJob as error:
            return web.json_response({"code": "0006", "msg": str(error)}, status=400)
        tenant.jobs[identifier] = job
        return self._job_response(job, tenant)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        tenant = self._tenant(request)
        job = tenant.jobs.get(request.match_info["job"])
        return _not_found() if job is None else self._job_response(job, tenant, reverse_entities=True)

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        gone = self._tenant(request).jobs.pop(request.match_info["job"], None)
        return _not_found() if gone is None else web.Response()

    async def _run(self, request: web.Request) -> web.StreamResponse:
        if request.method != self.run_verb:
            return web.json_response({"code": "0405", "description": "Method not allowed"}, status=405)
        tenant, identifier = self._tenant(request), request.match_info["job"]
        if identifier not in tenant.jobs:
            return _not_found()
        body = await request.json() if request.body_exists else {}
        job = deepcopy(tenant.jobs[identifier])
        self.runs.append(JobRun(tenant.name, identifier, self.clock.now(), str(body.get("reason", "")), job))
        return web.Response()

    async def _types(self, request: web.Request) -> web.StreamResponse:
        found = [{"jobName": name, "jobtype": kind} for name, kind in TYPES.items()]
        return web.json_response({"jobNameAndType": found})

    async def _search_jobs(self, request: web.Request) -> web.StreamResponse:
        wanted = _parse_query(request, {"name"})
        if wanted is None:
            return _bad_query()
        tenant = self._tenant(request)
        rows = [jobs.job_row(job, tenant, self.password_mode) for job in tenant.jobs.values()]
        return self._page(request, [row for row in rows if _matches(row, wanted)])

    async def _search_devices(self, request: web.Request) -> web.StreamResponse:
        wanted = _parse_query(request, {"hostName", "resourceName", "ipAddress", "id", "aliasName"})
        if wanted is None:
            return _bad_query()
        found = [row for d in self._tenant(request).devices.values() if _matches(row := _device_row(d), wanted)]
        extra = {"type": "DEVICE", "state": "active", "osName": "", "agentInstalled": True}
        return self._page(request, found, extra)

    async def _minimal_devices(self, request: web.Request) -> web.StreamResponse:
        tenant, group = self._tenant(request), request.query.get("deviceGroupId", "0")
        members = {stable_uuid(name): devices for name, devices in tenant.groups.items()}.get(group)
        found = [d for d in tenant.devices.values() if members is None or d.id in members]
        return _unpaged_list([_device_row(device) for device in found])

    async def _device_groups(self, request: web.Request) -> web.Response:
        return _unpaged_list([{"id": stable_uuid(name), "name": name} for name in self._tenant(request).groups])

    async def _categories(self, request: web.Request) -> web.StreamResponse:
        return _unpaged_list(CATEGORIES)

    async def _scripts(self, request: web.Request) -> web.StreamResponse:
        rows = self._tenant(request).scripts.get(int(request.match_info["category"]), [])
        brief = [{key: value for key, value in row.items() if key != "parameters"} for row in rows]
        return self._page(request, brief) if "pageNo" in request.query else _unpaged_list(brief)

    async def _script(self, request: web.Request) -> web.StreamResponse:
        rows = self._tenant(request).scripts.get(int(request.match_info["category"]), [])
        found = [row for row in rows if row["id"] == int(request.match_info["script"])]
        return _unpaged_list(found) if found else _not_found()

    async def _outputs(self, request: web.Request) -> web.StreamResponse:
        number = int(request.match_info["script"])
        now, found = self.clock.now(), []
        for ran in self.runs:
            tenant = self.tenants[ran.tenant]
            job, at = ran.body, ran.at + self.script_duration
            if ran.tenant != request.match_info["tenant"] or at > now:
                continue
            if job["script"].get("customScript", {}).get("id") == number:
                found += [
                    _output_row(d, job, at) for e in job["entities"] if (d := tenant.devices.get(e["resource"]["id"]))
                ]
        found.sort(key=lambda row: str(row["responseDate"]), reverse=True)
        return self._page(request, found)

    async def _sets(self, request: web.Request) -> web.StreamResponse:
        return _unpaged_list(CREDENTIAL_SETS)

    async def _device_sets(self, request: web.Request) -> web.StreamResponse:
        known = request.match_info["device"] in self._tenant(request).devices
        return _unpaged_list([DEVICE_SET]) if known else _not_found()

    async def _clients(self, request: web.Request) -> web.StreamResponse:
        tenant = self._tenant(request)
        return _unpaged_list(
            [{"uniqueId": name, "name": f"Customer {name.rpartition('_')[2]}"} for name in tenant.clients]
        )

    def _page(
        self, request: web.Request, rows: Sequence[dict[str, Any]], extra: dict[str, Any] | None = None
    ) -> web.Response:
        """One page, its keys beside the results; a bare list or an empty body where the sandbox is told so."""
        if self.unpaged_lists:
            return _unpaged_list([{**row, **(extra or {})} for row in rows])
        size, number = int(request.query.get("pageSize", 100)), int(request.query.get("pageNo", 1))
        pages = max(1, ceil(len(rows) / size))
        part = rows[(number - 1) * size : number * size]
        body: dict[str, Any] = {
            "results": [{**row, **(extra or {})} for row in part],
            "totalResults": len(rows),
            "orderBy": request.query.get("sortName", "id"),
            "pageNo": number,
            "pageSize": size,
            "totalPages": pages,
            "nextPage": number < pages,
            "previousPageNo": max(number - 1, 0),
            "descendingOrder": request.query.get("isDescendingOrder") == "true",
        }
        return web.json_response(body | ({"nextPageNo": number + 1} if number < pages else {}))


def _device_row(device: Device) -> dict[str, Any]:
    return {
        "id": device.id,
        "hostName": device.host,
        "ipAddress": device.address,
        "name": device.host,
        "resourceName": f"{device.host}.example.com",
        "aliasName": device.host.upper(),
        "resourceType": device.kind,
    }


def _output_row(device: Device, job: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "output": _OFFLINE if device.offline else f"Done on {device.host}",
        "responseDate": at.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "type": "ONDEMAND",
        "task": {"id": job["id"], "name": job["name"]},
        "device": {
            "id": device.id,
            "generalInfo": {"hostName": device.host},
            "clientUniqueId": "client_13",
            "type": "DEVICE",
        },
    }


def _parse_query(request: web.Request, known: set[str]) -> dict[str, str] | None:
    """The conditions of a queryString; None where a variable is unknown or has no value."""
    text = request.query.get("queryString", "")
    if not text:
        return {}
    pairs = [part.partition(":") for part in text.split("+")]
    if any(name not in known or not value for name, _, value in pairs):
        return None
    return {name: value for name, _, value in pairs}


def _matches(row: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(value.casefold() in str(row.get(name, "")).casefold() for name, value in wanted.items())


def _unpaged_list(rows: Sequence[Any]) -> web.Response:
    """A list without any paging; nothing at all where it is empty."""
    return web.json_response(list(rows)) if rows else web.Response()


def _not_found() -> web.Response:
    return web.json_response({"code": "0002", "message": "Resource not found"}, status=404)


def _bad_query() -> web.Response:
    return web.json_response({"code": "0003", "description": "Invalid query string"}, status=400)
