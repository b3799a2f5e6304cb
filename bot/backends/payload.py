"""Reads decoded JSON of uncertain shape. Each function returns an empty value for an unexpected type."""

from collections.abc import Mapping, Sequence

from bot.values import Json, JsonObject


def as_object(value: Json) -> JsonObject:
    """Return an object unchanged, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def as_list(value: Json) -> Sequence[Json]:
    """Return a list unchanged, or an empty one for anything else."""
    return value if isinstance(value, list | tuple) else ()


def as_objects(value: Json) -> list[JsonObject]:
    """Return the objects in a list, or an empty list for anything else."""
    return [item for item in as_list(value) if isinstance(item, Mapping)]


def as_text(value: Json) -> str:
    """Return a string without surrounding space, or "" for anything else."""
    return value.strip() if isinstance(value, str) else ""


def as_texts(value: Json) -> list[str]:
    """Return the strings in a list, or an empty list for anything else."""
    return [item for item in as_list(value) if isinstance(item, str)]


def is_object_list(value: Json) -> bool:
    """Return whether a value is a list of objects only."""
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def value_at(value: Json, *keys: str) -> Json:
    """Return the value at a path of keys in nested objects, or None if a key is missing."""
    for key in keys:
        value = as_object(value).get(key)
    return value
