"""What the operations of one connection share, and the parts of the contract that are the same for all three."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.backends.base import Field, Handle, Operation, Option, Params, Values, fields_of
from bot.backends.opsramp import spelling
from bot.backends.opsramp.api import STEADY, Api
from bot.backends.opsramp.body import Body, canonical
from bot.backends.opsramp.catalog import Catalog
from bot.backends.opsramp.scripts import Scripts
from bot.backends.opsramp.settings import OpsRampSettings
from bot.clock import Clock
from bot.errors import BackendError, FateUnknown, Faulty, InputError, Refused, Unreachable

P = TypeVar("P", bound=Params)


@dataclass(frozen=True, slots=True)
class Link:
    """One connection's own: its settings and what it talks through."""

    name: str
    settings: OpsRampSettings
    api: Api
    catalog: Catalog
    scripts: Scripts
    clock: Clock

    def tenant(self, client: Any) -> str:
        """The tenant of a job: a client of the partner, or the connection's own."""
        return str(client or self.settings.tenant)

    async def job(self, tenant: str, job: str) -> Mapping[str, Any]:
        """A job as OpsRamp tells it. Raises BackendError, also for an answer that is no job."""
        found = await self.api.read(f"{tenant}/jobs/{job}", pace=STEADY)
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        if not isinstance(found, Mapping) or str(found.get("id", job)) != job:
            raise Faulty(self.name, f"{self.name} sent something else where a job was expected.")
        return found

    async def job_before(self, tenant: str, job: str) -> tuple[Body, dict[str, str]]:
        """A job, canonical, and the names of its devices, read before a call that changes something. Whatever goes
        wrong here, nothing was sent."""
        try:
            raw = await self.job(tenant, job)
            return readable(self.name, raw), told_names(raw)
        except (Faulty, FateUnknown) as error:
            text = f"Job {job} could not be read, so nothing was changed. {error}"
            raise Unreachable(self.name, text, status=error.status, said=error.said) from error


def readable(name: str, job: Mapping[str, Any]) -> Body:
    """A job, canonical. Raises Faulty where it contradicts itself."""
    try:
        return canonical(job)
    except ValueError as error:
        raise Faulty(name, f"{name} sent a job that contradicts itself: {error}.") from error


class OpsRampOperation(Operation[P]):
    """What all three operations do alike."""

    target_noun = "devices"

    def __init__(self, link: Link) -> None:
        self.link = link

    async def fields(self, values: Values) -> tuple[Field, ...]:
        partner = self.link.settings.is_partner
        return tuple(field for field in fields_of(self.params) if partner or field.name != "client")

    async def lookup(self, field: str, query: str, values: Values) -> Sequence[Option]:
        name, seconds = self.link.name, self.link.settings.lookup_timeout
        try:
            async with asyncio.timeout(seconds):
                return await self._lookup(field, query, values)
        except TimeoutError:
            raise Unreachable(
                name, f"{name} did not answer within {seconds:g} seconds. Type again to ask anew."
            ) from None

    async def _lookup(self, field: str, query: str, values: Values) -> Sequence[Option]:
        tenant, catalog = self.link.tenant(values.get("client")), self.link.catalog
        match field:
            case "client":
                return await catalog.clients(self.link.settings.tenant, query)
            case "job":
                return await catalog.jobs(tenant, query)
            case "job_type":
                return await catalog.types(tenant, query)
            case "entities":
                return await catalog.devices(tenant, query)
            case "script":
                return await self.link.scripts.search(tenant, query)
            case "credential_set":
                devices = [e for e in values.get("entities") or () if ":" not in e]
                return await catalog.credential_sets(tenant, query, devices)
            case _:
                return ()

    async def _device_names(self, tenant: str, job: Mapping[str, Any] | None = None) -> dict[str, str]:
        """Names of devices by id: from the tenant's list, else at least those that the job itself tells."""
        told = told_names(job or {})
        try:
            return {**told, **await self.link.catalog.device_names(tenant)}
        except BackendError:
            return told

    async def _today(self, tenant: str, job: str) -> Mapping[str, Any]:
        """The job for a preview. Raises InputError where there is none."""
        try:
            return await self.link.job(tenant, job)
        except Refused as error:
            if error.status == 404:
                raise InputError({"job": f"{self.link.name} has no job {job}; it may have been deleted."}) from error
            raise

    async def cancel(self, handle: Handle) -> str:
        raise Refused(self.link.name, f"{self.link.name} offers no way to take this back.")


def told_names(job: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    entities = job.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        resource = entity.get("resource") if isinstance(entity, Mapping) else None
        info = resource.get("generalInfo") if isinstance(resource, Mapping) else None
        if isinstance(info, Mapping) and isinstance(resource, Mapping):
            name = next((info[key] for key in ("hostName", "resourceName", "aliasName") if info.get(key)), None)
            found[str(resource.get("id"))] = str(name or resource.get("id"))
    return found


def entities_of(body: Body) -> tuple[str, ...]:
    """The resources of a canonical job; none where OpsRamp's list cannot be read."""
    try:
        return tuple(spelling.entities(body.get("entities")) or ())
    except ValueError:
        return ()
