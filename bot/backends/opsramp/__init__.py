"""OpsRamp: changes, creates and runs jobs of the automation API v2."""

from bot.backends.base import CONTRACT_VERSION, BackendContext, BackendKind, Connection
from bot.backends.opsramp.connection import OpsRampConnection
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.run_job import RunJobOperation
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.opsramp.update_job import UpdateJobOperation


class OpsRampKind:
    """The kind of back end, found through the entry point."""

    contract_version = CONTRACT_VERSION
    kind = "opsramp"
    title = "OpsRamp"
    command = "/opsramp"
    command_description = "Update, create or run an OpsRamp job"
    command_usage_hint = "update | create | run"
    settings_model = OpsRampSettings
    operation_types = (UpdateJobOperation, CreateJobOperation, RunJobOperation)

    def example(self) -> OpsRampSettings:
        """Return settings of a made-up connection, for showing requests if none is configured."""
        return OpsRampSettings(
            url="https://example.api.opsramp.com",
            tenant="client_1",
            key="env:OPSRAMP_KEY",
            secret="env:OPSRAMP_SECRET",  # noqa: S106
        )

    def connect(self, name: str, settings: OpsRampSettings, context: BackendContext) -> Connection:
        return OpsRampConnection(name, settings, context)


backend: BackendKind = OpsRampKind()
