"""Makes HTTP calls to a back end: one client for each connection, typed errors, and retries only of calls that may be
repeated."""

import asyncio
import json as jsonlib
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import httpx
import stamina

from bot.backends.tls import default_ssl_context
from bot.errors import (
    BackendError,
    BadResponse,
    Forbidden,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteNotFound,
    Unauthorized,
    Unreachable,
)
from bot.telemetry.metrics import BACKEND_CALLS, BACKEND_SECONDS, outcome_of
from bot.values import Json

Headers = Mapping[str, str]
QueryParams = Mapping[str, str | int]
_NOT_SENT_ERRORS = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_RETRYABLE_ERRORS = (Unreachable, BadResponse)


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """A response: status, headers, and the decoded JSON (None for an empty body)."""

    status: int
    headers: Headers
    json: Json


def error_message(body: Json) -> str:
    """Return the message of an error body, whether nested, flat or a bare string."""
    if isinstance(body, str):
        return body.strip()
    if not isinstance(body, Mapping):
        return ""
    for key in ("error", "message", "error_description", "description", "msg", "detail", "title"):
        inner = body.get(key)
        text = error_message(inner) if isinstance(inner, Mapping) else inner
        if isinstance(text, str) and text.strip():
            return text.strip()
    return ""


class Client:
    """Exchanges JSON with one back end.

    ``authorize`` returns the headers of a call. ``invalidate_token`` drops a token that was refused, and says whether
    another one can be obtained. ``on_response`` gets every response before its body is read, for example to read
    rate-limit headers.

    ``send`` is for calls that may be repeated: reads, and writes that set a whole state. ``send_once`` is for calls
    that must not be repeated: it reports a lost response as OutcomeUnknown and does not retry.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        authorize: Callable[[], Awaitable[Headers]],
        invalidate_token: Callable[[], Awaitable[bool]] | None = None,
        unauthorized_statuses: frozenset[int] = frozenset({401}),
        headers: Headers | None = None,
        verify: ssl.SSLContext | None = None,
        timeout: float = 30.0,
        attempts: int = 3,
        extract_error: Callable[[int, Json], str] | None = None,
        on_response: Callable[[httpx.Response], Awaitable[None]] | None = None,
    ) -> None:
        self.name = name
        self._authorize = authorize
        self._invalidate_token = invalidate_token
        self._unauthorized_statuses = unauthorized_statuses
        self._attempts = attempts
        self._extract_error = extract_error or (lambda status, body: error_message(body))
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Accept": "application/json", **(headers or {})},
            verify=verify or default_ssl_context(),
            timeout=httpx.Timeout(timeout, connect=5.0),
            limits=httpx.Limits(max_connections=16, max_keepalive_connections=8),
            follow_redirects=False,
            event_hooks={"response": [on_response]} if on_response else {},
        )

    @property
    def base_url(self) -> str:
        return str(self._http.base_url).rstrip("/")

    async def send(
        self,
        method: str,
        path: str,
        *,
        params: QueryParams | None = None,
        json: Json = None,
        time_limit: float | None = None,
    ) -> ApiResponse:
        """Make a call that may be repeated.

        Raises the BackendError of the last attempt. After ``time_limit`` seconds, raises the latest error so far, or
        Unreachable if there was none.
        """
        failed: BackendError | None = None
        try:
            async with asyncio.timeout(time_limit):
                async for attempt in stamina.retry_context(
                    on=_RETRYABLE_ERRORS,
                    attempts=self._attempts,
                    wait_initial=0.2,
                    wait_max=2.0,
                    wait_jitter=0.2,
                    timeout=None,
                ):
                    with attempt:
                        try:
                            return await self._request(method, path, params, json)
                        except OutcomeUnknown as error:
                            failed = BadResponse(self.name, str(error))
                            raise failed from error
                        except _RETRYABLE_ERRORS as error:
                            failed = error
                            raise
        except TimeoutError:
            raise failed or Unreachable(
                self.name, f"{self.name} did not answer within {time_limit:g} seconds."
            ) from None
        raise AssertionError("stamina either returns or raises")

    async def send_once(
        self, method: str, path: str, *, params: QueryParams | None = None, json: Json = None
    ) -> ApiResponse:
        """Make a call that must not be repeated.

        Raises Refused or Unreachable if nothing happened, BadResponse or OutcomeUnknown if something may have happened.
        """
        return await self._request(method, path, params, json)

    async def close(self) -> None:
        await self._http.aclose()

    async def _request(self, method: str, path: str, params: QueryParams | None, json: Json) -> ApiResponse:
        response = await self._send_request(method, path, params, json)
        if (
            response.status_code in self._unauthorized_statuses
            and self._invalidate_token is not None
            and await self._invalidate_token()
        ):
            response = await self._send_request(method, path, params, json)
        body = self._decode(response)
        if response.is_success:
            return ApiResponse(response.status_code, response.headers, body)
        raise self._error_from(response, body)

    async def _send_request(self, method: str, path: str, params: QueryParams | None, json: Json) -> httpx.Response:
        outcome, began = "failed", time.perf_counter()
        try:
            response = await self._exchange(method, path, params, json)
            outcome = f"{response.status_code // 100}xx"
            return response
        except BackendError as error:
            outcome = outcome_of(error)
            raise
        finally:
            BACKEND_CALLS.labels(self.name, method, outcome).inc()
            BACKEND_SECONDS.labels(self.name, method).observe(time.perf_counter() - began)

    async def _exchange(self, method: str, path: str, params: QueryParams | None, json: Json) -> httpx.Response:
        headers = dict(await self._authorize())
        content = None
        if json is not None or method in ("POST", "PUT", "PATCH"):
            headers["Content-Type"] = "application/json"
            content = jsonlib.dumps({} if json is None else json).encode()
        try:
            response = await self._http.request(method, path, params=params, content=content, headers=headers)
        except _NOT_SENT_ERRORS as error:
            raise Unreachable(
                self.name, f"{self.name} cannot be reached at {self.base_url}: {_cause_text(error)}."
            ) from error
        except httpx.HTTPError as error:
            raise OutcomeUnknown(
                self.name, f"The connection to {self.name} was lost before its answer: {_cause_text(error)}."
            ) from error
        # Drop session cookies: servers respond to an expired one with an empty 401.
        self._http.cookies.clear()
        return response

    def _decode(self, response: httpx.Response) -> Json:
        if not response.content.strip():
            return None
        kind = response.headers.get("content-type", "")
        if "json" not in kind and response.is_success:
            raise BadResponse(
                self.name,
                f"{self.name} answered with {kind or 'something unknown'} instead of JSON. "
                f"Is {self.base_url} the address of its API?",
            )
        try:
            body: Json = response.json()
            return body
        except ValueError:
            if response.is_success:
                raise BadResponse(self.name, f"{self.name} sent JSON that cannot be read.") from None
            return None

    def _error_from(self, response: httpx.Response, body: Json) -> BackendError:
        status, name = response.status_code, self.name
        message = self._extract_error(status, body)[:500]
        tail = f": {message}" if message else "."
        kind: type[BackendError]
        match status:
            case 401 | 407:
                kind, text = Unauthorized, f"{name} did not accept the bot's credentials ({status}){tail}"
            case 403:
                kind, text = Forbidden, f"{name} does not permit this to the bot's account (403){tail}"
            case 404:
                kind, text = RemoteNotFound, f"{name} found nothing there (404){tail}"
            case 429:
                wait = _retry_after(response.headers)
                return RateLimited(
                    name, f"{name} asks to slow down (429){tail}", retry_after=wait, server_message=message
                )
            case _ if status < 400:
                kind, text = (
                    BadResponse,
                    f"{name} redirects elsewhere ({status}). Is {self.base_url} its right address?",
                )
            case _ if status < 500:
                kind, text = Refused, f"{name} refused ({status}){tail}"
            case _:
                kind, text = BadResponse, f"{name} failed ({status}){tail}"
        return kind(name, text, status=status, server_message=message)


def _retry_after(headers: Headers) -> float:
    try:
        return min(float(headers.get("retry-after", "5")), 300.0)
    except ValueError:
        return 5.0


def _cause_text(error: Exception) -> str:
    return str(error).rstrip(".") or type(error).__name__
