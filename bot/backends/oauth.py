"""Gets OAuth 2 access tokens with client credentials."""

import asyncio
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import httpx

from bot.backends.http import Headers
from bot.backends.payload import as_object, as_text
from bot.backends.secrets import SecretNotFound, read_secret
from bot.clock import Clock
from bot.errors import BackendError, RateLimited, Unauthorized, Unreachable
from bot.values import Json, JsonObject

_RENEWAL_MARGIN = timedelta(seconds=60)
_MAX_TIMEOUT = 15.0


class AccessTokens(ABC):
    """Keeps one access token, and replaces it a minute before it expires.

    Raises only Unauthorized, RateLimited and Unreachable: the call that needed the token was not sent.
    """

    default_lifetime: ClassVar[float] = 3600.0
    """Seconds until a token expires if the response does not say."""

    def __init__(self, name: str, issuer: str, clock: Clock, timeout: float, verify: ssl.SSLContext) -> None:
        """``issuer`` names the server that issues tokens, as the subject of an error message."""
        self._name = name
        self._issuer = issuer
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._expires_at: datetime | None = None
        self._http = httpx.AsyncClient(verify=verify, timeout=httpx.Timeout(min(timeout, _MAX_TIMEOUT), connect=5.0))

    async def authorization_headers(self) -> Headers:
        """Return the header that authorizes a call."""
        async with self._lock:
            if not self._token or self._expires_at is None or self._clock.now() >= self._expires_at:
                await self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    async def invalidate(self) -> bool:
        """Forget a token that was refused. Return whether another one can be obtained."""
        self._token = ""
        return True

    async def close(self) -> None:
        await self._http.aclose()

    @abstractmethod
    async def _request_token(self) -> httpx.Response:
        """Ask the issuer for a token."""

    async def _post_credentials(
        self, url: str, client_id: str, secret_reference: str, extra: Mapping[str, str] | None = None
    ) -> httpx.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": self._read_secret(secret_reference),
            **(extra or {}),
        }
        try:
            return await self._http.post(url, data=form, headers={"Accept": "application/json"})
        except httpx.HTTPError as error:
            cause = str(error) or type(error).__name__
            raise Unreachable(
                self._name, f"{self._issuer} cannot be reached for a token: {cause}. Nothing was sent."
            ) from error

    def _read_secret(self, reference: str) -> str:
        try:
            return read_secret(reference).get_secret_value()
        except SecretNotFound as error:
            raise Unauthorized(self._name, f"{self._name} has no credentials: {error}") from error

    async def _fetch(self) -> None:
        response = await self._request_token()
        body = _json(response)
        if not response.is_success:
            raise self._error_from(response.status_code, body)
        token = as_text(body.get("access_token"))
        if not token:
            raise Unreachable(
                self._name, f"{self._issuer} sent no token. Is {response.url} the right address? Nothing was sent."
            )
        self._token = token
        self._expires_at = self._clock.now() + self._lifetime(body.get("expires_in")) - _RENEWAL_MARGIN

    def _lifetime(self, seconds: Json) -> timedelta:
        """Return how long a token is valid. Issuers send a number, or a number as a string."""
        try:
            return timedelta(seconds=float(str(seconds)))
        except ValueError:
            return timedelta(seconds=self.default_lifetime)

    def _error_from(self, status: int, body: JsonObject) -> BackendError:
        message = as_text(body.get("error_description")) or as_text(body.get("error"))
        message = message.partition("\n")[0].strip()[:300]
        tail = f": {message.rstrip('.')}." if message else "."
        if status == 429:
            text = f"{self._issuer} asks to slow down (429){tail} Nothing was sent."
            return RateLimited(self._name, text, retry_after=5.0, server_message=message)
        if status < 500:
            text = f"{self._issuer} did not accept the bot's credentials ({status}){tail}"
            return Unauthorized(self._name, text, status=status, server_message=message)
        text = f"{self._issuer} failed to give a token ({status}){tail} Nothing was sent."
        return Unreachable(self._name, text, status=status, server_message=message)


def _json(response: httpx.Response) -> JsonObject:
    try:
        return as_object(response.json())
    except ValueError:
        return {}
