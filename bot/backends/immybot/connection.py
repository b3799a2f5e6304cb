"""One configured ImmyBot instance."""

from bot.backends.base import CONTRACT_VERSION, BackendContext, Connection
from bot.backends.http import Client
from bot.backends.immybot.inventory import TENANTS
from bot.backends.immybot.operation import MaintenanceOperation
from bot.backends.immybot.responses import extract_error, extract_rows
from bot.backends.immybot.secret_store import SecretStore
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.immybot.tokens import ImmyBotTokens


class ImmyBotConnection(Connection):
    """One instance, with one Entra application or bearer token."""

    def __init__(self, name: str, settings: ImmyBotSettings, context: BackendContext) -> None:
        super().__init__(name, settings.title or name)
        self._secrets = SecretStore(settings.secrets, (settings.client_secret, settings.bearer))
        self._tokens = ImmyBotTokens(name, settings, context.clock)
        self._client = Client(
            name,
            settings.base_url,
            authorize=self._tokens.authorization_headers,
            invalidate_token=self._tokens.invalidate,
            timeout=settings.timeout,
            extract_error=lambda status, body: self._secrets.redact(extract_error(status, body)),
        )
        maintenance = MaintenanceOperation(self._client, settings, self._secrets, context.clock)
        self.operations = {maintenance.key: maintenance}

    async def check(self) -> str:
        answer = await self._client.send("GET", TENANTS)
        count = len(extract_rows(self.name, "tenants", answer.json))
        seen = "1 tenant" if count == 1 else f"{count} tenants"
        faults = " ".join(self._secrets.missing_messages())
        return f"ImmyBot at {self._client.base_url} answers and shows {seen}." + (f" {faults}" if faults else "")

    async def close(self) -> None:
        await self._client.close()
        await self._tokens.close()


class ImmyBotKind:
    """The kind of back end, found through the entry point."""

    contract_version = CONTRACT_VERSION
    kind = "immybot"
    title = "ImmyBot"
    command = "/immybot"
    command_description = "Run ImmyBot maintenance"
    command_usage_hint = 'when="tomorrow 21:00" because="patches"'
    settings_model = ImmyBotSettings
    operation_types = (MaintenanceOperation,)

    def example(self) -> ImmyBotSettings:
        """Return settings of a made-up connection, for showing requests if none is configured."""
        secrets = {"admin-password": "env:ADMIN_PASSWORD"}
        return ImmyBotSettings(subdomain="example", bearer="env:IMMYBOT_BEARER", secrets=secrets)

    def connect(self, name: str, settings: ImmyBotSettings, context: BackendContext) -> ImmyBotConnection:
        """Return a connection, without opening it."""
        return ImmyBotConnection(name, settings, context)
