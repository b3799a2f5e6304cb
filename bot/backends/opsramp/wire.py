"""What differs between a canonical body and what goes over the wire: compatible spellings, and secrets.

A parameter whose value is a secret stands in a body as ``secret:NAME``; its value is put in at the last moment.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bot.backends.opsramp.body import Body
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.secrets import read_secret
from bot.errors import BackendError

SECRET_PREFIX = "secret:"  # noqa: S105
MASK = "•••"
_MASKED = re.compile(r"[*•]{3,}")


def is_hidden(value: Any) -> bool:
    """Whether a value stands for a secret, or hides one."""
    return isinstance(value, str) and (value.startswith(SECRET_PREFIX) or _MASKED.fullmatch(value) is not None)


def parameters(body: Body) -> list[dict[str, Any]]:
    """The parameters of a job's script."""
    found = body.get("script", {}).get("parameters", [])
    return found if isinstance(found, list) else []


def masked_parameter_ids(body: Body) -> tuple[str, ...]:
    """Ids of the parameters whose value OpsRamp has hidden; sending such a value back would overwrite the real one."""
    return tuple(str(p["paramId"]) for p in parameters(body) if _MASKED.fullmatch(str(p.get("value", ""))))


def secret_names(values: Mapping[str, str]) -> dict[str, str]:
    """The names of the secrets that parameters refer to, by parameter id."""
    return {
        name: value.removeprefix(SECRET_PREFIX) for name, value in values.items() if value.startswith(SECRET_PREFIX)
    }


def body_with_secrets(body: Body, references: Mapping[str, str]) -> tuple[Body, tuple[str, ...]]:
    """The body with the secrets in it, and their values (never to be shown). Raises SecretMissing, KeyError."""
    filled = deepcopy(body)
    used = []
    for parameter in parameters(filled):
        value = parameter.get("value")
        if isinstance(value, str) and value.startswith(SECRET_PREFIX):
            parameter["value"] = read_secret(references[value.removeprefix(SECRET_PREFIX)]).get_secret_value()
            used.append(parameter["value"])
    return filled, tuple(used)


def mask_parameters(body: Body, ids: frozenset[str] | None) -> Body:
    """The body with the values of some parameters masked; None masks every one. References to secrets stay."""
    shown = deepcopy(body)
    for parameter in parameters(shown):
        value = parameter.get("value")
        if (
            value is not None
            and not str(value).startswith(SECRET_PREFIX)
            and (ids is None or str(parameter["paramId"]) in ids)
        ):
            parameter["value"] = MASK
    return shown


def redact(error: BackendError, values: tuple[str, ...]) -> BackendError:
    """An error whose words hold none of the values: a server may repeat what it was sent."""
    text, said = str(error), error.server_message
    for value in values:
        text, said = text.replace(value, MASK), said.replace(value, MASK)
    error.server_message, error.args = said, (text,)
    return error


def to_wire(body: Body, settings: OpsRampSettings) -> Body:
    """The body as it is sent, in the compatible spellings that are configured."""
    sent = deepcopy(body)
    pattern = sent.get("schedule", {}).get("pattern", {})
    if settings.emit_day_of_index and "dayOfWeek" in pattern:
        pattern["dayOfIndex"] = pattern["dayOfWeek"]
    stringly: Body = _stringify(sent) if settings.stringly else sent
    return stringly


def _stringify(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stringify(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_stringify(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value
