"""OpsRamp: jobs of the automation API v2, changed, created and run."""

from typing import Any

from bot.backends.base import BackendKind, Connection, ConnectionSettings, Operation, Tools
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.create import Create
from bot.backends.opsramp.run import Run
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.opsramp.update import Update


class OpsRamp:
    """The kind of back end, as it is found through the entry point."""

    kind = "opsramp"
    title = "OpsRamp"
    command = "/opsramp"
    about = "Update, create or run an OpsRamp job"
    hint = "update | create | run"
    settings: type[ConnectionSettings] = OpsRampSettings
    operations: tuple[type[Operation[Any]], ...] = (Update, Create, Run)

    def example(self) -> OpsRampSettings:
        """A made-up connection, for showing requests where none is configured."""
        return OpsRampSettings(
            url="https://example.api.opsramp.com",
            tenant="client_1",
            key="env:OPSRAMP_KEY",
            secret="env:OPSRAMP_SECRET",  # noqa: S106
        )

    def connect(self, name: str, settings: Any, tools: Tools) -> Connection:
        return OpsRampConnection(name, settings, tools)


backend: BackendKind = OpsRamp()
