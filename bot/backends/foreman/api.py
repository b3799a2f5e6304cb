"""Foreman's HTTP API: reads are retried, POSTs never are."""

import base64
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime

from bot.backends.cache import ExpiringCache
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.http import Client, Headers, error_message
from bot.backends.secrets import SecretNotFound, read_secret
from bot.backends.tls import ssl_context
from bot.clock import Clock
from bot.errors import BadResponse, OutcomeUnknown, Refused, Unauthorized
from bot.values import Json, JsonObject

Row = JsonObject
QueryValue = str | int | None
_SEARCH_TTL = 10.0
"""Seconds for which the results of a search in the form are cached; several people type the same letters."""

_SHARED_TTL = 30.0
"""Seconds for which starts share equal lookups at most."""

_NOT_SAVED_MESSAGES = (
    "Validation failed",
    "Unknown input",
    "Cannot specify both bookmark_id and search_query",
    "Only one of feature or job_template_id",
    "Not all required inputs have values",
)
"""Words in a 500 response that show that Foreman has saved nothing."""


def extract_error(status: int, body: Json) -> str:
    """Return the server's error message with its details."""
    parts = [error_message(body)]
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        parts += [str(error.get("details") or ""), *map(str, error.get("full_messages") or ())]
    message = ". ".join(part.rstrip(".") for part in parts if part)
    if message:
        return f"{message}."
    return "the server gave no reason." if status == 401 else ""


class ForemanReads(ABC):
    """Reads of one Foreman. Every method raises BackendError."""

    name: str
    is_shared = False
    """Whether answers are shared with others of the last seconds."""

    @abstractmethod
    async def get(self, path: str, *, time_limit: float | None = None, **params: QueryValue) -> Json:
        """Return the JSON of a GET, within ``time_limit`` seconds. Parameters that are None are left out."""

    async def get_object(self, path: str, **params: QueryValue) -> Row:
        """Return the object at a path."""
        body = await self.get(path, time_limit=None, **params)
        if not isinstance(body, dict):
            raise BadResponse(self.name, f"{self.name} did not answer {path} with an object.")
        return body

    async def get_rows(
        self, path: str, *, time_limit: float | None = None, **params: QueryValue
    ) -> tuple[Sequence[Row], int]:
        """Return a page of a list, and the number of entries that match in total."""
        body = await self.get(path, time_limit=time_limit, **params)
        results = body.get("results") if isinstance(body, dict) else body
        if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
            raise BadResponse(self.name, f"{self.name} did not answer {path} with a list.")
        matching = body.get("subtotal") if isinstance(body, dict) else None
        return results, matching if isinstance(matching, int) else len(results)


class ForemanApi(ForemanReads):
    """One Foreman. Every method raises BackendError."""

    def __init__(self, name: str, settings: ForemanSettings, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._ssl_context = ssl_context(name, settings.ca_file)
        self._read_client = self._client(settings.timeout)
        self._search_cache = ExpiringCache(clock, _SEARCH_TTL)
        self._shared_cache = ExpiringCache(clock, _SHARED_TTL)
        self._write_client = self._client(settings.create_timeout)

    @property
    def url(self) -> str:
        """The base address, for API paths and for links that people open."""
        return self._settings.url

    async def close(self) -> None:
        await self._search_cache.close()
        await self._shared_cache.close()
        await self._read_client.close()
        await self._write_client.close()

    async def get(self, path: str, *, time_limit: float | None = None, **params: QueryValue) -> Json:
        given = {name: value for name, value in params.items() if value is not None}
        return (await self._read_client.send("GET", path, params=given, time_limit=time_limit)).json

    def shared_reads(self, since: datetime) -> ForemanReads:
        """Return reads that share their answers with others of the last seconds, but none from before ``since``."""
        return _SharedReads(self, self._shared_cache, since)

    async def search(self, path: str, **params: QueryValue) -> Sequence[Row]:
        """Return the rows for a select of the form, cached for a few seconds. Raises Unreachable if it takes too
        long."""

        async def fetch() -> Sequence[Row]:
            return (await self.get_rows(path, time_limit=self._settings.lookup_timeout, **params))[0]

        return await self._search_cache.get((path, tuple(sorted(params.items()))), fetch)

    async def post(self, path: str, body: Json) -> Json:
        """Make a POST once and return its JSON. Raises OutcomeUnknown if it may have had an effect."""
        try:
            answer = await self._write_client.send_once("POST", path, json=body)
        except BadResponse as error:
            raise self._classify_failure(error) from error
        except Refused as error:
            if error.status == 400:
                # Foreman detects an invalid search only after it has saved the job.
                raise OutcomeUnknown(self.name, str(error), status=400, server_message=error.server_message) from error
            raise
        return answer.json

    def _classify_failure(self, error: BadResponse) -> Refused | OutcomeUnknown:
        """Return Refused for a 500 that means that the job is invalid, else OutcomeUnknown."""
        is_explained = error.status == 503 and bool(error.server_message)
        if is_explained or 300 <= error.status < 400:
            return Refused(self.name, str(error), status=error.status, server_message=error.server_message)
        if any(words in error.server_message for words in _NOT_SAVED_MESSAGES):
            return Refused(
                self.name,
                f"{self.name} refused: {error.server_message}",
                status=error.status,
                server_message=error.server_message,
            )
        text = f"{error} Whether it acted is not certain."
        return OutcomeUnknown(self.name, text, status=error.status, server_message=error.server_message)

    def _client(self, timeout: float) -> Client:
        return Client(
            self.name,
            self._settings.url,
            authorize=self._authorize,
            headers={"Accept": "application/json;version=2", "Accept-Language": "en"},
            verify=self._ssl_context,
            timeout=timeout,
            extract_error=extract_error,
        )

    async def _authorize(self) -> Headers:
        try:
            password = read_secret(self._settings.password).get_secret_value()
        except SecretNotFound as error:
            raise Unauthorized(self.name, f"{self.name}: {error}") from error
        pair = f"{self._settings.username}:{password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


def quote_search_value(text: str) -> str:
    """Quote text as a value in a search."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _SharedReads(ForemanReads):
    """Reads that share their answers with equal ones."""

    is_shared = True

    def __init__(self, api: ForemanApi, cache: ExpiringCache, since: datetime) -> None:
        self.name = api.name
        self._api = api
        self._cache = cache
        self._since = since

    async def get(self, path: str, *, time_limit: float | None = None, **params: QueryValue) -> Json:
        async def fetch() -> Json:
            return await self._api.get(path, time_limit=time_limit, **params)

        return await self._cache.get((path, tuple(sorted(params.items()))), fetch, since=self._since)
