"""Opaque, unguessable identifiers and correlation tokens: letters and digits only."""

import secrets
from base64 import b32encode

_BYTES = 10
_READABLE = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"abcdefghijkmnpqrstuvwxyz23456789")
"""Base 32 without the letters l and o, which look like digits."""


def new_id(prefix: str) -> str:
    """A fresh identifier such as ``r_7k3v...``; 80 bits of chance."""
    return f"{prefix}_{_random()}"


def new_token() -> str:
    """A correlation token that back ends carry and can be searched by: ``ns-`` and 16 letters or digits."""
    return f"ns-{_random()}"


def _random() -> str:
    return b32encode(secrets.token_bytes(_BYTES)).translate(_READABLE).decode()
