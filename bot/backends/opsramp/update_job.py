"""``opsramp.update_job``: reads a job, applies changes, writes the whole job, and reads it back."""

from collections.abc import Mapping, Sequence

from bot.backends.base import Change, FormField, FormValues, Handle, Plan, Preview, parse_params
from bot.backends.headlines import MAX_LENGTH, shortened
from bot.backends.opsramp import compare, notes, wire
from bot.backends.opsramp.api import INTERACTIVE
from bot.backends.opsramp.body import Body, apply_changes, build_body, extract_fields
from bot.backends.opsramp.context import canonical_job
from bot.backends.opsramp.params import UpdateJobParams
from bot.backends.opsramp.write_job import MAX_SELECTED_OPTIONS, WriteJobOperation, overlay_of
from bot.backends.payload import as_list, as_object, as_texts
from bot.backends.secrets import MASK
from bot.errors import BackendError, BadResponse, InputError, Refused
from bot.schedule import Schedule
from bot.values import Json, JsonObject

_KEEP_DEVICES_HINT = (
    "This job has more devices than a form can show. Leave this empty to keep them; what you pick replaces them."
)


class UpdateJobOperation(WriteJobOperation[UpdateJobParams]):
    """Changes an existing job."""

    key = "opsramp.update_job"
    title = "Change an OpsRamp job"
    summary = (
        "Changes a job in OpsRamp. When is the job's own schedule there: now keeps it as it is (or as the start date "
        "and pattern say), a time or a series replaces it, and what OpsRamp cannot hold exactly is refused. "
        "To run a job at some time, use opsramp.run_job."
    )
    scheduling_note = notes.JOB_SCHEDULING_NOTE
    reference_notes = notes.UPDATE_NOTES
    params_model = UpdateJobParams
    outcome_prefix = "OpsRamp updated the job"

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        fields = await super().fields(values)
        if not self._shows_whole_job(values):
            return fields
        loaded = as_object(values.get("loaded"))
        changed: dict[str, dict[str, Json]] = {}
        if "entities" not in loaded:
            changed["entities"] = {"hint": _KEEP_DEVICES_HINT}
        if str(loaded.get("script")) == str(values.get("script")):
            # The defaults of a script do not change the job.
            changed |= {f.name: {"default": None} for f in fields if f.name.startswith("parameters.")}
        return tuple(f.model_copy(update=changed.get(f.name, {})) for f in fields)

    def _shows_whole_job(self, values: FormValues) -> bool:
        return _is_loaded(values)

    async def load(self, values: FormValues) -> JsonObject:
        """Return the current state of the chosen job without passwords. Empty if it is loaded already."""
        job = values.get("job")
        if not job or _is_loaded(values):
            return {}
        tenant = self.context.tenant_for(values.get("client"))
        today = canonical_job(self.context.name, await self._existing_job(tenant, str(job)))
        try:
            script = await self._script(tenant, today, "script")
        except BackendError:
            # The preview reads it again; until then every parameter counts as a password.
            script = None
        today = wire.mask_parameters(
            today, frozenset(p.id for p in script.parameters if p.is_password) if script else None
        )
        try:
            return _form_values(str(job), today, values)
        except ValueError as error:
            raise BadResponse(
                self.context.name, f"{self.context.name} sent a job that cannot be read: {error}."
            ) from error

    async def labels_for(self, values: FormValues) -> Mapping[str, str | Mapping[str, str]]:
        tenant = self.context.tenant_for(values.get("client"))
        labels: dict[str, str | Mapping[str, str]] = {}
        types = {option.value: option.label for option in await self.context.catalog.job_types(tenant)}
        job_type, script = values.get("job_type"), values.get("script")
        if isinstance(job_type, str) and job_type in types:
            labels["job_type"] = types[job_type]
        if script:
            labels["script"] = (await self.context.scripts.get(tenant, int(str(script)))).name
        if entities := as_texts(values.get("entities")):
            names = await self.context.catalog.device_names(tenant, INTERACTIVE)
            labels["entities"] = {entity: names[entity] for entity in entities if entity in names}
        return labels

    def plan(self, params: UpdateJobParams, schedule: Schedule, token: str) -> Plan:
        changeset, full, changes = self._changeset(params, schedule)
        tenant = self.context.tenant_for(params.client)
        path = f"{tenant}/jobs/{params.job}"
        expected = {name: params.loaded[name] for name in ("job_type", "script") if params.loaded.get(name)}
        return Plan(
            operation=self.key,
            token=token,
            placement=self._placement(schedule),
            calls=(self._call(path, full),),
            context={
                "tenant": tenant,
                "job": params.job,
                "path": path,
                "overlay": changes,
                "expected": build_body(expected) if params.loaded.get("job") == params.job else {},
            },
            warnings=self._plan_warnings(params, changeset, changes, full),
        )

    async def preview(self, params: UpdateJobParams, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        changeset, _, changes = self._changeset(params, schedule)
        raw = await self._existing_job(str(plan.context["tenant"]), params.job)
        after = apply_changes(canonical_job(self.context.name, raw), changes)
        preview = await self._preview(params, plan, changeset, raw, after)
        preview = preview.model_copy(update={"headline": _headline(params, after, preview.changes)})
        if preview.changes:
            return preview
        warnings = ("Nothing would change: the job is already like this.", *preview.warnings)
        return preview.model_copy(update={"warnings": warnings})

    async def start(self, plan: Plan) -> Handle:
        tenant, job, path = (str(plan.context[name]) for name in ("tenant", "job", "path"))
        overlay = overlay_of(plan)
        today, _ = await self.context.fetch_job_before_write(tenant, job)
        if compare.differences(as_object(plan.context["expected"]), today):
            text = f"Job {job} has become another kind of job since the form was filled in, so nothing was sent."
            raise Refused(self.context.name, text)
        # A body without the id would create a second job.
        body: Body = {**apply_changes(today, overlay), "id": job}
        if wire.masked_parameter_ids(body):
            raise Refused(
                self.context.name, "A password of the job is hidden by OpsRamp; choose it again. Nothing was sent."
            )
        await self._send(path, body, repeatable=True)
        try:
            complaints = await self._read_back(tenant, job, _comparable(body, overlay))
        except BackendError:
            complaints = None
        return self._handle(f"{job}/{plan.token}", job, plan, complaints)

    async def find_started(self, plan: Plan) -> Handle | None:
        """Return a handle if the job now holds the whole update. OpsRamp keeps no token, so nothing else is known."""
        tenant, job = str(plan.context["tenant"]), str(plan.context["job"])
        if await self._read_back(tenant, job, overlay_of(plan)):
            return None
        return self._handle(f"{job}/{plan.token}", job, plan, [])

    async def cancel(self, handle: Handle) -> str:
        raise Refused(
            self.context.name,
            f"{self.context.name} keeps no earlier state of a job. To take an update back, ask for one that "
            "reverses it.",
        )


def _is_loaded(values: FormValues) -> bool:
    """Return whether the values include the state of the chosen job."""
    return bool(values.get("job")) and as_object(values.get("loaded")).get("job") == values["job"]


def _comparable(body: Body, changes: Body) -> Body:
    """Return the body to compare with the job that is read back: everything sent, but of the parameters only changed
    ones.

    The other parameters came from OpsRamp, which may return a password differently each time.
    """
    script = {name: value for name, value in as_object(body.get("script")).items() if name != "parameters"}
    if parameters := wire.parameters(changes):
        script["parameters"] = parameters
    return {**body, "script": script} if script else body


def _form_values(job: str, today: Body, values: FormValues) -> dict[str, Json]:
    """Return the form's values for a job. Values left over from another job are emptied."""
    read: JsonObject = _valid_params({**extract_fields(today), "job": job}).model_dump(mode="json")
    state: dict[str, Json] = {
        name: value for name, value in read.items() if value not in (None, {}, "") and name != "client"
    }
    for group in ("parameters", "macros"):
        state[group] = {id_: value for id_, value in as_object(read[group]).items() if value != MASK}
    if len(as_list(state.get("entities"))) > MAX_SELECTED_OPTIONS:
        del state["entities"]
    shown = {name: state.get(name) for name in read if name not in ("client", "loaded", "parameters", "macros")}
    for group in ("parameters", "macros"):
        shown |= {name: None for name in values if name.startswith(f"{group}.")}
        shown |= {f"{group}.{name}": value for name, value in as_object(state[group]).items()}
    return {**shown, "loaded": state}


def _valid_params(values: JsonObject) -> UpdateJobParams:
    """Return the parameters of an existing job, without values that a form would reject."""
    kept = {name: value for name, value in values.items() if name in UpdateJobParams.model_fields}
    try:
        return parse_params(UpdateJobParams, kept)
    except InputError as error:
        bad = {name.partition(".")[0] for name in error.problems}
        return parse_params(UpdateJobParams, {name: value for name, value in kept.items() if name not in bad})


def _headline(params: UpdateJobParams, job: Body, changes: Sequence[Change]) -> str:
    """Return what would change: the one change itself, or how many there are."""
    name = shortened(str(job.get("name") or f"job {params.job}"), MAX_LENGTH // 2)
    match changes:
        case [Change(field=field, before=before, after=after)]:
            return shortened(f"Change {name}: {field} {before or 'nothing'} → {after or 'nothing'}", MAX_LENGTH)
        case _:
            return f"Change {name}: {len(changes)} fields" if changes else f"Change {name}"
