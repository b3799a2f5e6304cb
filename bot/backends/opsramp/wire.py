"""Converts a canonical body to the one that is sent: compatible spellings, and secrets.

In a body, a secret is a reference, ``secret:NAME``, that is replaced just before the call.
"""

import re
from collections.abc import Callable, Mapping
from copy import deepcopy

from bot.backends.opsramp.body import Body
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.payload import as_object, as_objects, value_at
from bot.backends.secrets import MASK, read_secret
from bot.errors import BackendError
from bot.values import Json, JsonObject

SECRET_PREFIX = "secret:"  # noqa: S105
_MASKED = re.compile(r"[*•]{3,}")


def is_hidden(value: Json) -> bool:
    """Return whether a value is a reference to a secret or a masked secret."""
    return isinstance(value, str) and (value.startswith(SECRET_PREFIX) or _MASKED.fullmatch(value) is not None)


def parameters(body: JsonObject) -> list[JsonObject]:
    """Return the parameters of a job's script."""
    return as_objects(value_at(body, "script", "parameters"))


def masked_parameter_ids(body: JsonObject) -> tuple[str, ...]:
    """Return the ids of parameters whose value OpsRamp has masked. Sending a mask back would overwrite the value."""
    return tuple(str(p.get("paramId")) for p in parameters(body) if _MASKED.fullmatch(str(p.get("value", ""))))


def secret_names(values: JsonObject) -> dict[str, str]:
    """Return the names of the secrets that parameters refer to, by parameter id."""
    return {
        name: value.removeprefix(SECRET_PREFIX)
        for name, value in values.items()
        if isinstance(value, str) and value.startswith(SECRET_PREFIX)
    }


def body_with_secrets(body: Body, references: Mapping[str, str]) -> tuple[Body, tuple[str, ...]]:
    """Return the body with its secrets, and their values, which must never be shown. Raises SecretNotFound or
    KeyError."""
    secrets: list[str] = []

    def fill(parameter: JsonObject) -> JsonObject:
        value = parameter.get("value")
        if not isinstance(value, str) or not value.startswith(SECRET_PREFIX):
            return parameter
        secrets.append(read_secret(references[value.removeprefix(SECRET_PREFIX)]).get_secret_value())
        return {**parameter, "value": secrets[-1]}

    return _with_parameters(body, fill), tuple(secrets)


def mask_parameters(body: Body, ids: frozenset[str] | None) -> Body:
    """Return the body with the values of some parameters masked, or of all if ``ids`` is None. References stay."""

    def mask(parameter: JsonObject) -> JsonObject:
        value = parameter.get("value")
        if value is None or str(value).startswith(SECRET_PREFIX):
            return parameter
        return {**parameter, "value": MASK} if ids is None or str(parameter.get("paramId")) in ids else parameter

    return _with_parameters(body, mask)


def _with_parameters(body: Body, change: Callable[[JsonObject], JsonObject]) -> Body:
    """Return a copy of a body with every parameter of its script changed."""
    copy = deepcopy(body)
    if existing := parameters(copy):
        copy["script"] = {**as_object(copy.get("script")), "parameters": [change(parameter) for parameter in existing]}
    return copy


def redact(error: BackendError, values: tuple[str, ...]) -> BackendError:
    """Return an error without the values in its messages, because a server may repeat what it was sent."""
    text, message = str(error), error.server_message
    for value in values:
        text, message = text.replace(value, MASK), message.replace(value, MASK)
    error.server_message, error.args = message, (text,)
    return error


def to_wire(body: Body, settings: OpsRampSettings) -> Body:
    """Return the body as it is sent, with the configured compatible spellings."""
    sent = deepcopy(body)
    day = value_at(sent, "schedule", "pattern", "dayOfWeek")
    if settings.emit_day_of_index and day is not None:
        schedule = as_object(sent["schedule"])
        sent["schedule"] = {**schedule, "pattern": {**as_object(schedule["pattern"]), "dayOfIndex": day}}
    return {key: _stringify(value) for key, value in sent.items()} if settings.stringly else sent


def _stringify(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _stringify(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_stringify(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value
