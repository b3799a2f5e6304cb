"""A configured Foreman, and the kind of back end that it is."""

from collections.abc import Mapping
from typing import Any

from bot.backends.base import Connection, ConnectionSettings, Operation, Tools
from bot.backends.foreman.run import RunJob
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.site import Site
from bot.backends.foreman.starting import INVOCATIONS, LOGICS
from bot.errors import Forbidden

_NEEDED = ("/api/job_templates", "/api/hosts", INVOCATIONS)
_USEFUL = {LOGICS: "series", "/api/bookmarks": "bookmarks", "/api/remote_execution_features": "features"}


_EXAMPLE = {
    "url": "https://foreman.example.com",
    "username": "nightshift",
    "password": "env:FOREMAN_TOKEN",
    "secrets": {"root-password": "env:ROOT_PASSWORD"},
}


class ForemanConnection(Connection):
    """One configured Foreman."""

    def __init__(self, name: str, settings: ForemanSettings, tools: Tools) -> None:
        super().__init__(name, settings.title or name)
        self._site = Site(name, settings, tools.clock)
        self._operations: Mapping[str, Operation[Any]] = {RunJob.key: RunJob(self._site)}

    @property
    def operations(self) -> Mapping[str, Operation[Any]]:
        return self._operations

    async def check(self) -> str:
        """Sign in, learn the versions, and try the reads that the operation needs. The rights to create and cancel
        cannot be tried without doing so. Raises BackendError."""
        api = self._site.api
        status = await api.one("/api/status")
        await self._site.learn(anew=True)
        for path in _NEEDED:
            await api.rows(path, per_page=1)
        lacking = []
        for path, what in _USEFUL.items():
            try:
                await api.rows(path, per_page=1)
            except Forbidden as error:
                lacking.append(f"no access to {what} ({error.said})")
        version = f"{self._site.server}" if self._site.server.foreman else f"Foreman {status.get('version')}"
        reader = "Fugit" if self._site.server.dialect == "fugit" else f"parse-cron in {self._site.settings.cron_zone}"
        return f"{version}; cron lines are read by {reader}" + "".join(f"; {text}" for text in lacking) + "."

    async def close(self) -> None:
        await self._site.api.close()


class ForemanKind:
    """Foreman with Remote Execution, also as Katello or Satellite."""

    kind = "foreman"
    title = "Foreman"
    command = "/foreman"
    about = "Run a job on hosts that Foreman manages"
    hint = 'template="Run Command" hosts="os = RedHat" when="tomorrow 21:00"'
    settings: type[ConnectionSettings] = ForemanSettings
    operations: tuple[type[Operation[Any]], ...] = (RunJob,)

    def example(self) -> ForemanSettings:
        """A made-up connection, for showing requests where none is configured."""
        return ForemanSettings.model_validate(_EXAMPLE)

    def connect(self, name: str, settings: ForemanSettings, tools: Tools) -> ForemanConnection:
        """A connection for validated settings. Raises ConfigError for a certificate file that cannot be used."""
        return ForemanConnection(name, settings, tools)
