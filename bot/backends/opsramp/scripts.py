"""Reads a tenant's custom scripts (RBA): categories, scripts, parameters and output."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.backends.base import Option
from bot.backends.cache import ExpiringCache
from bot.backends.opsramp import coercion
from bot.backends.opsramp.api import INTERACTIVE, POLLING, OpsRampApi, RetryPolicy
from bot.backends.payload import as_object
from bot.clock import Clock
from bot.errors import RemoteNotFound
from bot.values import Json, JsonObject, digest

_TTL_SECONDS = 300.0
"""Seconds for which categories and scripts are cached. They rarely change."""

_MAX_CONCURRENT_READS = 6
_MAX_CATEGORIES = 200
_MAX_OUTPUT_PAGES = 5
_DECISIVE_KEYS = ("scriptVersion", "executionType", "platforms", "parameters")
"""What OpsRamp tells of a script that decides what it does. It does not tell the text."""


@dataclass(frozen=True, slots=True)
class ScriptParameter:
    """One parameter of a script. ``id`` is the paramId of a job."""

    id: str
    name: str
    description: str = ""
    default: str = ""
    required: bool = False
    data_type: str = "STRING"

    @property
    def is_password(self) -> bool:
        return self.data_type == "PASSWORD"


@dataclass(frozen=True, slots=True)
class Script:
    """A custom script, with its parameters once it has been read by itself.

    ``fingerprint`` stands for what decides what it does, as far as OpsRamp tells that.
    """

    id: int
    name: str
    category: str
    category_id: str
    description: str = ""
    platforms: tuple[str, ...] = ()
    parameters: tuple[ScriptParameter, ...] = field(default=())
    version: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ScriptOutput:
    """What a script printed on one device."""

    device: str
    responded_at: datetime
    text: str


class ScriptCatalog:
    """The scripts of a connection. OpsRamp has no search for them, so all categories are read and cached."""

    def __init__(self, api: OpsRampApi, clock: Clock) -> None:
        self._api = api
        self._cache = ExpiringCache(clock, _TTL_SECONDS)
        self._places: dict[tuple[str, int], Script] = {}
        """Each script as it was last read. Its category is where to look for it again."""

    async def search(self, tenant: str, query: str) -> list[Option]:
        """Return scripts whose name, category or id matches a query."""
        low = query.casefold()
        scripts = [
            s
            for s in await self._all_scripts(tenant, INTERACTIVE)
            if low in f"{s.name} {s.category}".casefold() or low == str(s.id)
        ]
        scripts.sort(key=lambda s: (not s.name.casefold().startswith(low), s.name.casefold()))
        return [Option(value=str(s.id), label=s.name, description=_script_summary(s)) for s in scripts]

    async def get(self, tenant: str, number: int, policy: RetryPolicy = INTERACTIVE) -> Script:
        """Return a script with its parameters. Raises RemoteNotFound if the tenant has no script with that id."""

        async def fetch() -> Script:
            known = _by_id(await self._all_scripts(tenant, policy), number)
            if known is None:
                raise RemoteNotFound(self._api.name, f"{self._api.name} has no script {number}.", status=404)
            return await self._read_from(tenant, known, policy) or known

        return await self._cache.get(("script", tenant, number), fetch)

    async def read(self, tenant: str, number: int, policy: RetryPolicy) -> Script:
        """Return a script as it is right now. Raises RemoteNotFound if the tenant has none of that id."""
        known = self._places.get((tenant, number)) or _by_id(await self._all_scripts(tenant, policy), number)
        found = await self._read_from(tenant, known, policy) if known is not None else None
        if found is None:
            # It is new, or was moved to another category.
            known = _by_id(await self._read_categories(tenant, policy), number)
            found = await self._read_from(tenant, known, policy) if known is not None else None
        if found is None:
            self._places.pop((tenant, number), None)
            raise RemoteNotFound(self._api.name, f"{self._api.name} has no script {number}.", status=404)
        self._places[tenant, number] = found
        return found

    async def _read_from(self, tenant: str, known: Script, policy: RetryPolicy) -> Script | None:
        """Return a script from the category that it was last seen in; None if it is not there."""
        path = f"{tenant}/rba/categories/{known.category_id}/scripts/{known.id}"
        try:
            rows = self._api.extract_rows(await self._api.get(path, policy=policy))
        except RemoteNotFound:
            return None
        row = next((row for row in rows if str(row.get("id")) == str(known.id)), {})
        return _script(row, known.category, known.category_id)

    async def outputs(self, tenant: str, number: int, since: datetime) -> list[ScriptOutput]:
        """Return what a script has printed since a moment, in OpsRamp's order, which should be newest first."""

        def past(page: Json) -> bool:
            """Return whether the following pages are older than the moment."""
            last = _output(self._api.extract_rows(page)[-1]) if self._api.extract_rows(page) else None
            return bool(as_object(page).get("descendingOrder")) and last is not None and last.responded_at < since

        query = {"isDescendingOrder": "true"}
        rows = await self._api.get_rows(
            f"{tenant}/rba/scripts/{number}/paginatedOutputs",
            query,
            max_pages=_MAX_OUTPUT_PAGES,
            policy=POLLING,
            stop_after=past,
        )
        outputs = (_output(row) for row in rows.rows)
        return [output for output in outputs if output is not None and output.responded_at >= since]

    async def close(self) -> None:
        await self._cache.close()

    async def _all_scripts(self, tenant: str, policy: RetryPolicy) -> Sequence[Script]:
        return await self._cache.get(("scripts", tenant), lambda: self._read_categories(tenant, policy))

    async def _read_categories(self, tenant: str, policy: RetryPolicy) -> Sequence[Script]:
        tree = self._api.extract_rows(await self._api.get(f"{tenant}/rba/categories", policy=policy))
        categories = list(_categories(tree))[:_MAX_CATEGORIES]
        turns = asyncio.Semaphore(_MAX_CONCURRENT_READS)

        async def scripts(number: str, name: str) -> list[Script]:
            async with turns:
                rows = await self._api.get_rows(f"{tenant}/rba/categories/{number}/scripts", paged=False, policy=policy)
            return [script for row in rows.rows if (script := _script(row, name, number))]

        lists = await asyncio.gather(*(scripts(number, name) for number, name in categories))
        return [script for some in lists for script in some]


