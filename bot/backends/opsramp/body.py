"""Reads the body of a job in every documented spelling, and writes it in one canonical spelling.

A flat body has dotted paths (``schedule.pattern.type``). ``entities`` and ``script.parameters`` are not split.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, NamedTuple

from bot.backends.opsramp import coercion
from bot.backends.payload import as_object, as_objects, value_at
from bot.values import Json, JsonObject

Body = dict[str, Json]


class BodyField(NamedTuple):
    """One field of the body: its path, and how its value is read and written."""

    path: str
    read: Callable[[Json], Json | datetime]
    write: Callable[[Any], Json] = lambda value: value


def _joined(values: Iterable[Json]) -> str:
    return ", ".join(str(value) for value in values)


def _entities(values: Iterable[str]) -> list[Body]:
    return [{"resource": coercion.entity_resource(entity)} for entity in values]


_CONFIG = "script.configParams"
_APPROVAL = "script.approvalType"
_PATTERN = "schedule.pattern"

BODY_FIELDS: Mapping[str, BodyField] = {
    "job": BodyField("id", coercion.coerce_text),
    "name": BodyField("name", coercion.coerce_text),
    "job_queued": BodyField("jobQueued", coercion.coerce_flag),
    "entities": BodyField("entities", coercion.coerce_entities, _entities),
    "job_type": BodyField("script.jobType", coercion.coerce_job_type),
    "versions_saved": BodyField(f"{_CONFIG}.versionsSaved", coercion.coerce_versions),
    "backup_trigger": BodyField(f"{_CONFIG}.backUpTrigger", coercion.coerce_flag),
    "startup_config_alert": BodyField(f"{_CONFIG}.startupConfigAlert", coercion.coerce_flag),
    "runtime_config_alert": BodyField(f"{_CONFIG}.runtimeConfigAlert", coercion.coerce_flag),
    "startup_config_files_backup": BodyField(f"{_CONFIG}.startUpConfigFilesBackUp", coercion.coerce_flag),
    "runtime_config_files_backup": BodyField(f"{_CONFIG}.runTimeConfigFilesBackUp", coercion.coerce_flag),
    "approval_type": BodyField(f"{_APPROVAL}.approvalType", coercion.coerce_number),
    "approval_reason": BodyField(f"{_APPROVAL}.approvalReason", coercion.coerce_text),
    "alert_required": BodyField(f"{_APPROVAL}.alertRequired", coercion.coerce_flag),
    "user_type": BodyField("script.userType", coercion.coerce_number),
    "script": BodyField("script.customScript.id", coercion.coerce_number),
    "credential_set": BodyField("credentialSet.uniqueId", coercion.coerce_text),
    "start_date": BodyField("schedule.startDate", coercion.coerce_instant, coercion.format_start_date),
    "pattern_type": BodyField(f"{_PATTERN}.type", coercion.coerce_pattern_type),
    "pattern_frequency": BodyField(f"{_PATTERN}.frequency", coercion.coerce_frequency),
    "pattern_repeat_type": BodyField(f"{_PATTERN}.repeatType", coercion.coerce_repeat_type),
    "pattern_repeat_frequency": BodyField(f"{_PATTERN}.repeatFrequency", coercion.coerce_number),
    "pattern_week_days": BodyField(f"{_PATTERN}.weekDays", coercion.coerce_weekdays, _joined),
    "pattern_day_of_month": BodyField(f"{_PATTERN}.dayOfMonth", coercion.coerce_month_days, _joined),
    "pattern_week_index": BodyField(f"{_PATTERN}.weekIndex", coercion.coerce_week_index),
    "pattern_day_of_week": BodyField(f"{_PATTERN}.dayOfWeek", coercion.coerce_weekday),
}
"""Our fields and their paths. ``parameters`` and ``macros`` share the path PARAMETERS."""

PARAMETERS_PATH = "script.parameters"
CREDENTIAL_SET_PATH = "credentialSet.uniqueId"
FIELD_BY_PATH = {part.path: name for name, part in BODY_FIELDS.items()}

_LEAVES = frozenset({"entities", PARAMETERS_PATH})
_PATHS = {path.casefold(): path for path in (*FIELD_BY_PATH, PARAMETERS_PATH)}
_ALIASES = {
    alias.casefold(): path
    for alias, path in {
        f"{_PATTERN}.dayOfIndex": f"{_PATTERN}.dayOfWeek",
        f"{_CONFIG}.runConfigAlert": f"{_CONFIG}.runtimeConfigAlert",
        "script.customScript": "script.customScript.id",
        "script.entities": "entities",
        "script.name": "name",
        "script.credentialSet": CREDENTIAL_SET_PATH,
        "script.credentialSet.uniqueId": CREDENTIAL_SET_PATH,
        "credentialSet": CREDENTIAL_SET_PATH,
        "userType": "script.userType",
        "parameters": PARAMETERS_PATH,
    }.items()
}
_READ_ONLY = frozenset({f"script.customScript.{name}" for name in ("name", "description", "platforms")})


def flatten(body: JsonObject, prefix: str = "") -> dict[str, Json]:
    """Return the flat form of a body, without nulls."""
    flat: dict[str, Json] = {}
    for key, value in body.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and _canonical_path(path) not in _LEAVES:
            flat |= flatten(value, f"{path}.")
        elif value is not None:
            flat[path] = value
    return flat


def _canonical_path(path: str) -> str:
    low = path.casefold()
    return _ALIASES.get(low) or _PATHS.get(low) or path


def unflatten(flat: JsonObject) -> Body:
    """Return the nested form of a flat body."""
    body: Body = {}
    for path, value in flat.items():
        *groups, last = path.split(".")
        inner = body
        for group in groups:
            child = dict(as_object(inner.get(group)))
            inner[group] = child
            inner = child
        inner[last] = value
    return body


def normalize(body: JsonObject) -> dict[str, Json]:
    """Return a body in any documented spelling as a flat one with canonical paths, without read-only parts.

    Raises ValueError if two spellings of a value differ.
    """
    flat: dict[str, Json] = {}
    for path, value in flatten(body).items():
        real = _canonical_path(path)
        if real in _READ_ONLY:
            continue
        if real in flat and flat[real] != value:
            raise ValueError(f"{path} is another spelling of {real}, and the two differ.")
        flat[real] = value
    _move_misplaced_days(flat)
    if "script.jobType" not in flat and (inferred := _inferred_type(flat)):
        flat["script.jobType"] = inferred
    return flat


def _move_misplaced_days(flat: dict[str, Json]) -> None:
    """Move weekdays to where they belong: OpsRamp's documentation also shows them in dayOfMonth and frequency."""
    month, week = f"{_PATTERN}.dayOfMonth", f"{_PATTERN}.dayOfWeek"
    if f"{_PATTERN}.weekIndex" in flat and week not in flat and coercion.is_weekday(flat.get(month)):
        flat[week] = flat.pop(month)
    often, listed = f"{_PATTERN}.frequency", f"{_PATTERN}.weekDays"
    weekly = str(flat.get(f"{_PATTERN}.type", "")).casefold() == "weekly"
    if weekly and listed not in flat and coercion.is_weekday(flat.get(often)):
        flat[listed] = flat.pop(often)


