"""Compares two canonical bodies of a job, and describes the differences.

Order, seconds and the tenant are ignored, because OpsRamp changes them. OpsRamp never returns a credential set, so it
cannot be compared; neither can a reference to a secret.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bot.backends.base import Change
from bot.backends.opsramp import coercion, pattern
from bot.backends.opsramp.body import CREDENTIAL_SET_PATH, PARAMETERS_PATH, flatten
from bot.backends.opsramp.wire import SECRET_PREFIX, is_hidden
from bot.backends.payload import as_object, as_objects, value_at
from bot.backends.secrets import MASK
from bot.values import Json, JsonObject

NO_VALUE = "nothing"
_MAX_NAMES = 10
_UNORDERED_PATHS = frozenset({"schedule.pattern.weekDays", "schedule.pattern.dayOfMonth"})


class Difference(NamedTuple):
    """A path (``script.parameters.7`` for a parameter) and its two values, None if absent."""

    path: str
    expected: Json
    actual: Json


def differences(expected: JsonObject, actual: JsonObject) -> list[Difference]:
    """Return the known differences of ``actual`` from ``expected``."""
    return [
        item
        for item in _unequal_paths(expected, actual, expected)
        if item.path != CREDENTIAL_SET_PATH and not is_hidden(item.expected)
    ]


def _unequal_paths(expected: JsonObject, actual: JsonObject, *bodies: JsonObject) -> list[Difference]:
    """Return the paths of ``bodies`` whose values differ."""
    left, right = leaves(expected), leaves(actual)
    paths = dict.fromkeys(path for body in bodies for path in leaves(body))
    return [Difference(p, left.get(p), right.get(p)) for p in paths if _comparable(p, left) != _comparable(p, right)]


def leaves(body: JsonObject) -> dict[str, Json]:
    """Return a body by path, each parameter of a script on its own."""
    flat = flatten(body)
    for item in as_objects(flat.pop(PARAMETERS_PATH, None)):
        macro = item.get("itopMacro")
        flat[f"{PARAMETERS_PATH}.{item.get('paramId')}"] = (
            item.get("value") if macro is None else f"macro {value_at(macro, 'id')}"
        )
    return flat


def _comparable(path: str, flat: JsonObject) -> Json | frozenset[str]:
    """Return a value without what does not count as a difference."""
    value = flat.get(path)
    if path == "entities":
        return frozenset(coercion.coerce_entities(value) or ())
    if path in _UNORDERED_PATHS:
        return frozenset(part.strip() for part in str(value).split(",")) if value else frozenset()
    if path == "schedule.startDate" and value is not None:
        return _whole_minute(value)
    return value


def _whole_minute(value: Json) -> Json:
    try:
        instant = coercion.coerce_instant(value)
    except ValueError:
        return value
    return coercion.format_start_date(instant) if instant is not None else None


def display_value(path: str, value: Json, names: Mapping[str, str]) -> str:
    """Return a value for display. ``names`` are the names of devices by id."""
    if value is None or value == "":
        return NO_VALUE
    if path == "entities":
        devices = [names.get(entity, entity) for entity in coercion.coerce_entities(value) or ()]
        more = f" and {len(devices) - _MAX_NAMES} more" if len(devices) > _MAX_NAMES else ""
        return f"{', '.join(devices[:_MAX_NAMES])}{more}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return f"the secret {text.removeprefix(SECRET_PREFIX)}" if is_hidden(value) and text != MASK else text


def changes(
    before: JsonObject, after: JsonObject, labels: Mapping[str, str], names: Mapping[str, str]
) -> tuple[Change, ...]:
    """Return the diff between two bodies, one line for each field. The schedule is one line. ``labels`` are by path."""
    changed: dict[str, Change] = {}
    for path, new, old in _unequal_paths(after, before, after, before):
        if path.startswith("schedule."):
            changed["schedule"] = Change(
                field="Schedule",
                before=pattern.describe_schedule(as_object(before.get("schedule"))),
                after=pattern.describe_schedule(as_object(after.get("schedule"))),
            )
        elif path == "entities":
            changed[path] = _device_change(old, new, names)
        elif path == CREDENTIAL_SET_PATH:
            changed[path] = Change(field=labels.get(path) or path, before="not told by OpsRamp", after=str(new))
        else:
            label = labels.get(path) or path
            changed[path] = Change(
                field=label, before=display_value(path, old, names), after=display_value(path, new, names)
            )
    return tuple(changed.values())


def _device_change(old: Json, new: Json, names: Mapping[str, str]) -> Change:
    """Return the added and removed devices. The others are only counted."""
    before, after = (coercion.coerce_entities(value) or () for value in (old, new))
    gone = [entity for entity in before if entity not in set(after)]
    come = [entity for entity in after if entity not in set(before)]
    stay = len(after) - len(come)
    kept = f"{stay} that stay" if stay else ""
    return Change(
        field="Devices",
        before=" and ".join(part for part in (_display_devices(gone, names), kept) if part) or NO_VALUE,
        after=" and ".join(part for part in (_display_devices(come, names), kept) if part) or NO_VALUE,
    )


def _display_devices(entities: list[str], names: Mapping[str, str]) -> str:
    return display_value("entities", entities, names) if entities else ""


def describe_differences(
    differences: list[Difference], labels: Mapping[str, str], names: Mapping[str, str]
) -> tuple[str, ...]:
    """Return a sentence for each value that OpsRamp holds differently from what was sent."""
    return tuple(
        f"{labels.get(path) or path} is {display_value(path, actual, names)} there instead of "
        f"{display_value(path, expected, names)}."
        for path, expected, actual in differences
    )
