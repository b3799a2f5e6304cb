"""Lantern: street lamps that can be restarted."""

from bot.backends.base import BackendKind
from lantern.connection import LanternKind

backend: BackendKind = LanternKind()
