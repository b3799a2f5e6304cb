"""Tokens for ImmyBot: OAuth 2 client credentials at Microsoft Entra, or a fixed bearer token."""

import asyncio
from datetime import datetime, timedelta

import httpx

from bot.backends.http import Headers
from bot.backends.immybot.settings import ImmyBotSettings
from bot.backends.secrets import SecretNotFound, read_secret
from bot.backends.tls import default_ssl_context
from bot.clock import Clock
from bot.errors import RateLimited, Unauthorized, Unreachable
from bot.values import Json

_RENEWAL_MARGIN = timedelta(seconds=60)


class ImmyBotTokens:
    """Keeps one access token and gets a new one shortly before it ends.

    Its errors are Unauthorized, RateLimited and Unreachable only: whatever call needed the token was never sent.
    """

    def __init__(self, name: str, settings: ImmyBotSettings, clock: Clock) -> None:
        self._name = name
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._expires_at: datetime | None = None
        self._http = httpx.AsyncClient(
            verify=default_ssl_context(), timeout=httpx.Timeout(min(settings.timeout, 15.0), connect=5.0)
        )

    async def authorization_headers(self) -> Headers:
        """Return the header that authorizes a call."""
        if self._settings.bearer:
            return {"Authorization": f"Bearer {self._read_secret(self._settings.bearer)}"}
        async with self._lock:
            if not self._token or self._expires_at is None or self._clock.now() >= self._expires_at:
                await self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    async def invalidate(self) -> bool:
        """Drop a token that was refused. False where there is no other to be had."""
        self._token = ""
        return self._settings.bearer is None

    async def close(self) -> None:
        await self._http.aclose()

    async def _fetch(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._read_secret(self._settings.client_secret or ""),
            "scope": self._settings.token_scope,
        }
        try:
            response = await self._http.post(self._settings.token_endpoint, data=form)
        except httpx.HTTPError as error:
            cause = str(error) or type(error).__name__
            raise Unreachable(
                self._name, f"The token service of {self._name} cannot be reached: {cause}. Nothing was sent."
            ) from error
        body = _json(response)
        if not response.is_success:
            raise self._error_from(response, body)
        token = body.get("access_token")
        if not isinstance(token, str) or not token:
            raise Unreachable(
                self._name,
                f"The token service of {self._name} sent no token. Is token_url right? Nothing was sent.",
            )
        self._token = token
        self._expires_at = (
            self._clock.now() + timedelta(seconds=_lifetime_seconds(body.get("expires_in"))) - _RENEWAL_MARGIN
        )

    def _error_from(self, response: httpx.Response, body: dict[str, Json]) -> Exception:
        status = response.status_code
        message = str(body.get("error_description") or body.get("error") or "").partition("\n")[0].strip()[:300]
        tail = f": {message}" if message else "."
        if status == 429:
            text = f"The token service of {self._name} asks to slow down (429){tail}"
            return RateLimited(self._name, text, retry_after=5.0, server_message=message)
        if status < 500:
            text = f"The token service did not accept the credentials of {self._name} ({status}){tail}"
            return Unauthorized(self._name, text, status=status, server_message=message)
        text = f"The token service of {self._name} failed ({status}){tail} Nothing was sent."
        return Unreachable(self._name, text, status=status, server_message=message)

    def _read_secret(self, reference: str) -> str:
        try:
            return read_secret(reference).get_secret_value()
        except SecretNotFound as error:
            raise Unauthorized(self._name, f"{self._name} has no credentials: {error}") from error


def _json(response: httpx.Response) -> dict[str, Json]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _lifetime_seconds(value: object) -> float:
    """Return seconds that a token lives; an hour where the answer does not say."""
    try:
        return float(str(value))
    except ValueError:
        return 3600.0
