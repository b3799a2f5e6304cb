"""One configured OpsRamp tenant."""

import asyncio

from bot.backends.base import BackendContext, Connection
from bot.backends.opsramp.api import OpsRampApi
from bot.backends.opsramp.catalog import Catalog
from bot.backends.opsramp.context import OpsRampContext
from bot.backends.opsramp.create_job import CreateJobOperation
from bot.backends.opsramp.rate_limits import Sleep
from bot.backends.opsramp.run_job import RunJobOperation
from bot.backends.opsramp.scripts import ScriptCatalog
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.opsramp.update_job import UpdateJobOperation


class OpsRampConnection(Connection):
    """One tenant with its own token, rate limits and caches. ``sleep`` waits for a number of seconds."""

    def __init__(
        self, name: str, settings: OpsRampSettings, context: BackendContext, sleep: Sleep = asyncio.sleep
    ) -> None:
        super().__init__(name, settings.title or name)
        self._settings = settings
        self._api = OpsRampApi(name, settings, context.clock, sleep)
        self._catalog = Catalog(self._api, context.clock)
        self._scripts = ScriptCatalog(self._api, context.clock)
        shared = OpsRampContext(
            name, settings, self._api, self._catalog, self._scripts, context.clock, context.fact_patterns
        )
        self.operations = {kind.key: kind(shared) for kind in (UpdateJobOperation, CreateJobOperation, RunJobOperation)}

    async def check(self) -> str:
        """Get a token and read the job types. OpsRamp's API has no version to report."""
        types = await self._catalog.job_types(self._settings.tenant)
        return (
            f"OpsRamp answers at {self._settings.url}: tenant {self._settings.tenant} can be read "
            f"and offers {len(types)} job types."
        )

    async def close(self) -> None:
        await self._catalog.close()
        await self._scripts.close()
        await self._api.close()
