"""What the operations of a connection share, and how they read jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.backends.base import FactPatterns
from bot.backends.opsramp import coercion
from bot.backends.opsramp.api import PATIENT, OpsRampApi
from bot.backends.opsramp.body import Body, canonical
from bot.backends.opsramp.catalog import Catalog
from bot.backends.opsramp.scripts import ScriptCatalog
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.payload import as_list, as_object, as_text
from bot.clock import Clock
from bot.errors import BadResponse, OutcomeUnknown, Unreachable
from bot.values import Json, JsonObject


@dataclass(frozen=True, slots=True)
class OpsRampContext:
    """The settings of a connection and its access to OpsRamp."""

    name: str
    settings: OpsRampSettings
    api: OpsRampApi
    catalog: Catalog
    scripts: ScriptCatalog
    clock: Clock
    fact_patterns: FactPatterns = field(default_factory=dict)

    def tenant_for(self, client: Json) -> str:
        """Return the tenant of a job: a client of the partner, or the connection's tenant."""
        return str(client or self.settings.tenant)

    async def fetch_job(self, tenant: str, job: str) -> JsonObject:
        """Return a job as OpsRamp sends it. Raises BackendError, also for a response that is not a job."""
        body = await self.api.get(f"{tenant}/jobs/{job}", policy=PATIENT)
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        if not isinstance(body, Mapping) or str(body.get("id", job)) != job:
            raise BadResponse(self.name, f"{self.name} sent something else where a job was expected.")
        return body

    async def fetch_job_before_write(self, tenant: str, job: str) -> tuple[Body, dict[str, str]]:
        """Return the canonical job and the names of its devices before a write. Its errors say that nothing was
        sent."""
        try:
            raw = await self.fetch_job(tenant, job)
            return canonical_job(self.name, raw), embedded_device_names(raw)
        except (BadResponse, OutcomeUnknown) as error:
            text = f"Job {job} could not be read, so nothing was changed. {error}"
            raise Unreachable(self.name, text, status=error.status, server_message=error.server_message) from error


def canonical_job(name: str, job: JsonObject) -> Body:
    """Return the canonical form of a job. Raises BadResponse if the job contradicts itself."""
    try:
        return canonical(job)
    except ValueError as error:
        raise BadResponse(name, f"{name} sent a job that contradicts itself: {error}.") from error


def embedded_device_names(job: JsonObject) -> dict[str, str]:
    names = {}
    entities = job.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        resource = entity.get("resource") if isinstance(entity, Mapping) else None
        info = resource.get("generalInfo") if isinstance(resource, Mapping) else None
        if isinstance(info, Mapping) and isinstance(resource, Mapping):
            name = next((info[key] for key in ("hostName", "resourceName", "aliasName") if info.get(key)), None)
            names[str(resource.get("id"))] = str(name or resource.get("id"))
    return names


def embedded_clients(job: JsonObject) -> dict[str, str]:
    """Return the clients of a job's devices by device, as far as the job tells them."""
    resources = (as_object(as_object(entity).get("resource")) for entity in as_list(job.get("entities")))
    return {str(r.get("id")): client for r in resources if (client := as_text(r.get("clientUniqueId")))}


def job_entities(body: JsonObject) -> tuple[str, ...]:
    """Return the resources of a canonical job, or none if OpsRamp's list cannot be read."""
    try:
        return coercion.coerce_entities(body.get("entities")) or ()
    except ValueError:
        return ()
