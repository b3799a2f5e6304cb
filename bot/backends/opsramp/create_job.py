"""``opsramp.create_job``: creates a job. If OpsRamp's response is lost, the job is found by its name."""

from bot.backends.base import MAIN_SECTION, FormField, FormValues, Handle, Plan, Preview
from bot.backends.opsramp import compare, notes
from bot.backends.opsramp.body import Body
from bot.backends.opsramp.context import canonical_job
from bot.backends.opsramp.params import WORK_SECTION, CreateJobParams
from bot.backends.opsramp.write_job import PARAMETERS_SECTION, WriteJobOperation, overlay_of
from bot.backends.payload import as_text, value_at
from bot.errors import BackendError, BadResponse, InputError, OutcomeUnknown, Refused, Unreachable
from bot.schedule import Schedule

_MAX_CANDIDATES = 5
"""Maximum number of jobs of the same name that are examined."""


class CreateJobOperation(WriteJobOperation[CreateJobParams]):
    """Creates a job."""

    key = "opsramp.create_job"
    title = "Create an OpsRamp job"
    summary = (
        "Creates a job in OpsRamp. When is the job's own schedule there, and what OpsRamp cannot hold exactly is "
        "refused; instead, a start date and a pattern can be given. To run a job at some time, use opsramp.run_job."
    )
    scheduling_note = notes.JOB_SCHEDULING_NOTE
    reference_notes = notes.CREATE_NOTES
    params_model = CreateJobParams
    outcome_prefix = "OpsRamp created the job"

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        """Return the fields: first what kind of job it is and what that needs, then its name and its devices."""
        fields = await super().fields(values)
        shown = [
            f.model_copy(update={"section": MAIN_SECTION} | ({"required": True} if f.name == "name" else {}))
            if f.name == "name" or f.section in (WORK_SECTION, PARAMETERS_SECTION)
            else f
            for f in fields
        ]
        # Devices come last: they follow from what the job does.
        return tuple(sorted(shown, key=lambda f: f.name == "entities"))

    def plan(self, params: CreateJobParams, schedule: Schedule, token: str) -> Plan:
        changeset, body, _ = self._changeset(params, schedule)
        tenant = self.context.tenant_for(params.client)
        path = f"{tenant}/jobs"
        return Plan(
            operation=self.key,
            token=token,
            placement=self._placement(schedule),
            calls=(self._call(path, body),),
            context={"tenant": tenant, "path": path, "overlay": body},
            warnings=self._plan_warnings(params, changeset, body, body),
        )

    async def preview(self, params: CreateJobParams, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        changeset, body, _ = self._changeset(params, schedule)
        preview = await self._preview(params, plan, changeset, None, body)
        if not params.name:
            warning = "Without a name the job cannot be found again if OpsRamp's answer gets lost."
            return preview.model_copy(update={"warnings": (*preview.warnings, warning)})
        if await self.context.catalog.job_ids_by_name(str(plan.context["tenant"]), params.name):
            raise InputError({"name": _name_taken_message(self.context.name, params.name)})
        return preview

    async def start(self, plan: Plan) -> Handle:
        tenant, body = str(plan.context["tenant"]), overlay_of(plan)
        await self._refuse_taken_name(tenant, as_text(body.get("name")))
        answer = await self._send(str(plan.context["path"]), body, repeatable=False)
        job = str(value_at(answer, "id") or "")
        if not job:
            job = await self._find_created(tenant, body)
        try:
            complaints = await self._read_back(tenant, job, body)
        except BackendError:
            complaints = None
        return self._handle(job, job, plan, complaints)

    async def _find_created(self, tenant: str, body: Body) -> str:
        """Return the id of a job that OpsRamp created without returning its id. Raises OutcomeUnknown."""
        try:
            job = await self._find_identical(tenant, body)
        except BackendError:
            job = None
        if job is None:
            text = f"{self.context.name} took the job but did not tell its id, and no job like it can be found."
            raise OutcomeUnknown(self.context.name, text)
        return job

    async def _refuse_taken_name(self, tenant: str, name: str) -> None:
        """Raise Refused if a job of this name exists: it may be from an earlier attempt. Raises Unreachable too."""
        if not name:
            return
        try:
            taken = await self.context.catalog.job_ids_by_name(tenant, name)
        except BadResponse as error:
            text = f"The jobs could not be read, so nothing was sent. {error}"
            raise Unreachable(
                self.context.name, text, status=error.status, server_message=error.server_message
            ) from error
        if taken:
            raise Refused(self.context.name, f"{_name_taken_message(self.context.name, name)} Nothing was sent.")

    async def find_started(self, plan: Plan) -> Handle | None:
        """Return the only job of that name that holds everything that was sent, or None."""
        job = await self._find_identical(str(plan.context["tenant"]), overlay_of(plan))
        return None if job is None else self._handle(job, job, plan, [])

    async def _find_identical(self, tenant: str, body: Body) -> str | None:
        name = as_text(body.get("name"))
        if not name:
            return None
        named = await self.context.catalog.job_ids_by_name(tenant, name)
        same = []
        for job in named[:_MAX_CANDIDATES]:
            actual = canonical_job(self.context.name, await self.context.fetch_job(tenant, job))
            if not compare.differences(body, actual):
                same.append(job)
        return same[0] if len(same) == 1 and len(named) <= _MAX_CANDIDATES else None

    async def cancel(self, handle: Handle) -> str:
        """Delete the created job."""
        await self.context.api.send_once("DELETE", f"{handle.detail['tenant']}/jobs/{handle.detail['job']}")
        return "The job was deleted in OpsRamp."


def _name_taken_message(backend: str, name: str) -> str:
    return f"{backend} already has a job named {name}. Choose another name, so that the new one can be told apart."
