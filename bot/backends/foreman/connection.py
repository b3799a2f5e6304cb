"""One configured Foreman, and its kind of back end."""

from bot.backends.base import CONTRACT_VERSION, BackendContext, Connection
from bot.backends.foreman.context import ForemanContext
from bot.backends.foreman.operation import ForemanJobOperation
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.start import JOB_INVOCATIONS, RECURRING_LOGICS
from bot.errors import Forbidden

_REQUIRED_PATHS = ("/api/job_templates", "/api/hosts", JOB_INVOCATIONS)
_OPTIONAL_PATHS = {
    RECURRING_LOGICS: "series",
    "/api/bookmarks": "bookmarks",
    "/api/remote_execution_features": "features",
}


_EXAMPLE = {
    "url": "https://foreman.example.com",
    "username": "nightshift",
    "password": "env:FOREMAN_TOKEN",
    "secrets": {"root-password": "env:ROOT_PASSWORD"},
}


class ForemanConnection(Connection):
    """One configured Foreman."""

    def __init__(self, name: str, settings: ForemanSettings, context: BackendContext) -> None:
        super().__init__(name, settings.title or name)
        self._context = ForemanContext(name, settings, context)
        self.operations = {ForemanJobOperation.key: ForemanJobOperation(self._context)}

    async def check(self) -> str:
        """Sign in, read the versions, and try the reads that the operation needs. Raises BackendError.

        The permissions to create and cancel jobs cannot be checked without doing it.
        """
        api = self._context.api
        status = await api.get_object("/api/status")
        await self._context.refresh_versions(force=True)
        for path in _REQUIRED_PATHS:
            await api.get_rows(path, per_page=1)
        lacking = []
        for path, what in _OPTIONAL_PATHS.items():
            try:
                await api.get_rows(path, per_page=1)
            except Forbidden as error:
                lacking.append(f"no access to {what} ({error.server_message})")
        version = f"{self._context.server}" if self._context.server.foreman else f"Foreman {status.get('version')}"
        reader = (
            "Fugit" if self._context.server.dialect == "fugit" else f"parse-cron in {self._context.settings.cron_zone}"
        )
        return f"{version}; cron lines are read by {reader}" + "".join(f"; {text}" for text in lacking) + "."

    async def close(self) -> None:
        await self._context.close()


class ForemanKind:
    """Foreman with Remote Execution, also as Katello or Satellite."""

    contract_version = CONTRACT_VERSION
    kind = "foreman"
    title = "Foreman"
    command = "/foreman"
    command_description = "Run a job on hosts that Foreman manages"
    command_usage_hint = 'template="Run Command" hosts="os = RedHat" when="tomorrow 21:00"'
    settings_model = ForemanSettings
    operation_types = (ForemanJobOperation,)

    def example(self) -> ForemanSettings:
        """Return settings of a made-up connection, for showing requests if none is configured."""
        return ForemanSettings.model_validate(_EXAMPLE)

    def connect(self, name: str, settings: ForemanSettings, context: BackendContext) -> ForemanConnection:
        """Return a connection for validated settings. Raises ConfigError if the certificate file cannot be used."""
        return ForemanConnection(name, settings, context)
