"""The parts of a JSON object that somebody else has sent."""

from typing import TypeGuard

from bot.errors import NightshiftError
from bot.values import Json, JsonObject

_NOTHING: JsonObject = {}


class BadPayload(NightshiftError):
    """A payload without a part that is needed, or with one that is not ours. ``part`` names it for the log."""

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__("This button or form cannot be used any more. Please open it again and try once more.")


def is_count(value: Json) -> TypeGuard[int]:
    """Return whether a value is a whole number of at least 0."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def child(source: JsonObject, key: str) -> JsonObject:
    """An object inside another; empty where there is none."""
    value = source.get(key)
    return value if isinstance(value, dict) else _NOTHING


def text_at(source: JsonObject, key: str) -> str:
    """A text; "" where there is none. Raises BadPayload for anything else."""
    value = source.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadPayload(key)
    return value


def required(source: JsonObject, key: str) -> str:
    """A text. Raises BadPayload where there is none."""
    text = text_at(source, key)
    if not text:
        raise BadPayload(key)
    return text


def loose_text(source: JsonObject, key: str) -> str:
    """A text that nothing depends on; "" for anything else."""
    value = source.get(key)
    return value if isinstance(value, str) else ""
