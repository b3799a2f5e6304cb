"""Chooses the certificate authorities that are trusted."""

import ssl
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_private_channel(url: str) -> bool:
    """Return whether credentials may travel to an address: over https, or http on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


@cache
def default_ssl_context() -> ssl.SSLContext:
    """Return the public certificate authorities; loading them takes a while, so all connections share them."""
    return httpx.create_ssl_context()


def ssl_context(name: str, ca_file: Path | None) -> ssl.SSLContext:
    """Return the authorities of a back end's own file; the public ones where it has none. Raises ConfigError."""
    if ca_file is None:
        return default_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"{name}.ca_file: {ca_file} cannot be used: {error}"]) from error
