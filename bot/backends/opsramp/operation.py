"""What OpsRamp's three operations have in common."""

import asyncio
from collections.abc import Mapping, Sequence

from bot.backends.base import (
    MAX_TARGET_NAMES,
    FormField,
    FormValues,
    Handle,
    Operation,
    Option,
    ParamsT,
    Targets,
    form_fields,
)
from bot.backends.opsramp.api import PATIENT
from bot.backends.opsramp.context import OpsRampContext, embedded_clients, embedded_device_names
from bot.backends.opsramp.device_facts import DEVICE_FACTS, device_facts
from bot.backends.opsramp.scripts import Script
from bot.backends.payload import as_texts, value_at
from bot.errors import BackendError, InputError, RateLimited, Refused, RemoteNotFound, Unreachable
from bot.values import JsonObject


class OpsRampOperation(Operation[ParamsT]):
    """The base of the three operations."""

    policy_facts = frozenset(
        {"tenant", "job", "name", "job_type", "script", "run_as", "approval", "pattern", *DEVICE_FACTS}
    )

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
                name, f"{name} did not answer within {seconds:g} seconds. Type again to search again."
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

    async def _devices(
        self, tenant: str, entities: Sequence[str], job: JsonObject | None
    ) -> tuple[Targets, Mapping[str, str]]:
        """Return the devices of a job with what they belong to, and the names of the tenant's devices by id.

        Raises BackendError.
        """
        names, found = await asyncio.gather(
            self._device_names(tenant, job),
            device_facts(self.context, tenant, entities, embedded_clients(job or {})),
        )
        targets = Targets(
            count=len(entities),
            names=tuple(names.get(entity, entity) for entity in entities[:MAX_TARGET_NAMES]),
            noun="devices",
            facts=found.facts,
            known_for=found.known_for,
        )
        return targets, names

    async def _device_names(self, tenant: str, job: JsonObject | None = None) -> dict[str, str]:
        """Return names of devices by id, from the tenant's list or else from the job."""
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

    async def _script(self, tenant: str, job: JsonObject, field: str) -> Script | None:
        """Return the script of a canonical job as it is now; None for other jobs, and if the account may not read it.

        Raises InputError for ``field`` if there is no such script, or BackendError.
        """
        number = value_at(job, "script", "customScript", "id")
        if not isinstance(number, int):
            return None
        try:
            return await self.context.scripts.read(tenant, number, PATIENT)
        except RemoteNotFound as error:
            raise InputError({field: f"{self.context.name} has no script {number}; choose another."}) from error
        except RateLimited:
            raise
        except Refused:
            return None

    async def cancel(self, handle: Handle) -> str:
        raise Refused(self.context.name, f"{self.context.name} offers no way to take this back.")
