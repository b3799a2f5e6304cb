"""Calls to one OpsRamp tenant: budgets by class, retries where nothing can happen twice, lists in every shape."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from bot.backends.http import Answer, Client, message_of
from bot.backends.opsramp.limits import Limits, Sleep
from bot.backends.opsramp.settings import Class, OpsRampSettings
from bot.backends.opsramp.spelling import flag
from bot.backends.opsramp.tokens import Tokens
from bot.backends.trust import trust
from bot.clock import Clock
from bot.errors import Faulty, Throttled, Unreachable

PAGE_SIZE = 100
NOT_READY = "0005"
"""The code of a 500 by which OpsRamp says that something it depends on is not ready yet."""

_RENEW_ON = frozenset({401, 407})
_TOLD = {407: "the token has expired", 410: "the tenant is unavailable or deactivated"}
_WORDS = ("message", "description", "error_description", "error", "msg")


@dataclass(frozen=True, slots=True)
class Pace:
    """How patient a call is: tries in all, and seconds that it waits for its turn."""

    tries: int
    patience: float


QUICK = Pace(tries=1, patience=1.0)
WATCHING = Pace(tries=2, patience=5.0)
STEADY = Pace(tries=3, patience=65.0)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list. ``whole`` is False where there are more pages than were read."""

    rows: tuple[Mapping[str, Any], ...]
    whole: bool = True


class Api:
    """One tenant's calls. Paths start after ``/api/v2/tenants/``."""

    def __init__(self, name: str, settings: OpsRampSettings, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        verify = trust(name, settings.ca_file)
        self.name = name
        self._sleep = sleep
        self._tokens = Tokens(name, settings, clock, verify)
        self._limits = Limits(name, settings.budgets, clock, sleep)
        self._client = Client(
            name,
            settings.url,
            authorize=self._tokens.headers,
            renew=self._tokens.drop,
            renew_on=_RENEW_ON,
            verify=verify,
            timeout=settings.timeout,
            attempts=1,
            explain=explain,
            on_response=self._heard,
        )

    def url(self, path: str) -> str:
        """The full address of a path."""
        return f"{self._client.base_url}{_PREFIX}{path}"

    async def read(self, path: str, query: Mapping[str, Any] | None = None, pace: Pace = STEADY) -> Any:
        """The JSON of a GET; None where the answer was empty. Raises BackendError when the last try failed too."""
        kind: Class = "get_paged" if query and "pageNo" in query else "get"
        # Spaces as %20: not every server reads a plus as one.
        full = f"{_PREFIX}{path}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        return (await self._try(kind, lambda: self._client.send("GET", full), pace, (Unreachable, Faulty))).json

    async def rows(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        paged: bool = True,
        most_pages: int = 10,
        pace: Pace = STEADY,
        enough: Callable[[Any], bool] = lambda page: False,
    ) -> Rows:
        """The rows of a list, page after page; ``enough`` is asked after each. Raises BackendError where any page
        fails: half a list is none."""
        found: list[Mapping[str, Any]] = []
        number = 1
        first: dict[str, Any] = {"pageNo": 1, "pageSize": PAGE_SIZE} if paged else {}
        page = await self.read(path, {**first, **(query or {})}, pace)
        while True:
            found += self.listed(page)
            if not has_next(page) or enough(page):
                return Rows(tuple(found))
            if number >= most_pages:
                return Rows(tuple(found), whole=False)
            number += 1
            page = await self.read(path, {"pageSize": PAGE_SIZE, **(query or {}), "pageNo": number}, pace)

    def listed(self, body: Any, key: str = "results") -> list[Mapping[str, Any]]:
        """The rows of an answer: a list, an object that has one under ``key``, one single row, or nothing at all.
        Raises Faulty for anything else."""
        if isinstance(body, Mapping) and key in body:
            body = body[key]
        elif isinstance(body, Mapping):
            body = [body] if "id" in body else [] if "totalResults" in body or not body else body
        if body is None:
            return []
        if not isinstance(body, list) or not all(isinstance(row, Mapping) for row in body):
            raise Faulty(self.name, f"{self.name} sent something else where a list was expected.")
        return list(body)

    async def write(self, path: str, body: Any) -> Any:
        """Set a whole state with a POST. It is sent again only after an answer that says that nothing was done."""
        try:
            return await self.send_once("POST", path, body)
        except Faulty as error:
            if error.status != 500 or NOT_READY not in error.said:
                raise
        await self._sleep(1.0)
        return await self.send_once("POST", path, body)

    async def send_once(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call that must not happen twice. Only 429 brings another try: it says that nothing was done."""
        kind: Class = "get" if method == "GET" else "write"
        answer = await self._try(
            kind, lambda: self._client.send_once(method, f"{_PREFIX}{path}", json=body), STEADY, ()
        )
        return answer.json

    async def close(self) -> None:
        await self._client.close()
        await self._tokens.close()

    async def _try(
        self,
        kind: Class,
        call: Callable[[], Awaitable[Answer]],
        pace: Pace,
        retried: tuple[type[Exception], ...],
    ) -> Answer:
        for left in reversed(range(pace.tries)):
            await self._limits.take(kind, pace.patience)
            try:
                return await call()
            except Throttled:
                if not left:
                    raise
            except retried:
                if not left:
                    raise
                await self._sleep(0.5 * (pace.tries - left))
        raise AssertionError("the last try returns or raises")

    async def _heard(self, response: httpx.Response) -> None:
        request = response.request
        paged = "pageNo" in request.url.params
        kind: Class = "write" if request.method != "GET" else "get_paged" if paged else "get"
        self._limits.heard(kind, response.status_code, response.headers)


_PREFIX = "/api/v2/tenants/"


def explain(status: int, body: Any) -> str:
    """OpsRamp's own words of an error, whatever key they stand under, with its code."""
    if not isinstance(body, Mapping):
        return message_of(body) or _TOLD.get(status, "")
    words = next((str(body[key]).strip() for key in _WORDS if isinstance(body.get(key), str) and body[key].strip()), "")
    words = words or message_of(body) or _TOLD.get(status, "")
    code = body.get("code")
    return f"{words} (code {code})".strip() if code else words


def has_next(page: Any) -> bool:
    """Whether a page says that another one follows."""
    try:
        return isinstance(page, Mapping) and bool(flag(page.get("nextPage")))
    except ValueError:
        return False
