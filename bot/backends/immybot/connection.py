"""A configured ImmyBot instance."""

from collections.abc import Mapping
from typing import Any

from bot.backends.base import Connection, ConnectionSettings, Operation, Tools
from bot.backends.http import Client
from bot.backends.immybot.answers import explain, rows
from bot.backends.immybot.auth import Tokens
from bot.backends.immybot.directory import TENANTS
from bot.backends.immybot.operation import Maintenance
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.immybot.vault import Vault


class ImmyBotConnection(Connection):
    """Talks to one instance with one Entra application or bearer token."""

    def __init__(self, name: str, settings: ImmyBotSettings, tools: Tools) -> None:
        super().__init__(name, settings.title or name)
        self._vault = Vault(settings.secrets, (settings.client_secret, settings.bearer))
        self._tokens = Tokens(name, settings, tools.clock)
        self._client = Client(
            name,
            settings.base_url,
            authorize=self._tokens.headers,
            renew=self._tokens.renew,
            timeout=settings.timeout,
            explain=lambda status, body: self._vault.scrub(explain(status, body)),
        )
        maintenance = Maintenance(self._client, settings, self._vault, tools.clock)
        self._operations: dict[str, Operation[Any]] = {maintenance.key: maintenance}

    @property
    def operations(self) -> Mapping[str, Operation[Any]]:
        return self._operations

    async def check(self) -> str:
        answer = await self._client.send("GET", TENANTS)
        count = len(rows(self.name, "tenants", answer.json))
        seen = "1 tenant" if count == 1 else f"{count} tenants"
        faults = " ".join(self._vault.missing())
        return f"ImmyBot at {self._client.base_url} answers and shows {seen}." + (f" {faults}" if faults else "")

    async def close(self) -> None:
        await self._client.close()
        await self._tokens.close()


class ImmyBot:
    """The back end as it is found through the entry point."""

    kind = "immybot"
    title = "ImmyBot"
    command = "/immybot"
    about = "Run ImmyBot maintenance"
    hint = 'when="tomorrow 21:00" because="patches"'
    settings: type[ConnectionSettings] = ImmyBotSettings
    operations: tuple[type[Operation[Any]], ...] = (Maintenance,)

    def example(self) -> ImmyBotSettings:
        """A made-up connection, for showing requests where none is configured."""
        secrets = {"admin-password": "env:ADMIN_PASSWORD"}
        return ImmyBotSettings(subdomain="example", bearer="env:IMMYBOT_BEARER", secrets=secrets)

    def connect(self, name: str, settings: ImmyBotSettings, tools: Tools) -> ImmyBotConnection:
        """A connection. Opens nothing yet."""
        return ImmyBotConnection(name, settings, tools)
