"""Makes calls to one OpsRamp tenant: within its rate limits, with retries of what may be repeated, and with lists of
every shape."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import httpx

from bot.backends.http import ApiResponse, Client, error_message
from bot.backends.opsramp.coercion import coerce_flag
from bot.backends.opsramp.rate_limits import CallLimiter, Sleep
from bot.backends.opsramp.settings import CallClass, OpsRampSettings
from bot.backends.opsramp.tokens import OpsRampTokens
from bot.backends.payload import as_text
from bot.backends.tls import ssl_context
from bot.clock import Clock
from bot.errors import BadResponse, RateLimited, Unreachable
from bot.values import Json, JsonObject

PAGE_SIZE = 100
NOT_READY_CODE = "0005"
"""The code of a 500 response that means that something OpsRamp depends on is not ready yet."""

_UNAUTHORIZED_STATUSES = frozenset({401, 407})
_STATUS_MESSAGES = {407: "the token has expired", 410: "the tenant is unavailable or deactivated"}
_MESSAGE_KEYS = ("message", "description", "error_description", "error", "msg")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a call is tried, and how many seconds it may wait for its turn."""

    max_attempts: int
    max_wait: float


INTERACTIVE = RetryPolicy(max_attempts=1, max_wait=1.0)
POLLING = RetryPolicy(max_attempts=2, max_wait=5.0)
PATIENT = RetryPolicy(max_attempts=3, max_wait=65.0)


@dataclass(frozen=True, slots=True)
class RowList:
    """The rows of a list. ``is_complete`` is False if there are unread pages."""

    rows: tuple[JsonObject, ...]
    is_complete: bool = True


class OpsRampApi:
    """Makes calls. Paths are relative to ``/api/v2/tenants/``."""

    def __init__(self, name: str, settings: OpsRampSettings, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        verify = ssl_context(name, settings.ca_file)
        self.name = name
        self._sleep = sleep
        self._tokens = OpsRampTokens(name, settings, clock, verify)
        self._limits = CallLimiter(name, settings.rate_limits, clock, sleep)
        self._client = Client(
            name,
            settings.url,
            authorize=self._tokens.authorization_headers,
            invalidate_token=self._tokens.invalidate,
            unauthorized_statuses=_UNAUTHORIZED_STATUSES,
            verify=verify,
            timeout=settings.timeout,
            attempts=1,
            extract_error=extract_error,
            on_response=self._record_response,
        )

    def url(self, path: str) -> str:
        """Return the full address of a path."""
        return f"{self._client.base_url}{_PATH_PREFIX}{path}"

    async def get(self, path: str, query: JsonObject | None = None, policy: RetryPolicy = PATIENT) -> Json:
        """Return the JSON of a GET, or None for an empty response. Raises the BackendError of the last attempt."""
        kind: CallClass = "get_paged" if query and "pageNo" in query else "get"
        # Spaces become %20, because not every server reads a plus as a space.
        full = f"{_PATH_PREFIX}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        return (
            await self._attempt(kind, lambda: self._client.send("GET", full), policy, (Unreachable, BadResponse))
        ).json

    async def get_rows(
        self,
        path: str,
        query: JsonObject | None = None,
        *,
        paged: bool = True,
        max_pages: int = 10,
        policy: RetryPolicy = PATIENT,
        stop_after: Callable[[Json], bool] = lambda page: False,
    ) -> RowList:
        """Return the rows of all pages up to the one for which ``stop_after`` is true. Raises BackendError if any page
        fails."""
        rows: list[JsonObject] = []
        number = 1
        first: dict[str, Json] = {"pageNo": 1, "pageSize": PAGE_SIZE} if paged else {}
        page = await self.get(path, {**first, **(query or {})}, policy)
        while True:
            rows += self.extract_rows(page)
            if not has_next(page) or stop_after(page):
                return RowList(tuple(rows))
            if number >= max_pages:
                return RowList(tuple(rows), is_complete=False)
            number += 1
            page = await self.get(path, {"pageSize": PAGE_SIZE, **(query or {}), "pageNo": number}, policy)

    def extract_rows(self, body: Json, key: str = "results") -> list[JsonObject]:
        """Return the rows of a response: a list, an object with a list under ``key``, a single row, or nothing.

        Raises BadResponse for anything else.
        """
        if isinstance(body, Mapping) and key in body:
            body = body[key]
        elif isinstance(body, Mapping):
            body = [body] if "id" in body else [] if "totalResults" in body or not body else body
        if body is None:
            return []
        if not isinstance(body, list) or not all(isinstance(row, Mapping) for row in body):
            raise BadResponse(self.name, f"{self.name} sent something else where a list was expected.")
        return list(body)

    async def post_idempotent(self, path: str, body: Json) -> Json:
        """Make a POST that sets a whole state. It is repeated only after a response that says that nothing was done."""
        try:
            return await self.send_once("POST", path, body)
        except BadResponse as error:
            if error.status != 500 or NOT_READY_CODE not in error.server_message:
                raise
        await self._sleep(1.0)
        return await self.send_once("POST", path, body)

    async def send_once(self, method: str, path: str, body: Json = None) -> Json:
        """Make a call that must not happen twice. It is repeated only after a 429, which says that nothing was done."""
        kind: CallClass = "get" if method == "GET" else "write"
        answer = await self._attempt(
            kind, lambda: self._client.send_once(method, f"{_PATH_PREFIX}{path}", json=body), PATIENT, ()
        )
        return answer.json

    async def close(self) -> None:
        await self._client.close()
        await self._tokens.close()

    async def _attempt(
        self,
        call_class: CallClass,
        call: Callable[[], Awaitable[ApiResponse]],
        policy: RetryPolicy,
        retry_on: tuple[type[Exception], ...],
    ) -> ApiResponse:
        for left in reversed(range(policy.max_attempts)):
            await self._limits.acquire(call_class, policy.max_wait)
            try:
                return await call()
            except RateLimited:
                if not left:
                    raise
            except retry_on:
                if not left:
                    raise
                await self._sleep(0.5 * (policy.max_attempts - left))
        raise AssertionError("the last try returns or raises")

    async def _record_response(self, response: httpx.Response) -> None:
        request = response.request
        paged = "pageNo" in request.url.params
        kind: CallClass = "write" if request.method != "GET" else "get_paged" if paged else "get"
        self._limits.record_response(kind, response.status_code, response.headers)


_PATH_PREFIX = "/api/v2/tenants/"


def extract_error(status: int, body: Json) -> str:
    """Return OpsRamp's error message, under whichever key it is, with its code."""
    if not isinstance(body, Mapping):
        return error_message(body) or _STATUS_MESSAGES.get(status, "")
    words = next((text for key in _MESSAGE_KEYS if (text := as_text(body.get(key)))), "")
    words = words or error_message(body) or _STATUS_MESSAGES.get(status, "")
    code = body.get("code")
    return f"{words} (code {code})".strip() if code else words


def has_next(page: Json) -> bool:
    """Return whether another page follows."""
    try:
        return isinstance(page, Mapping) and bool(coerce_flag(page.get("nextPage")))
    except ValueError:
        return False
