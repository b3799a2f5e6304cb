"""One configured OpsRamp tenant."""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.backends.base import Connection, Operation, Tools
from bot.backends.opsramp.api import Api
from bot.backends.opsramp.catalog import Catalog
from bot.backends.opsramp.create import Create
from bot.backends.opsramp.limits import Sleep
from bot.backends.opsramp.link import Link
from bot.backends.opsramp.run import Run
from bot.backends.opsramp.scripts import Scripts
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.opsramp.update import Update


class OpsRampConnection(Connection):
    """A tenant with its own token, limits and lists. ``sleep`` waits for a number of seconds."""

    def __init__(self, name: str, settings: OpsRampSettings, tools: Tools, sleep: Sleep = asyncio.sleep) -> None:
        super().__init__(name, settings.title or name)
        self._settings = settings
        self._api = Api(name, settings, tools.clock, sleep)
        self._catalog = Catalog(self._api, tools.clock)
        self._scripts = Scripts(self._api, tools.clock)
        link = Link(name, settings, self._api, self._catalog, self._scripts, tools.clock)
        self._operations = {kind.key: kind(link) for kind in (Update, Create, Run)}

    @property
    def operations(self) -> Mapping[str, Operation[Any]]:
        return self._operations

    async def check(self) -> str:
        """Gets a token and reads the job types. OpsRamp's API tells no version."""
        types = await self._catalog.types(self._settings.tenant)
        return (
            f"OpsRamp answers at {self._settings.url}: tenant {self._settings.tenant} can be read "
            f"and offers {len(types)} job types."
        )

    async def close(self) -> None:
        await self._catalog.close()
        await self._scripts.close()
        await self._api.close()
