"""Foreman: job invocations of Remote Execution (``foreman.run``)."""

from bot.backends.base import BackendKind
from bot.backends.foreman.connection import ForemanKind

backend: BackendKind = ForemanKind()

__all__ = ["backend"]