def _inferred_type(flat: JsonObject) -> str:
    """Return the job type of a body without one. OpsRamp's responses leave out "custom"."""
    if "script.customScript.id" in flat:
        return coercion.CUSTOM
    if any(path.startswith(f"{_APPROVAL}.") for path in flat):
        return coercion.APP_INSTALL
    return coercion.CONFIG_BACKUP if any(path.startswith(f"{_CONFIG}.") for path in flat) else ""


def canonical(body: JsonObject) -> Body:
    """Return a job from OpsRamp in the canonical spelling. Unknown parts stay unchanged, because an update replaces the
    whole job."""
    flat: dict[str, Json] = {}
    for path, value in normalize(body).items():
        try:
            flat[path] = _canonical_value(path, value)
        except ValueError:
            flat[path] = value
    return unflatten(flat)


def _canonical_value(path: str, value: Json) -> Json:
    if path == PARAMETERS_PATH:
        return coercion.join_parameters(*coercion.split_parameters(value))
    part = BODY_FIELDS.get(FIELD_BY_PATH.get(path, ""))
    return part.write(part.read(value)) if part else value


def build_body(values: JsonObject) -> Body:
    """Return the canonical body of values of our fields."""
    flat: dict[str, Json] = {}
    for name, part in BODY_FIELDS.items():
        if values.get(name) is not None:
            flat[part.path] = part.write(values[name])
    parameters, macros = as_object(values.get("parameters")), as_object(values.get("macros"))
    if parameters or macros:
        flat[PARAMETERS_PATH] = coercion.join_parameters(parameters, macros)
    return unflatten(flat)


def extract_fields(body: JsonObject) -> dict[str, Json]:
    """Return the values of a body in any spelling by the names of our fields, unconverted. Other values keep their
    paths."""
    fields: dict[str, Json] = {}
    for path, value in normalize(body).items():
        if path == PARAMETERS_PATH:
            parameters, macros = coercion.split_parameters(value)
            fields |= {"parameters": parameters, "macros": macros}
        else:
            fields[FIELD_BY_PATH.get(path, path)] = value
    return fields


def apply_changes(current: JsonObject, changes: JsonObject) -> Body:
    """Return the whole body of a job after ``changes``. Both are canonical.

    A pattern is replaced as a whole. A new job type replaces the script, and a new script replaces its parameters.
    """
    body = _merge(current, changes)
    if pattern := value_at(changes, "schedule", "pattern"):
        body["schedule"] = {**as_object(body.get("schedule")), "pattern": deepcopy(pattern)}
    script, before = as_object(changes.get("script")), as_object(current.get("script"))
    merged = dict(as_object(body.get("script")))
    if script.get("jobType", before.get("jobType")) != before.get("jobType"):
        body["script"] = deepcopy(script)
    elif script.get("customScript", before.get("customScript")) != before.get("customScript"):
        merged.pop("parameters", None)
        body["script"] = merged | deepcopy(
            {key: script[key] for key in ("customScript", "parameters") if key in script}
        )
    elif "parameters" in script and "parameters" in before:
        parameters = {
            str(item.get("paramId")): item
            for item in (*as_objects(before["parameters"]), *as_objects(script["parameters"]))
        }
        body["script"] = merged | {"parameters": [deepcopy(parameters[id_]) for id_ in sorted(parameters, key=int)]}
    return body


def _merge(below: JsonObject, above: JsonObject) -> Body:
    merged = dict(deepcopy(below))
    for key, value in above.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(as_object(inner), as_object(value)) if both else deepcopy(value)
    return merged
