"""Jobs as OpsRamp stores and renders them."""

import re
from typing import Any

from playground.opsramp.world import TYPES, Tenant

MASK = "********"
_PATTERNS = ("daily", "weekly", "monthly", "run once", "never")
_DOCUMENTED = {"adCheckList", "networkconfigbackup"}


class InvalidJob(Exception):
    """The body is rejected; the text says why."""


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in ("true", "false"):
        return str(value).lower() == "true"
    raise InvalidJob(f"Invalid boolean {value}")


def _number(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"\d+", str(value)):
        raise InvalidJob(f"Invalid number {value}")
    return int(str(value))


def normalize(body: Any, identifier: str) -> dict[str, Any]:
    """The stored form of a body: real types, no seconds, no unknown parts. Raises InvalidJob."""
    if not isinstance(body, dict) or not isinstance(body.get("script"), dict):
        raise InvalidJob("script is required")
    script = _script(body["script"])
    job: dict[str, Any] = {"id": identifier, "name": str(body.get("name") or ""), "script": script}
    if not job["name"]:
        if script["jobType"] in _DOCUMENTED:
            raise InvalidJob("name is required")
        job["name"] = f"Job - {script['jobType']}"
    if "jobQueued" in body:
        job["jobQueued"] = _flag(body["jobQueued"])
    job["entities"] = [_entity(item) for item in body.get("entities") or []]
    if body.get("schedule"):
        job["schedule"] = _schedule(body["schedule"])
    elif script["jobType"] in _DOCUMENTED:
        raise InvalidJob("schedule is required")
    return job


def _entity(item: Any) -> dict[str, Any]:
    resource = item.get("resource") if isinstance(item, dict) else None
    if not isinstance(resource, dict) or not resource.get("id"):
        raise InvalidJob("resource id is required")
    return {"resource": {"id": resource["id"], "type": resource.get("type", "DEVICE")}}


def _script(script: dict[str, Any]) -> dict[str, Any]:
    kind = script.get("jobType")
    if kind not in {*TYPES.values(), "custom"}:
        raise InvalidJob(f"Invalid job type {kind}")
    found: dict[str, Any] = {"jobType": kind}
    if kind == "networkconfigbackup":
        given = script.get("configParams", {})
        found["configParams"] = {k: v if k == "versionsSaved" else _flag(v) for k, v in given.items()}
    if kind == "appinstall":
        given = script.get("approvalType", {})
        readers = {"approvalType": _number, "alertRequired": _flag}
        found["approvalType"] = {k: readers.get(k, str)(v) for k, v in given.items()}
    if kind == "custom":
        found["customScript"] = {"id": _number(script.get("customScript", {}).get("id"))}
        found["parameters"] = [_parameter(item) for item in script.get("parameters", [])]
        if "userType" in script:
            found["userType"] = _number(script["userType"])
    return found


def _parameter(item: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"paramId": _number(item.get("paramId"))}
    if "itopMacro" in item:
        found["itopMacro"] = {"id": _number(item["itopMacro"]["id"])}
    else:
        found["value"] = str(item.get("value", ""))
    return found


def _schedule(schedule: dict[str, Any]) -> dict[str, Any]:
    start = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d):\d\d\+0000", str(schedule.get("startDate", "")))
    if start is None:
        raise InvalidJob(f"Invalid start date {schedule.get('startDate')}")
    pattern = dict(schedule.get("pattern") or {})
    if pattern.get("type") not in _PATTERNS:
        raise InvalidJob(f"Invalid pattern type {pattern.get('type')}")
    pattern.pop("dayOfIndex", None)
    if "repeatFrequency" in pattern:
        pattern["repeatFrequency"] = _number(pattern["repeatFrequency"])
    if "repeatType" in pattern:
        pattern["repeatType"] = str(pattern["repeatType"]).lower()
    return {"startDate": f"{start[1]}:00+0000", "pattern": pattern}


def render_job(job: dict[str, Any], tenant: Tenant, *, reverse_entities: bool, password_mode: str) -> dict[str, Any]:
    """A job as the API tells it: devices with their names (in another order when asked for later), no job type for a
    custom script, the id last. ``passwords`` is how a password parameter comes back: plain, masked or omitted."""
    entities = [_render_entity(item["resource"], tenant) for item in job["entities"]]
    return {
        "name": job["name"],
        "entities": entities[::-1] if reverse_entities else entities,
        **({"schedule": job["schedule"]} if "schedule" in job else {}),
        **({"jobQueued": job["jobQueued"]} if "jobQueued" in job else {}),
        "script": _render_script(job["script"], tenant, password_mode),
        "id": job["id"],
    }


def job_row(job: dict[str, Any], tenant: Tenant, password_mode: str) -> dict[str, Any]:
    """A job in the results of a search, without its devices."""
    script = _render_script(job["script"], tenant, password_mode)
    return {key: job[key] for key in ("id", "name", "schedule", "jobQueued") if key in job} | {"script": script}


def _render_entity(resource: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    device = tenant.devices.get(resource["id"])
    info = {"ipAddresses": device.address, "hostName": device.host} if device else {}
    client = device.client if device else "client_13"
    return {"resource": {"id": resource["id"], "generalInfo": info, "clientUniqueId": client, "type": "DEVICE"}}


def _render_script(script: dict[str, Any], tenant: Tenant, password_mode: str) -> dict[str, Any]:
    if script["jobType"] != "custom":
        return script
    number = script["customScript"]["id"]
    known = tenant.script(number)
    about_script = {key: known.get(key, "") for key in ("name", "description", "platforms")}
    kinds = {p["id"]: p for p in known.get("parameters", [])}
    parameters = []
    for item in script.get("parameters", []):
        about = kinds.get(item["paramId"], {})
        told = {"paramId": item["paramId"], "name": about.get("name", ""), **item}
        if about.get("dataType") == "PASSWORD" and "value" in told and password_mode != "plain":
            told["value"] = MASK if password_mode == "masked" else None
        parameters.append({key: value for key, value in told.items() if value is not None})
    found = {"customScript": {"id": number, **about_script}, "parameters": parameters}
    return found | ({"userType": script["userType"]} if "userType" in script else {})
