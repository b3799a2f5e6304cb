"""Reads request bodies of ImmyBot's API and of its n8n node: converts names, groups and values to ours.

The API nests only ``maintenanceParams``. The node also groups the rest, puts the session group among the maintenance
parameters, and gives targets as bare numbers. All of it is accepted, and nothing unknown is dropped.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn

from bot.backends.immybot.codes import normalize
from bot.backends.immybot.secret_store import secret_name
from bot.values import Json, JsonObject

_GROUPS = {
    "maintenanceparams",
    "maintenanceparameters",
    "executionoptions",
    "deploymentoptions",
    "emailoptions",
    "uioptions",
    "targets",
}
_ALIASES = {
    "timezoneinfoid": "time_zone",
    "taskmode": "maintenance_task_mode",
    "softwareshouldbe": "desired_software_state",
    "computerids": "computers",
    "tenantids": "tenants",
    "personids": "persons",
}
# The server derives it from semanticVersion and accepts no other value.
_READ_ONLY = {"semanticversionnormalized"}
_VALUE_KEYS = {"value", "allowOverride", "requiresOverride"}


def flatten(data: Json, names: Iterable[str]) -> Json:
    """Return the values of a request in any accepted spelling by our field names, without nulls and empty values.

    Raises ValueError if a field is given twice with different values.
    """
    if not isinstance(data, Mapping):
        return data
    known = {**{normalize(name): name for name in names}, **_ALIASES}
    flat: dict[str, Json] = {}
    _merge_into(flat, data, known)
    return flat


def _merge_into(flat: dict[str, Json], data: JsonObject, known: Mapping[str, str]) -> None:
    for key, value in data.items():
        spelling = normalize(str(key))
        if spelling in _GROUPS and isinstance(value, Mapping):
            _merge_into(flat, value, known)
        elif value is not None and value != "" and spelling not in _READ_ONLY:
            name = known.get(spelling, str(key))
            if name in flat and flat[name] != value:
                raise ValueError(f"{name} is given twice with different values")
            flat[name] = value


def target_ids(key: str) -> Callable[[Json], list[int]]:
    """Return a parser of target lists: numbers, numerals, objects with ``key``, JSON text, or text with commas."""

    def read(value: Json) -> list[int]:
        ids = [_target_id(item, key) for item in _items(value)]
        return list(dict.fromkeys(_number(item) for item in ids))

    return read


def _number(value: Json) -> int:
    number = int(value) if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,10}\s*", value) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 0 < number < 2**31:
        raise ValueError(f"{value!r} is not an id: ids are whole numbers above 0")
    return number


def _items(value: Json) -> list[Json]:
    if isinstance(value, str) and value.strip().startswith(("[", "{")):
        value = _json(value)
    if isinstance(value, str):
        return [part for part in re.split(r"[,;\s]+", value) if part]
    return list(value) if isinstance(value, list | tuple) else [value]


def _target_id(item: Json, key: str) -> Json:
    if not isinstance(item, Mapping):
        return item
    given = {k: v for k, v in item.items() if v not in (None, {}, [])}
    if "maintenanceTaskParameterValueOverrides" in given:
        raise ValueError("values for one target alone are not sent; make a request for that target")
    if set(given) - {key, "id"} or len(given) != 1:
        raise ValueError(f"each is a number or an object with {key} alone")
    return next(iter(given.values()))


def task_values(value: Json) -> Json:
    """Return task parameter values as the API has them, each an object with ``value``. Raises ValueError unless given
    an object."""
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping):
        raise ValueError('must be a JSON object, such as {"Name": "value"}')
    return {str(name): _task_value(str(name), inner) for name, inner in value.items()}


def _task_value(name: str, value: Json) -> dict[str, Json]:
    if not (isinstance(value, Mapping) and "value" in value and set(value) <= _VALUE_KEYS):
        value = {"value": value}
    inner = value["value"]
    if isinstance(inner, Mapping) and "secret" in inner and secret_name(inner) is None:
        raise ValueError(f'{name}: a secret is given as {{"secret": "its name"}} and nothing else')
    for flag in ("allowOverride", "requiresOverride"):
        if not isinstance(value.get(flag), bool | None):
            raise ValueError(f"{name}: {flag} is true or false")
    return {k: v for k, v in value.items() if k == "value" or v is not None}


def json_object(value: Json) -> Json:
    """Return an object, which may be given as JSON text. Raises ValueError."""
    if isinstance(value, str):
        value = _json(value)
    if not isinstance(value, Mapping):
        raise ValueError("must be a JSON object")
    return value


def clock_time(value: Json) -> str:
    """Return a 24-hour time as ``HH:mm``. Seconds must be 00. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::00)?", str(value).strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError("must be a time of day on the 24-hour clock, such as 02:30")
    return f"{int(match[1]):02}:{match[2]}"


def _json(text: str) -> Json:
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
        return value
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not valid JSON: {error}") from None


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"there is no {text} in JSON")
