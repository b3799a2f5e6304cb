"""Reads secrets. Configuration holds references, ``env:NAME`` or ``file:PATH``; only this module returns values."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr

from bot.errors import NightshiftError


class SecretNotFound(NightshiftError):
    """A referenced secret does not exist. The message names the reference, never a value."""


def _validate_reference(text: str) -> str:
    kind, _, rest = text.partition(":")
    if kind not in ("env", "file") or not rest:
        raise ValueError("must be a reference: env:NAME or file:PATH (secrets do not stand in the configuration)")
    return text


MASK = "•••"
"""Shown in place of a secret."""

SecretRef = Annotated[str, AfterValidator(_validate_reference)]
"""A reference to a secret, as in the configuration."""


def read_secret(reference: str) -> SecretStr:
    """Return the value behind a reference. Raises SecretNotFound."""
    kind, _, rest = reference.partition(":")
    if kind == "env":
        value = os.environ.get(rest)
        if not value:
            raise SecretNotFound(f"The environment variable {rest} is not set; {reference} refers to it.")
        return SecretStr(value)
    try:
        return SecretStr(Path(rest).read_text().strip())
    except OSError as error:
        raise SecretNotFound(f"The file {rest} cannot be read ({error.strerror}); {reference} refers to it.") from error
