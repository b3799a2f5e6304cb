"""Chooses the trusted certificate authorities."""

import ssl
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from bot.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_private_channel(url: str) -> bool:
    """Return whether credentials may be sent to an address: over https, or over http to this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


@cache
def default_ssl_context() -> ssl.SSLContext:
    """Return a context with the public certificate authorities. Loading them is slow, so all connections share it."""
    return httpx.create_ssl_context()


def ssl_context(name: str, ca_file: Path | None) -> ssl.SSLContext:
    """Return a context with the authorities in a back end's own file, or with the public ones. Raises ConfigError."""
    if ca_file is None:
        return default_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"{name}.ca_file: {ca_file} cannot be used: {error}"]) from error
