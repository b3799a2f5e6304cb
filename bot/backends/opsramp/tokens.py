"""Access tokens for OpsRamp."""

import ssl

import httpx

from bot.backends.oauth import AccessTokens
from bot.backends.opsramp.settings import CLASSIC_AUTH_PATH, OpsRampSettings
from bot.clock import Clock


class OpsRampTokens(AccessTokens):
    """Gets tokens from OpsRamp itself. Older instances issue them at another path."""

    default_lifetime = 7199.0

    def __init__(self, name: str, settings: OpsRampSettings, clock: Clock, verify: ssl.SSLContext) -> None:
        super().__init__(name, name, clock, settings.timeout, verify)
        self._settings = settings
        self._path = settings.token_path

    async def _request_token(self) -> httpx.Response:
        response = await self._request_at(self._path)
        if response.status_code == 404 and self._path != CLASSIC_AUTH_PATH:
            response = await self._request_at(CLASSIC_AUTH_PATH)
            if response.is_success:
                self._path = CLASSIC_AUTH_PATH
        return response

    async def _request_at(self, path: str) -> httpx.Response:
        key = self._read_secret(self._settings.key)
        return await self._post_credentials(f"{self._settings.url}{path}", key, self._settings.secret)
