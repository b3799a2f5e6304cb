"""Opaque, unguessable identifiers and correlation tokens: letters and digits only."""

import secrets
from base64 import b32encode

PREVIEW_TOKEN = "ns-made-at-the-start"  # noqa: S105 (it is no secret)
"""Placeholder for the correlation token in a preview; each attempt has a token of its own."""
_BYTES = 10
_READABLE = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"abcdefghijkmnpqrstuvwxyz23456789")
"""Base 32 without the letters l and o, which look like digits."""


def new_id(prefix: str) -> str:
    """Return a new identifier such as ``r_7k3v...``, with 80 random bits."""
    return f"{prefix}_{_random()}"


def new_token() -> str:
    """Return a new correlation token, by which a run can be found in a back end: ``ns-`` and 16 letters or digits."""
    return f"ns-{_random()}"


def _random() -> str:
    return b32encode(secrets.token_bytes(_BYTES)).translate(_READABLE).decode()
