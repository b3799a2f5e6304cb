"""A tenant's custom scripts (RBA): nested categories, the scripts in them, a script's parameters, its output."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.backends.base import Option
from bot.backends.cache import Cache
from bot.backends.opsramp import spelling
from bot.backends.opsramp.api import QUICK, WATCHING, Api, Pace
from bot.clock import Clock
from bot.errors import Missing

_KEEP = 300.0
"""Seconds that categories and scripts are kept: they change seldom."""

_AT_ONCE = 6
_CATEGORIES = 200
_OUTPUT_PAGES = 5


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a script. ``id`` is what a job calls its paramId."""

    id: str
    name: str
    description: str = ""
    default: str = ""
    required: bool = False
    kind: str = "STRING"

    @property
    def is_password(self) -> bool:
        return self.kind == "PASSWORD"


@dataclass(frozen=True, slots=True)
class Script:
    """A custom script, with its parameters once it has been read by itself."""

    id: int
    name: str
    category: str
    category_id: str
    description: str = ""
    platforms: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Output:
    """What a script wrote on one device."""

    device: str
    at: datetime
    text: str


class Scripts:
    """The scripts of a connection. There is no flat search, so the categories are walked, and kept."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._cache = Cache(clock, _KEEP)

    async def search(self, tenant: str, query: str) -> list[Option]:
        """Scripts whose name, category or id fits a query."""
        low = query.casefold()
        found = [
            s for s in await self._all(tenant, QUICK) if low in f"{s.name} {s.category}".casefold() or low == str(s.id)
        ]
        found.sort(key=lambda s: (not s.name.casefold().startswith(low), s.name.casefold()))
        return [Option(value=str(s.id), label=s.name, description=_about(s)) for s in found]

    async def script(self, tenant: str, number: int, pace: Pace = QUICK) -> Script:
        """A script with its parameters. Raises Missing where the tenant has none of that id."""

        async def fetch() -> Script:
            known = next((s for s in await self._all(tenant, pace) if s.id == number), None)
            if known is None:
                raise Missing(self._api.name, f"{self._api.name} has no script {number}.", status=404)
            path = f"{tenant}/rba/categories/{known.category_id}/scripts/{number}"
            rows = self._api.listed(await self._api.read(path, pace=pace))
            row = next((row for row in rows if str(row.get("id")) == str(number)), {})
            return _script(row, known.category, known.category_id) or known

        return await self._cache.get(("script", tenant, number), fetch)

    async def outputs(self, tenant: str, number: int, since: datetime) -> list[Output]:
        """What a script has written since a moment, newest first where OpsRamp keeps to that order."""

        def past(page: Any) -> bool:
            """Whether the pages to come are older than the moment."""
            last = _output(self._api.listed(page)[-1]) if self._api.listed(page) else None
            return bool(page.get("descendingOrder")) and last is not None and last.at < since

        query = {"isDescendingOrder": "true"}
        rows = await self._api.rows(
            f"{tenant}/rba/scripts/{number}/paginatedOutputs",
            query,
            most_pages=_OUTPUT_PAGES,
            pace=WATCHING,
            enough=past,
        )
        found = (_output(row) for row in rows.rows)
        return [output for output in found if output is not None and output.at >= since]

    async def close(self) -> None:
        await self._cache.close()

    async def _all(self, tenant: str, pace: Pace) -> Sequence[Script]:
        return await self._cache.get(("scripts", tenant), lambda: self._walk(tenant, pace))

    async def _walk(self, tenant: str, pace: Pace) -> Sequence[Script]:
        tree = self._api.listed(await self._api.read(f"{tenant}/rba/categories", pace=pace))
        categories = list(_categories(tree))[:_CATEGORIES]
        turns = asyncio.Semaphore(_AT_ONCE)

        async def scripts(number: str, name: str) -> list[Script]:
            async with turns:
                rows = await self._api.rows(f"{tenant}/rba/categories/{number}/scripts", paged=False, pace=pace)
            return [script for row in rows.rows if (script := _script(row, name, number))]

        lists = await asyncio.gather(*(scripts(number, name) for number, name in categories))
        return [script for found in lists for script in found]


def _categories(tree: Sequence[Mapping[str, Any]], above: str = "") -> Iterator[tuple[str, str]]:
    """Every category as id and full name; OpsRamp nests them under ``childs``."""
    for row in tree:
        name = f"{above}{row.get('name', '')}"
        if row.get("id") is not None:
            yield str(row["id"]), name
        inner = row.get("childs")
        if isinstance(inner, list):
            yield from _categories([child for child in inner if isinstance(child, Mapping)], f"{name} / ")


def _script(row: Mapping[str, Any], category: str, category_id: str) -> Script | None:
    try:
        number = spelling.number(row.get("id"))
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
    )


def _parameter(row: Mapping[str, Any]) -> Parameter:
    default = row.get("defaultValue")
    return Parameter(
        id=str(row["id"]),
        name=str(row.get("name") or row["id"]),
        description=str(row.get("description") or ""),
        default="" if default is None else str(default),
        required=str(row.get("type", "")).upper() == "REQUIRED",
        kind=str(row.get("dataType") or "STRING").upper(),
    )


def _output(row: Mapping[str, Any]) -> Output | None:
    device = row.get("device")
    try:
        at = spelling.moment(row.get("responseDate"))
    except ValueError:
        return None
    if at is None or not isinstance(device, Mapping):
        return None
    return Output(device=str(device.get("id") or ""), at=at, text=str(row.get("output") or ""))


def _about(script: Script) -> str:
    return ", ".join(word for word in (script.category, "/".join(script.platforms)) if word)
