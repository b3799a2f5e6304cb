"""Access tokens for ImmyBot."""

import httpx

from bot.backends.http import Headers
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.oauth import AccessTokens
from bot.backends.tls import default_ssl_context
from bot.clock import Clock


class ImmyBotTokens(AccessTokens):
    """Gets tokens from Microsoft Entra, or uses a fixed bearer token."""

    def __init__(self, name: str, settings: ImmyBotSettings, clock: Clock) -> None:
        super().__init__(name, f"The token service of {name}", clock, settings.timeout, default_ssl_context())
        self._settings = settings

    async def authorization_headers(self) -> Headers:
        """Return the header that authorizes a call."""
        if self._settings.bearer:
            return {"Authorization": f"Bearer {self._read_secret(self._settings.bearer)}"}
        return await super().authorization_headers()

    async def invalidate(self) -> bool:
        """Forget a token that was refused. Return False for a fixed token, which cannot be replaced."""
        return await super().invalidate() and self._settings.bearer is None

    async def _request_token(self) -> httpx.Response:
        settings = self._settings
        secret = settings.client_secret or ""
        return await self._post_credentials(
            settings.token_endpoint, settings.client_id, secret, {"scope": settings.token_scope}
        )
