"""Lantern: street lamps that can be restarted. The example of a back end that Nightshift finds by its entry point."""

from bot.backends.base import BackendKind
from lantern.connection import LanternKind

backend: BackendKind = LanternKind()
