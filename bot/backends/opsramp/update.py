"""``opsramp.update_job``: read the job, lay the changes over it, write it whole, read it back."""

from collections.abc import Mapping
from typing import Any

from bot.backends.base import Field, Handle, Plan, Preview, Values, parse
from bot.backends.opsramp import compare, notes, wire
from bot.backends.opsramp.api import QUICK
from bot.backends.opsramp.body import Body, build, fields_in, overlay
from bot.backends.opsramp.jobs import MOST_PICKED, JobOperation
from bot.backends.opsramp.link import readable
from bot.backends.opsramp.params import UpdateJob
from bot.errors import BackendError, Faulty, InputError, Refused
from bot.schedule import Schedule

_KEPT = "This job has more devices than a form can show. Leave this empty to keep them; what you pick replaces them."


class Update(JobOperation[UpdateJob]):
    """Changes a job that exists."""

    key = "opsramp.update_job"
    title = "Update a job"
    summary = (
        "Changes a job in OpsRamp. When is the job's own schedule there: now keeps it as it is (or as the start date "
        "and pattern say), a time or a series replaces it, and what OpsRamp cannot hold exactly is refused. "
        "To run a job at some time, use opsramp.run_job."
    )
    placing = notes.PLACING_JOB
    notes = notes.UPDATE_NOTES
    params = UpdateJob
    done = "OpsRamp updated the job"

    async def fields(self, values: Values) -> tuple[Field, ...]:
        fields = await super().fields(values)
        if not self._shows_all(values):
            return fields
        loaded = values["loaded"]
        changed: dict[str, dict[str, Any]] = {}
        if "entities" not in loaded:
            changed["entities"] = {"hint": _KEPT}
        if str(loaded.get("script")) == str(values.get("script")):
            # A script's own defaults are no wish to change what the job has.
            changed |= {f.name: {"default": None} for f in fields if f.name.startswith("parameters.")}
        return tuple(f.model_copy(update=changed.get(f.name, {})) for f in fields)

    def _shows_all(self, values: Values) -> bool:
        return _is_loaded(values)

    async def load(self, values: Values) -> Mapping[str, Any]:
        """The chosen job's present state; nothing where it is loaded already. Passwords are left out."""
        job = values.get("job")
        if not job or _is_loaded(values):
            return {}
        tenant = self.link.tenant(values.get("client"))
        today = readable(self.link.name, await self._today(tenant, str(job)))
        script = await self._script(tenant, today)
        today = wire.hide(today, frozenset(p.id for p in script.parameters if p.is_password) if script else None)
        try:
            return _form(str(job), today, values)
        except ValueError as error:
            raise Faulty(self.link.name, f"{self.link.name} sent a job that cannot be read: {error}.") from error

    async def named(self, values: Values) -> Mapping[str, Any]:
        tenant, found = self.link.tenant(values.get("client")), dict[str, Any]()
        types = {option.value: option.label for option in await self.link.catalog.types(tenant)}
        if values.get("job_type") in types:
            found["job_type"] = types[values["job_type"]]
        if values.get("script"):
            found["script"] = (await self.link.scripts.script(tenant, int(values["script"]))).name
        if values.get("entities"):
            names = await self.link.catalog.device_names(tenant, QUICK)
            found["entities"] = {device: names[device] for device in values["entities"] if device in names}
        return found

    def plan(self, params: UpdateJob, schedule: Schedule, token: str) -> Plan:
        found, full, changes = self._asked(params, schedule)
        tenant = self.link.tenant(params.client)
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
                "expected": build(expected) if params.loaded.get("job") == params.job else {},
            },
            warnings=self._caveats(params, found, changes, full),
        )

    async def preview(self, params: UpdateJob, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        found, _, changes = self._asked(params, schedule)
        raw = await self._today(str(plan.context["tenant"]), params.job)
        after = overlay(readable(self.link.name, raw), changes)
        preview = await self._preview(params, plan, found, raw, after)
        if preview.changes:
            return preview
        warnings = ("Nothing would change: the job is already like this.", *preview.warnings)
        return preview.model_copy(update={"warnings": warnings})

    async def start(self, plan: Plan) -> Handle:
        context: Any = plan.context
        tenant, job = context["tenant"], context["job"]
        today, _ = await self.link.job_before(tenant, job)
        if compare.differences(context["expected"], today):
            text = f"Job {job} has become another kind of job since the form was filled in, so nothing was sent."
            raise Refused(self.link.name, text)
        # A body without the id would create a second job.
        body: Body = {**overlay(today, context["overlay"]), "id": job}
        if wire.starred(body):
            raise Refused(
                self.link.name, "A password of the job is hidden by OpsRamp; choose it again. Nothing was sent."
            )
        await self._send(context["path"], body, repeatable=True)
        try:
            complaints = await self._read_back(tenant, job, _comparable(body, context["overlay"]))
        except BackendError:
            complaints = None
        return self._handle(f"{job}/{plan.token}", job, plan, complaints)

    async def find(self, plan: Plan) -> Handle | None:
        """The update, if the job now holds all of it. OpsRamp keeps no token, so nothing else can be told."""
        context: Any = plan.context
        if await self._read_back(context["tenant"], context["job"], context["overlay"]):
            return None
        return self._handle(f"{context['job']}/{plan.token}", context["job"], plan, [])

    async def cancel(self, handle: Handle) -> str:
        raise Refused(
            self.link.name,
            f"{self.link.name} keeps no earlier state of a job. To take an update back, ask for one that reverses it.",
        )


def _is_loaded(values: Values) -> bool:
    """Whether the values hold the state of the job that is chosen."""
    return bool(values.get("job")) and (values.get("loaded") or {}).get("job") == values["job"]


def _comparable(body: Body, changes: Body) -> Body:
    """What is compared when the job is read back: all that was sent, but only the parameters that were changed. The
    others came from OpsRamp, which may tell a password differently each time."""
    script = {**body.get("script", {})}
    script.pop("parameters", None)
    if wire.parameters(changes):
        script["parameters"] = wire.parameters(changes)
    return {**body, "script": script} if script else body


def _form(job: str, today: Body, values: Values) -> dict[str, Any]:
    """The values of the form for a job, with those that another job has left there emptied."""
    read = {**_valid({**fields_in(today), "job": job}).model_dump(mode="json")}
    state = {name: value for name, value in read.items() if value not in (None, {}, "") and name != "client"}
    for group in ("parameters", "macros"):
        state[group] = {k: v for k, v in read[group].items() if v != wire.MASK}
    if len(state.get("entities", ())) > MOST_PICKED:
        del state["entities"]
    shown = {name: state.get(name) for name in read if name not in ("client", "loaded", "parameters", "macros")}
    for group in ("parameters", "macros"):
        shown |= {name: None for name in values if name.startswith(f"{group}.")}
        shown |= {f"{group}.{name}": value for name, value in state[group].items()}
    return {**shown, "loaded": state}


def _valid(values: Mapping[str, Any]) -> UpdateJob:
    """The parameters of a job as it is, without the values that no form would take."""
    names: set[str] = set(UpdateJob.model_fields)
    kept: dict[str, Any] = {name: value for name, value in values.items() if name in names}
    try:
        return parse(UpdateJob, kept)
    except InputError as error:
        bad = {name.partition(".")[0] for name in error.problems}
        return parse(UpdateJob, {name: value for name, value in kept.items() if name not in bad})
