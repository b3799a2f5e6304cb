"""The body of a job: where each of our fields stands in it, every spelling of it read, one canonical one written.

A body is handled flat, by dotted path (``schedule.pattern.type``); ``entities`` and ``script.parameters`` are leaves.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from bot.backends.opsramp import spelling

Body = dict[str, Any]


class Part(NamedTuple):
    """One field of the body: its path, and how its value is read and written."""

    path: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value


def _joined(values: Any) -> str:
    return ", ".join(str(value) for value in values)


def _entities(values: Any) -> list[Body]:
    return [{"resource": spelling.resource(entity)} for entity in values]


_CONFIG = "script.configParams"
_APPROVAL = "script.approvalType"
_PATTERN = "schedule.pattern"

PARTS: Mapping[str, Part] = {
    "job": Part("id", spelling.text),
    "name": Part("name", spelling.text),
    "job_queued": Part("jobQueued", spelling.flag),
    "entities": Part("entities", spelling.entities, _entities),
    "job_type": Part("script.jobType", spelling.job_type),
    "versions_saved": Part(f"{_CONFIG}.versionsSaved", spelling.versions),
    "backup_trigger": Part(f"{_CONFIG}.backUpTrigger", spelling.flag),
    "startup_config_alert": Part(f"{_CONFIG}.startupConfigAlert", spelling.flag),
    "runtime_config_alert": Part(f"{_CONFIG}.runtimeConfigAlert", spelling.flag),
    "startup_config_files_backup": Part(f"{_CONFIG}.startUpConfigFilesBackUp", spelling.flag),
    "runtime_config_files_backup": Part(f"{_CONFIG}.runTimeConfigFilesBackUp", spelling.flag),
    "approval_type": Part(f"{_APPROVAL}.approvalType", spelling.number),
    "approval_reason": Part(f"{_APPROVAL}.approvalReason", spelling.text),
    "alert_required": Part(f"{_APPROVAL}.alertRequired", spelling.flag),
    "user_type": Part("script.userType", spelling.number),
    "script": Part("script.customScript.id", spelling.number),
    "credential_set": Part("credentialSet.uniqueId", spelling.text),
    "start_date": Part("schedule.startDate", spelling.moment, spelling.start_date),
    "pattern_type": Part(f"{_PATTERN}.type", spelling.pattern_type),
    "pattern_frequency": Part(f"{_PATTERN}.frequency", spelling.frequency),
    "pattern_repeat_type": Part(f"{_PATTERN}.repeatType", spelling.repeat_type),
    "pattern_repeat_frequency": Part(f"{_PATTERN}.repeatFrequency", spelling.number),
    "pattern_week_days": Part(f"{_PATTERN}.weekDays", spelling.days, _joined),
    "pattern_day_of_month": Part(f"{_PATTERN}.dayOfMonth", spelling.dates, _joined),
    "pattern_week_index": Part(f"{_PATTERN}.weekIndex", spelling.week),
    "pattern_day_of_week": Part(f"{_PATTERN}.dayOfWeek", spelling.day),
}
"""Our fields, each with its place. ``parameters`` and ``macros`` share one place, PARAMETERS."""

PARAMETERS = "script.parameters"
CREDENTIALS = "credentialSet.uniqueId"
FIELD_AT = {part.path: name for name, part in PARTS.items()}

_LEAVES = frozenset({"entities", PARAMETERS})
_PATHS = {path.casefold(): path for path in (*FIELD_AT, PARAMETERS)}
_ALIASES = {
    alias.casefold(): path
    for alias, path in {
        f"{_PATTERN}.dayOfIndex": f"{_PATTERN}.dayOfWeek",
        f"{_CONFIG}.runConfigAlert": f"{_CONFIG}.runtimeConfigAlert",
        "script.customScript": "script.customScript.id",
        "script.entities": "entities",
        "script.name": "name",
        "script.credentialSet": CREDENTIALS,
        "script.credentialSet.uniqueId": CREDENTIALS,
        "credentialSet": CREDENTIALS,
        "userType": "script.userType",
        "parameters": PARAMETERS,
    }.items()
}
_READ_ONLY = frozenset({f"script.customScript.{name}" for name in ("name", "description", "platforms")})


def flatten(body: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """A body by dotted path. Nulls are left out."""
    flat: dict[str, Any] = {}
    for key, value in body.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping) and _real(path) not in _LEAVES:
            flat |= flatten(value, f"{path}.")
        elif value is not None:
            flat[path] = value
    return flat


def _real(path: str) -> str:
    low = path.casefold()
    return _ALIASES.get(low) or _PATHS.get(low) or path


def unflatten(flat: Mapping[str, Any]) -> Body:
    """The nested body of dotted paths."""
    body: Body = {}
    for path, value in flat.items():
        *groups, last = path.split(".")
        inner = body
        for group in groups:
            inner = inner.setdefault(group, {})
        inner[last] = value
    return body


def settle(body: Mapping[str, Any]) -> dict[str, Any]:
    """A body in any documented spelling, flat, under its real paths; the parts that OpsRamp only tells are left out.

    Raises ValueError where two spellings of one value are given and differ.
    """
    flat: dict[str, Any] = {}
    for path, value in flatten(body).items():
        real = _real(path)
        if real in _READ_ONLY:
            continue
        if real in flat and flat[real] != value:
            raise ValueError(f"{path} is another spelling of {real}, and the two differ.")
        flat[real] = value
    _misplaced_days(flat)
    if "script.jobType" not in flat and (inferred := _inferred_type(flat)):
        flat["script.jobType"] = inferred
    return flat


def _misplaced_days(flat: dict[str, Any]) -> None:
    """OpsRamp's page also puts the weekday of ``weekIndex`` into dayOfMonth, and the days of a week into frequency."""
    month, week = f"{_PATTERN}.dayOfMonth", f"{_PATTERN}.dayOfWeek"
    if f"{_PATTERN}.weekIndex" in flat and week not in flat and spelling.is_day(flat.get(month)):
        flat[week] = flat.pop(month)
    often, listed = f"{_PATTERN}.frequency", f"{_PATTERN}.weekDays"
    weekly = str(flat.get(f"{_PATTERN}.type", "")).casefold() == "weekly"
    if weekly and listed not in flat and spelling.is_day(flat.get(often)):
        flat[listed] = flat.pop(often)


