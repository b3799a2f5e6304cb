"""Connects to a configured Lantern, and defines the kind of back end."""

from bot.backends.base import BackendContext, Connection, ConnectionSettings
from bot.backends.http import Client, Headers
from bot.backends.payload import as_object
from bot.backends.secrets import SecretNotFound, SecretRef, read_secret
from bot.errors import Unauthorized
from lantern.restart import RestartOperation


class LanternSettings(ConnectionSettings):
    """One control room of Lantern."""

    url: str
    """Its address, such as https://lantern.example.com."""
    token: SecretRef
    """The token of the bot's account."""


class LanternConnection(Connection):
    """Talks to one control room."""

    def __init__(self, name: str, settings: LanternSettings, context: BackendContext) -> None:
        super().__init__(name, settings.title or name)
        self._token = settings.token
        self._client = Client(name, settings.url, authorize=self._authorize)
        self.operations = {RestartOperation.key: RestartOperation(self._client)}

    async def check(self) -> str:
        answer = await self._client.send("GET", "/api/version")
        return f"Lantern {as_object(answer.json).get('version')} answers."

    async def close(self) -> None:
        await self._client.close()

    async def _authorize(self) -> Headers:
        try:
            return {"Authorization": f"Bearer {read_secret(self._token).get_secret_value()}"}
        except SecretNotFound as error:
            raise Unauthorized(self.name, f"{self.name} has no credentials: {error}") from error


class LanternKind:
    """The kind of back end that the entry point names."""

    contract_version = 1
    kind = "lantern"
    title = "Lantern"
    command = "/lantern"
    command_description = "Restart lamps"
    command_usage_hint = 'lamps=hall,gate when="tomorrow 21:00"'
    settings_model = LanternSettings
    operation_types = (RestartOperation,)

    def example(self) -> LanternSettings:
        return LanternSettings(url="https://lantern.example.com", token="env:LANTERN_TOKEN")

    def connect(self, name: str, settings: LanternSettings, context: BackendContext) -> LanternConnection:
        return LanternConnection(name, settings, context)
