"""The sources of rotas, behind one port."""

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import httpx

from bot.backends.secrets import read_secret
from bot.backends.tls import default_ssl_context, is_private_channel
from bot.requests.oncall import RotaSettings
from bot.values import Json

MAX_BYTES = 1_000_000
TIMEOUT_SECONDS = 10.0


class RotaSource(Protocol):
    """Where a rota is read."""

    async def on_call(self, now: datetime) -> Json:
        """Return who is on call, as ``bot.requests.oncall.read_people`` takes it. Raises OSError, ValueError,
        httpx.HTTPError or SecretNotFound."""
        ...


class JsonFile:
    """A JSON file."""

    def __init__(self, path: str) -> None:
        self._path = Path(path.removeprefix("file://"))

    async def on_call(self, now: datetime) -> Json:
        """Read the file."""
        return _parse(await asyncio.to_thread(_read_limited, self._path))


class JsonUrl:
    """JSON at an address."""

    def __init__(self, url: str, token: str = "") -> None:
        self._url, self._token = url, token

    async def on_call(self, now: datetime) -> Json:
        """Fetch the address, with the token as bearer if there is one."""
        headers = {"Authorization": f"Bearer {_secret(self._token, self._url)}"} if self._token else {}
        return await _fetch(self._url, headers)


class PagerDutySchedule:
    """A schedule of PagerDuty: ``GET /schedules/ID/users`` for this moment. People are called by their mail addresses,
    or by their ids if they have none."""

    def __init__(self, schedule: str, token: str, api: str) -> None:
        self._url = f"{api.rstrip('/')}/schedules/{schedule}/users"
        self._token = token

    async def on_call(self, now: datetime) -> Json:
        """Ask PagerDuty. Times must differ, so a second is asked about."""
        token = _secret(self._token, self._url)
        headers = {"Authorization": f"Token token={token}", "Accept": "application/vnd.pagerduty+json;version=2"}
        span = {"since": now.isoformat(), "until": (now + timedelta(seconds=1)).isoformat()}
        answer = await _fetch(self._url, headers, span)
        users = answer.get("users") if isinstance(answer, Mapping) else None
        if not isinstance(users, list) or not all(isinstance(user, Mapping) for user in users):
            raise ValueError("it has no list of users")
        return [str(user.get("email") or user.get("id")) for user in users if isinstance(user, Mapping)]


def source_of(settings: RotaSettings) -> RotaSource:
    """Return the source that a rota names."""
    if settings.file:
        return JsonFile(settings.file)
    if settings.url:
        return JsonUrl(settings.url, settings.token)
    return PagerDutySchedule(settings.pagerduty, settings.token, settings.api)


def _secret(reference: str, url: str) -> str:
    if not is_private_channel(url):
        raise ValueError("a token is sent over https only")
    return read_secret(reference).get_secret_value()


def _read_limited(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


async def _fetch(url: str, headers: Mapping[str, str], params: Mapping[str, str] | None = None) -> Json:
    """Fetch JSON. No more than ``MAX_BYTES`` are read, after decompression, and a redirect is not followed: it would
    take the token along."""
    content = b""
    async with (
        httpx.AsyncClient(verify=default_ssl_context(), timeout=TIMEOUT_SECONDS) as client,
        client.stream("GET", url, headers=dict(headers), params=params) as response,
    ):
        if not response.is_success:
            raise ValueError(f"it answers {response.status_code}")
        async for part in response.aiter_bytes():
            content += part
            if len(content) > MAX_BYTES:
                break
    return _parse(content)


def _parse(content: bytes) -> Json:
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        answer: Json = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    return answer
