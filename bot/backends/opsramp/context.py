"""What the operations of one connection share, and the parts of the contract that are the same for all three."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.backends.base import FormField, FormValues, Handle, Operation, Option, Params, form_fields
from bot.backends.opsramp import coercion
from bot.backends.opsramp.api import PATIENT, OpsRampApi
from bot.backends.opsramp.body import Body, canonical
from bot.backends.opsramp.catalog import Catalog
from bot.backends.opsramp.scripts import ScriptCatalog
from bot.backends.opsramp.settings import OpsRampSettings
from bot.backends.payload import as_texts
from bot.clock import Clock
from bot.errors import BackendError, BadResponse, InputError, OutcomeUnknown, Refused, Unreachable
from bot.values import Json, JsonObject

ParamsT = TypeVar("ParamsT", bound=Params)


@dataclass(frozen=True, slots=True)
class OpsRampContext:
    """One connection's own: its settings and what it talks through."""

    name: str
    settings: OpsRampSettings
    api: OpsRampApi
    catalog: Catalog
    scripts: ScriptCatalog
    clock: Clock

    def tenant_for(self, client: Json) -> str:
        """Return the tenant of a job: a client of the partner, or the connection's own."""
        return str(client or self.settings.tenant)

    async def fetch_job(self, tenant: str, job: str) -> JsonObject:
        """Return a job as OpsRamp tells it. Raises BackendError, also for an answer that is no job."""
        body = await self.api.get(f"{tenant}/jobs/{job}", policy=PATIENT)
        if isinstance(body, list) and len(body) == 1:
            body = body[0]
        if not isinstance(body, Mapping) or str(body.get("id", job)) != job:
            raise BadResponse(self.name, f"{self.name} sent something else where a job was expected.")
        return body

    async def fetch_job_before_write(self, tenant: str, job: str) -> tuple[Body, dict[str, str]]:
        """Return a job, canonical, and the names of its devices, read before a call that changes something.

        Whatever goes wrong here, nothing was sent.
        """
        try:
            raw = await self.fetch_job(tenant, job)
            return canonical_job(self.name, raw), embedded_device_names(raw)
        except (BadResponse, OutcomeUnknown) as error:
            text = f"Job {job} could not be read, so nothing was changed. {error}"
            raise Unreachable(self.name, text, status=error.status, server_message=error.server_message) from error


def canonical_job(name: str, job: JsonObject) -> Body:
    """Return a job, canonical. Raises BadResponse if it contradicts itself."""
    try:
        return canonical(job)
    except ValueError as error:
        raise BadResponse(name, f"{name} sent a job that contradicts itself: {error}.") from error


class OpsRampOperation(Operation[ParamsT]):
    """What all three operations do alike."""

    def __init__(self, context: OpsRampContext) -> None:
        self.context = context

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        partner = self.context.settings.is_partner
        return tuple(field for field in form_fields(self.params_model) if partner or field.name != "client")

    async def lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        name, seconds = self.context.name, self.context.settings.lookup_timeout
        try:
            async with asyncio.timeout(seconds):
                return await self._lookup(field, query, values)
        except TimeoutError:
            raise Unreachable(
                name, f"{name} did not answer within {seconds:g} seconds. Type again to ask anew."
            ) from None

    async def _lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        tenant, catalog = self.context.tenant_for(values.get("client")), self.context.catalog
        match field:
            case "client":
                return await catalog.clients(self.context.settings.tenant, query)
            case "job":
                return await catalog.jobs(tenant, query)
            case "job_type":
                return await catalog.job_types(tenant, query)
            case "entities":
                return await catalog.devices(tenant, query)
            case "script":
                return await self.context.scripts.search(tenant, query)
            case "credential_set":
                devices = [entity for entity in as_texts(values.get("entities")) if ":" not in entity]
                return await catalog.credential_sets(tenant, query, devices)
            case _:
                return ()

    async def _device_names(self, tenant: str, job: JsonObject | None = None) -> dict[str, str]:
        """Return names of devices by id: from the tenant's list, else at least those that the job itself tells."""
        embedded = embedded_device_names(job or {})
        try:
            return {**embedded, **await self.context.catalog.device_names(tenant)}
        except BackendError:
            return embedded

    async def _existing_job(self, tenant: str, job: str) -> JsonObject:
        """Return the job for a preview. Raises InputError if there is none."""
        try:
            return await self.context.fetch_job(tenant, job)
        except Refused as error:
            if error.status == 404:
                raise InputError({"job": f"{self.context.name} has no job {job}; it may have been deleted."}) from error
            raise

    async def cancel(self, handle: Handle) -> str:
        raise Refused(self.context.name, f"{self.context.name} offers no way to take this back.")


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


def job_entities(body: JsonObject) -> tuple[str, ...]:
    """Return the resources of a canonical job; none if OpsRamp's list cannot be read."""
    try:
        return coercion.coerce_entities(body.get("entities")) or ()
    except ValueError:
        return ()
