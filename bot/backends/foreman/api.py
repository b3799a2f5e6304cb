"""Foreman's HTTP API as this package uses it: reads that may be repeated, POSTs that never are."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from bot.backends.cache import Cache
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.http import Client, Headers, message_of
from bot.backends.secrets import SecretMissing, reveal
from bot.backends.trust import trust
from bot.clock import Clock
from bot.errors import FateUnknown, Faulty, Refused, Unauthorized

Row = Mapping[str, Any]
_SEARCHES_KEEP = 10.0
"""Seconds for which what a search for a form found is used again: several people type the same letters."""

_CERTAIN = (
    "Validation failed",
    "Unknown input",
    "Cannot specify both bookmark_id and search_query",
    "Only one of feature or job_template_id",
    "Not all required inputs have values",
)
"""Words of a 500 that Foreman says before it saves anything."""


def explain(status: int, body: Any) -> str:
    """The server's own words, with the details that it adds."""
    parts = [message_of(body)]
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        parts += [str(error.get("details") or ""), *map(str, error.get("full_messages") or ())]
    said = ". ".join(part.rstrip(".") for part in parts if part)
    if said:
        return f"{said}."
    return "the server gave no reason." if status == 401 else ""


class Api:
    """One Foreman. Every method raises BackendError."""

    def __init__(self, name: str, settings: ForemanSettings, clock: Clock) -> None:
        self.name = name
        self._settings = settings
        self._trust = trust(name, settings.ca_file)
        self._reads = self._client(settings.timeout)
        self._searches = Cache(clock, _SEARCHES_KEEP)
        self._writes = self._client(settings.create_timeout)

    @property
    def url(self) -> str:
        """The address that people open, and that paths are added to."""
        return self._settings.url

    async def close(self) -> None:
        await self._searches.close()
        await self._reads.close()
        await self._writes.close()

    async def get(self, path: str, *, within: float | None = None, **params: Any) -> Any:
        """The JSON of a read, within some seconds. Parameters that are None are left out."""
        wanted = {name: value for name, value in params.items() if value is not None}
        return (await self._reads.send("GET", path, params=wanted, within=within)).json

    async def one(self, path: str, **params: Any) -> Row:
        """One thing."""
        found = await self.get(path, **params)
        if not isinstance(found, dict):
            raise Faulty(self.name, f"{self.name} did not answer {path} with an object.")
        return found

    async def rows(self, path: str, *, within: float | None = None, **params: Any) -> tuple[Sequence[Row], int]:
        """A list and how many entries match in all."""
        found = await self.get(path, within=within, **params)
        results = found.get("results") if isinstance(found, dict) else found
        if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
            raise Faulty(self.name, f"{self.name} did not answer {path} with a list.")
        matching = found.get("subtotal") if isinstance(found, dict) else None
        return results, matching if isinstance(matching, int) else len(results)

    async def quick(self, path: str, **params: Any) -> Sequence[Row]:
        """A list for somebody who waits in front of a form; the same list again is not fetched for a few seconds.
        Raises Unreachable where it takes too long."""

        async def fetch() -> Sequence[Row]:
            return (await self.rows(path, within=self._settings.lookup_timeout, **params))[0]

        return await self._searches.get((path, tuple(sorted(params.items()))), fetch)

    async def post(self, path: str, body: Any) -> Any:
        """The JSON of a POST, which is made once. Raises FateUnknown where it may have had an effect."""
        try:
            answer = await self._writes.send_once("POST", path, json=body)
        except Faulty as error:
            raise self._verdict(error) from error
        except Refused as error:
            if error.status == 400:
                # A search that cannot be used is found out only after the job was saved.
                raise FateUnknown(self.name, str(error), status=400, said=error.said) from error
            raise
        return answer.json

    def _verdict(self, error: Faulty) -> Refused | FateUnknown:
        """Whether a server's failure is a refusal in disguise: Foreman answers invalid jobs with a 500."""
        told = error.status == 503 and bool(error.said)
        if told or 300 <= error.status < 400:
            return Refused(self.name, str(error), status=error.status, said=error.said)
        if any(words in error.said for words in _CERTAIN):
            return Refused(self.name, f"{self.name} refused: {error.said}", status=error.status, said=error.said)
        text = f"{error} Whether it acted is not certain."
        return FateUnknown(self.name, text, status=error.status, said=error.said)

    def _client(self, timeout: float) -> Client:
        return Client(
            self.name,
            self._settings.url,
            authorize=self._authorize,
            headers={"Accept": "application/json;version=2", "Accept-Language": "en"},
            verify=self._trust,
            timeout=timeout,
            explain=explain,
        )

    async def _authorize(self) -> Headers:
        try:
            password = reveal(self._settings.password).get_secret_value()
        except SecretMissing as error:
            raise Unauthorized(self.name, f"{self.name}: {error}") from error
        pair = f"{self._settings.username}:{password}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


def quoted(text: str) -> str:
    """Text as a value of a search."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
