"""What differs between a canonical body and what goes over the wire: compatible spellings, and secrets.

A parameter whose value is a secret stands in a body as ``secret:NAME``; its value is put in at the last moment.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from bot.backends.opsramp.body import Body
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.secrets import reveal
from bot.errors import BackendError

SECRET = "secret:"  # noqa: S105
MASK = "•••"
_STARS = re.compile(r"[*•]{3,}")


def is_hidden(value: Any) -> bool:
    """Whether a value stands for a secret, or hides one."""
    return isinstance(value, str) and (value.startswith(SECRET) or _STARS.fullmatch(value) is not None)


def parameters(body: Body) -> list[dict[str, Any]]:
    """The parameters of a job's script."""
    found = body.get("script", {}).get("parameters", [])
    return found if isinstance(found, list) else []


def starred(body: Body) -> tuple[str, ...]:
    """Ids of the parameters whose value OpsRamp has hidden; sending such a value back would overwrite the real one."""
    return tuple(str(p["paramId"]) for p in parameters(body) if _STARS.fullmatch(str(p.get("value", ""))))


def secret_names(values: Mapping[str, str]) -> dict[str, str]:
    """The names of the secrets that parameters refer to, by parameter id."""
    return {name: value.removeprefix(SECRET) for name, value in values.items() if value.startswith(SECRET)}


def fill(body: Body, references: Mapping[str, str]) -> tuple[Body, tuple[str, ...]]:
    """The body with the secrets in it, and their values (never to be shown). Raises SecretMissing, KeyError."""
    filled = deepcopy(body)
    used = []
    for parameter in parameters(filled):
        value = parameter.get("value")
        if isinstance(value, str) and value.startswith(SECRET):
            parameter["value"] = reveal(references[value.removeprefix(SECRET)]).get_secret_value()
            used.append(parameter["value"])
    return filled, tuple(used)


def hide(body: Body, ids: frozenset[str] | None) -> Body:
    """The body with the values of some parameters masked; None masks every one. References to secrets stay."""
    shown = deepcopy(body)
    for parameter in parameters(shown):
        value = parameter.get("value")
        if (
            value is not None
            and not str(value).startswith(SECRET)
            and (ids is None or str(parameter["paramId"]) in ids)
        ):
            parameter["value"] = MASK
    return shown


def scrub(error: BackendError, values: tuple[str, ...]) -> BackendError:
    """An error whose words hold none of the values: a server may repeat what it was sent."""
    text, said = str(error), error.said
    for value in values:
        text, said = text.replace(value, MASK), said.replace(value, MASK)
    error.said, error.args = said, (text,)
    return error


def dress(body: Body, settings: OpsRampSettings) -> Body:
    """The body as it is sent, in the compatible spellings that are configured."""
    sent = deepcopy(body)
    pattern = sent.get("schedule", {}).get("pattern", {})
    if settings.emit_day_of_index and "dayOfWeek" in pattern:
        pattern["dayOfIndex"] = pattern["dayOfWeek"]
    stringly: Body = _stringly(sent) if settings.stringly else sent
    return stringly


def _stringly(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stringly(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_stringly(inner) for inner in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value
