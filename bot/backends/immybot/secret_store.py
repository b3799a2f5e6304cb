"""The secrets of a connection: inserted into a body just before the call, and masked in responses."""

from collections.abc import Mapping
from copy import deepcopy

from pydantic import JsonValue

from bot.backends.secrets import MASK, SecretNotFound, read_secret
from bot.values import Json


def secret_name(value: Json) -> str | None:
    """Return the name in a reference ``{"secret": "name"}``, or None for any other value."""
    if isinstance(value, dict) and set(value) == {"secret"} and isinstance(value["secret"], str):
        return value["secret"]
    return None


class SecretStore:
    """References to secrets, by name. ``redact_also`` are further references whose values must never be shown."""

    def __init__(self, references: Mapping[str, str], redact_also: tuple[str | None, ...] = ()) -> None:
        self._references = dict(references)
        self._redact_also = tuple(r for r in redact_also if r)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._references))

    def redact(self, text: str) -> str:
        """Return a text with the values of this connection's secrets masked."""
        for reference in (*self._references.values(), *self._redact_also):
            try:
                hidden = read_secret(reference).get_secret_value()
            except SecretNotFound:
                continue
            text = text.replace(hidden, MASK) if hidden else text
        return text

    def missing_messages(self) -> tuple[str, ...]:
        """Return sentences about the secrets that cannot be read."""
        messages = []
        for reference in self._references.values():
            try:
                read_secret(reference)
            except SecretNotFound as error:
                messages.append(str(error))
        return tuple(messages)

    def value(self, name: str) -> str:
        """Return the value of a secret. Raises SecretNotFound."""
        reference = self._references.get(name)
        if reference is None:
            raise SecretNotFound(f"This connection has no secret named {name}.")
        return read_secret(reference).get_secret_value()


def body_with_secrets(body: JsonValue, secrets: SecretStore) -> JsonValue:
    """Return a copy of a body with secrets in place of the references in its task parameters. Raises SecretNotFound."""
    filled = deepcopy(body)
    item = filled.get("maintenanceParams") if isinstance(filled, dict) else None
    values = item.get("taskParameterValues") if isinstance(item, dict) else None
    for value in values.values() if isinstance(values, dict) else ():
        name = secret_name(value.get("value")) if isinstance(value, dict) else None
        if name is not None and isinstance(value, dict):
            value["value"] = secrets.value(name)
    return filled
