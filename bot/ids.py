"""Opaque, unguessable identifiers and correlation tokens: letters and digits only."""

import secrets

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def new_id(prefix: str) -> str:
    """A fresh identifier such as ``r_7k3v...``; 80 bits of chance."""
    return f"{prefix}_{_random(16)}"


def new_token() -> str:
    """A correlation token that back ends carry and can be searched by: ``ns-`` and 16 letters or digits."""
    return f"ns-{_random(16)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
