"""Tokens for OpsRamp: OAuth 2 client credentials, renewed a minute before they end."""

import asyncio
import ssl
from datetime import datetime, timedelta

import httpx

from bot.backends.http import Headers
from bot.backends.opsramp.settings import CLASSIC_AUTH_PATH, OpsRampSettings
from bot.backends.secrets import SecretNotFound, read_secret
from bot.clock import Clock
from bot.errors import BackendError, RateLimited, Unauthorized, Unreachable
from bot.values import Json, JsonObject

_RENEWAL_MARGIN = timedelta(seconds=60)
_DEFAULT_LIFETIME = 7199.0
"""Seconds that a token lives where the answer does not say."""


class OpsRampTokens:
    """Keeps one access token. Its errors are Unauthorized, RateLimited and Unreachable only: whatever call needed the
    token was never sent."""

    def __init__(self, name: str, settings: OpsRampSettings, clock: Clock, verify: ssl.SSLContext) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._path = settings.token_path
        self._token = ""
        self._expires_at: datetime | None = None
        self._http = httpx.AsyncClient(
            base_url=settings.url, verify=verify, timeout=httpx.Timeout(min(settings.timeout, 15.0), connect=5.0)
        )

    async def authorization_headers(self) -> Headers:
        """Return the header that authorizes a call."""
        async with self._lock:
            if not self._token or self._expires_at is None or self._clock.now() >= self._expires_at:
                await self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    async def invalidate(self) -> bool:
        """Forget a token that was refused; the next call gets another."""
        self._token = ""
        return True

    async def close(self) -> None:
        await self._http.aclose()

    async def _fetch(self) -> None:
        response = await self._request_token(self._path)
        if response.status_code == 404 and self._path != CLASSIC_AUTH_PATH:
            response = await self._request_token(CLASSIC_AUTH_PATH)
            if response.is_success:
                self._path = CLASSIC_AUTH_PATH
        body = _json(response)
        token = body.get("access_token")
        if not response.is_success:
            raise self._error_from(response.status_code, str(body.get("error_description") or body.get("error") or ""))
        if not isinstance(token, str) or not token:
            raise Unreachable(
                self._name,
                f"{self._name} sent no token. Is {self._settings.url} the address of its API? Nothing was sent.",
            )
        self._token = token
        self._expires_at = (
            self._clock.now() + timedelta(seconds=_lifetime_seconds(body.get("expires_in"))) - _RENEWAL_MARGIN
        )

    async def _request_token(self, path: str) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._read_secret(self._settings.key),
            "client_secret": self._read_secret(self._settings.secret),
        }
        try:
            return await self._http.post(path, data=form, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            cause = str(error) or type(error).__name__
            raise Unreachable(
                self._name, f"{self._name} cannot be reached for a token: {cause}. Nothing was sent."
            ) from error

    def _read_secret(self, reference: str) -> str:
        try:
            return read_secret(reference).get_secret_value()
        except SecretNotFound as error:
            raise Unauthorized(self._name, f"{self._name} has no credentials: {error}") from error

    def _error_from(self, status: int, message: str) -> BackendError:
        message = message[:300]
        tail = f": {message}." if message else "."
        if status == 429:
            text = f"{self._name} asks to slow down (429){tail} Nothing was sent."
            return RateLimited(self._name, text, retry_after=5.0, server_message=message)
        if status < 500:
            text = f"{self._name} did not accept the bot's key and secret ({status}){tail}"
            return Unauthorized(self._name, text, status=status, server_message=message)
        text = f"{self._name} failed to give a token ({status}){tail} Nothing was sent."
        return Unreachable(self._name, text, status=status, server_message=message)


def _json(response: httpx.Response) -> JsonObject:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _lifetime_seconds(value: Json) -> float:
    """Return the life of a token; OpsRamp sends it as a string or as a number."""
    try:
        return float(str(value))
    except ValueError:
        return _DEFAULT_LIFETIME
