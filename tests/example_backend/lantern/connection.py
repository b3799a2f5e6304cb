"""A configured Lantern, and the kind of back end that it is."""

from collections.abc import Mapping
from typing import Any

from bot.backends.base import Connection, ConnectionSettings, Operation, Tools
from bot.backends.http import Client, Headers
from bot.backends.secrets import SecretMissing, SecretRef, reveal
from bot.errors import Unauthorized
from lantern.restart import RestartLamps


class LanternSettings(ConnectionSettings):
    """One control room of Lantern."""

    url: str
    """Its address, such as https://lantern.example.com."""
    token: SecretRef
    """The token of the bot's account."""


class LanternConnection(Connection):
    """Talks to one control room."""

    def __init__(self, name: str, settings: LanternSettings, tools: Tools) -> None:
        super().__init__(name, settings.title or name)
        self._token = settings.token
        self._client = Client(name, settings.url, authorize=self._authorize)
        self._operations: dict[str, Operation[Any]] = {RestartLamps.key: RestartLamps(self._client)}

    @property
    def operations(self) -> Mapping[str, Operation[Any]]:
        return self._operations

    async def check(self) -> str:
        answer = await self._client.send("GET", "/api/version")
        return f"Lantern {answer.json['version']} answers."

    async def close(self) -> None:
        await self._client.close()

    async def _authorize(self) -> Headers:
        try:
            return {"Authorization": f"Bearer {reveal(self._token).get_secret_value()}"}
        except SecretMissing as error:
            raise Unauthorized(self.name, f"{self.name} has no credentials: {error}") from error


class Lantern:
    """The kind, as it is found through the entry point."""

    kind = "lantern"
    title = "Lantern"
    command = "/lantern"
    about = "Restart lamps"
    hint = 'lamps=hall,gate when="tomorrow 21:00"'
    settings: type[ConnectionSettings] = LanternSettings
    operations: tuple[type[Operation[Any]], ...] = (RestartLamps,)

    def example(self) -> LanternSettings:
        return LanternSettings(url="https://lantern.example.com", token="env:LANTERN_TOKEN")

    def connect(self, name: str, settings: Any, tools: Tools) -> LanternConnection:
        return LanternConnection(name, settings, tools)