def _categories(tree: Sequence[JsonObject], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the id and full name of every category. OpsRamp nests them under ``childs``."""
    for row in tree:
        name = f"{prefix}{row.get('name', '')}"
        if row.get("id") is not None:
            yield str(row["id"]), name
        inner = row.get("childs")
        if isinstance(inner, list):
            yield from _categories([child for child in inner if isinstance(child, Mapping)], f"{name} / ")


def _by_id(scripts: Sequence[Script], number: int) -> Script | None:
    return next((script for script in scripts if script.id == number), None)


def _script(row: JsonObject, category: str, category_id: str) -> Script | None:
    try:
        number = coercion.coerce_number(row.get("id"))
    except ValueError:
        return None
    if number is None:
        return None
    parameters = row.get("parameters")
    platforms = row.get("platforms")
    return Script(
        id=number,
        name=str(row.get("name") or number),
        category=category,
        category_id=category_id,
        description=str(row.get("description") or ""),
        platforms=tuple(str(p) for p in platforms) if isinstance(platforms, list) else (),
        parameters=tuple(_parameter(p) for p in parameters if isinstance(p, Mapping) and p.get("id") is not None)
        if isinstance(parameters, list)
        else (),
        version=str(row.get("scriptVersion") or ""),
        fingerprint=digest(json.dumps([row.get(key) for key in _DECISIVE_KEYS], sort_keys=True)),
    )


def _parameter(row: JsonObject) -> ScriptParameter:
    default = row.get("defaultValue")
    return ScriptParameter(
        id=str(row["id"]),
        name=str(row.get("name") or row["id"]),
        description=str(row.get("description") or ""),
        default="" if default is None else str(default),
        required=str(row.get("type", "")).upper() == "REQUIRED",
        data_type=str(row.get("dataType") or "STRING").upper(),
    )


def _output(row: JsonObject) -> ScriptOutput | None:
    device = row.get("device")
    try:
        at = coercion.coerce_instant(row.get("responseDate"))
    except ValueError:
        return None
    if at is None or not isinstance(device, Mapping):
        return None
    return ScriptOutput(device=str(device.get("id") or ""), responded_at=at, text=str(row.get("output") or ""))


def _script_summary(script: Script) -> str:
    return ", ".join(word for word in (script.category, "/".join(script.platforms)) if word)