def _inferred_type(flat: Mapping[str, Any]) -> str:
    """The job type of a script without one: OpsRamp's answers leave "custom" out."""
    if "script.customScript.id" in flat:
        return spelling.CUSTOM
    if any(path.startswith(f"{_APPROVAL}.") for path in flat):
        return spelling.APP_INSTALL
    return spelling.CONFIG_BACKUP if any(path.startswith(f"{_CONFIG}.") for path in flat) else ""


def canonical(body: Mapping[str, Any]) -> Body:
    """A job as OpsRamp tells it, in the one spelling that we write. What is not known is kept as it is, because an
    update replaces the whole job."""
    flat = {}
    for path, value in settle(body).items():
        try:
            flat[path] = _respelled(path, value)
        except ValueError:
            flat[path] = value
    return unflatten(flat)


def _respelled(path: str, value: Any) -> Any:
    if path == PARAMETERS:
        return spelling.join_parameters(*spelling.split_parameters(value))
    part = PARTS.get(FIELD_AT.get(path, ""))
    return part.write(part.read(value)) if part else value


def build(values: Mapping[str, Any]) -> Body:
    """The canonical body of some of our fields, by their names."""
    flat: dict[str, Any] = {}
    for name, part in PARTS.items():
        if values.get(name) is not None:
            flat[part.path] = part.write(values[name])
    parameters, macros = values.get("parameters") or {}, values.get("macros") or {}
    if parameters or macros:
        flat[PARAMETERS] = spelling.join_parameters(parameters, macros)
    return unflatten(flat)


def fields_in(body: Mapping[str, Any]) -> dict[str, Any]:
    """Our fields of a body in any spelling, their values unread. Paths that are no field of ours keep their path."""
    found: dict[str, Any] = {}
    for path, value in settle(body).items():
        if path == PARAMETERS:
            parameters, macros = spelling.split_parameters(value)
            found |= {"parameters": parameters, "macros": macros}
        else:
            found[FIELD_AT.get(path, path)] = value
    return found


def overlay(today: Body, changes: Body) -> Body:
    """The whole body of a job after ``changes``; both canonical. A pattern is replaced whole; another job type
    replaces the script, another script its parameters."""
    body = _merged(today, changes)
    script, before = changes.get("script", {}), today.get("script", {})
    if "pattern" in changes.get("schedule", {}):
        body["schedule"]["pattern"] = deepcopy(changes["schedule"]["pattern"])
    if script.get("jobType", before.get("jobType")) != before.get("jobType"):
        body["script"] = deepcopy(script)
    elif script.get("customScript", before.get("customScript")) != before.get("customScript"):
        body["script"].pop("parameters", None)
        body["script"] |= deepcopy({key: script[key] for key in ("customScript", "parameters") if key in script})
    elif "parameters" in script and "parameters" in before:
        kept = {item["paramId"]: item for item in before["parameters"]}
        kept |= {item["paramId"]: item for item in script["parameters"]}
        body["script"]["parameters"] = [deepcopy(kept[name]) for name in sorted(kept)]
    return body


def _merged(below: Body, above: Body) -> Body:
    merged = deepcopy(below)
    for key, value in above.items():
        inner = merged.get(key)
        merged[key] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else deepcopy(value)
    return merged
