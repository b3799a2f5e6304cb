"""Reads the API's own request body into flat field names.

Foreman accepts ``{"job_invocation": {...}}`` with nested groups. People also paste it without the wrapper, and forms
give flat names. All three, and mixtures, become one flat mapping. Foreman ignores unknown keys; here they are errors,
except two from the example in its documentation.
"""

import json
from collections.abc import Mapping

from bot.values import Json, JsonObject

NESTED_GROUPS: Mapping[str, Mapping[str, str]] = {
    "ssh": {"effective_user": "effective_user", "effective_user_password": "effective_user_password"},
    "recurrence": {
        "cron_line": "cron_line",
        "max_iteration": "max_iteration",
        "end_time": "end_time",
        "purpose": "purpose",
    },
    "scheduling": {"start_at": "start_at", "start_before": "start_before"},
    "concurrency_control": {"time_span": "time_span", "concurrency_level": "concurrency_level"},
    "ansible": {"tags": "tags", "tags_flag": "tags_flag"},
}
"""The nested groups of the API: their keys, and our field names."""

IGNORED_KEYS = ("job_category", "name")
"""Keys in the documentation's example that Foreman silently ignores."""


def flatten(given: JsonObject) -> dict[str, Json]:
    """Return one flat mapping without empty values. Raises ValueError if a field is given twice or a group is not an
    object."""
    flat: dict[str, Json] = {}
    body = given.get("job_invocation")
    if body is not None and not isinstance(body, Mapping):
        raise ValueError("job_invocation must be an object.")
    for source in ({k: v for k, v in given.items() if k != "job_invocation"}, body or {}):
        for key, value in source.items():
            group, dot, name = key.partition(".")
            if dot and group == "inputs":
                flat["inputs"] = {**_as_mapping(flat.get("inputs")), name: value}
            elif key in NESTED_GROUPS:
                _put_group(flat, key, value)
            else:
                _put(flat, key, value)
    ignored = tuple(key for key in IGNORED_KEYS if flat.pop(key, None) is not None)
    if ignored:
        flat["ignored"] = ignored
    return flat


def coerce_inputs(given: Json) -> Json:
    """Convert the inputs of a template to strings, as Foreman requires. Raises ValueError."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            raise ValueError('Inputs are an object of names and values, such as {"command": "uptime"}.') from None
    if not isinstance(given, Mapping):
        raise ValueError('Inputs are an object of names and values, such as {"command": "uptime"}.')
    return {str(name): _input_text(str(name), value) for name, value in given.items()}


def _as_mapping(given: Json) -> JsonObject:
    return given if isinstance(given, Mapping) else {}


def _input_text(name: str, value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError(f"The input {name} must be text.")


def _put_group(flat: dict[str, Json], group: str, value: Json) -> None:
    if value is None or value == "":
        return
    if not isinstance(value, Mapping):
        raise ValueError(f"{group} must be an object with {', '.join(NESTED_GROUPS[group])}.")
    for key, inner in value.items():
        _put(flat, NESTED_GROUPS[group].get(key, f"{group}.{key}"), inner)


def _put(flat: dict[str, Json], name: str, value: Json) -> None:
    if value is None or value == "":
        return
    if name in flat and flat[name] != value:
        raise ValueError(f"{name} is given twice, with different values.")
    flat[name] = value
