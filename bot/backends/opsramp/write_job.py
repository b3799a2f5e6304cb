"""What updating and creating a job have in common: the body, the preview and the outcome."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

from bot.backends.base import (
    FormField,
    FormValues,
    Handle,
    HttpCall,
    Option,
    Placement,
    Plan,
    Preview,
    Progress,
    Resolution,
)
from bot.backends.base import form_fields as form_of
from bot.backends.headlines import headline
from bot.backends.opsramp import checks, coercion, compare, resolutions, wire
from bot.backends.opsramp.body import BODY_FIELDS, Body, build_body
from bot.backends.opsramp.changeset import Changeset, build_changeset
from bot.backends.opsramp.context import canonical_job, job_entities
from bot.backends.opsramp.operation import OpsRampOperation
from bot.backends.opsramp.params import JobParams
from bot.backends.opsramp.scripts import Script, ScriptParameter
from bot.backends.opsramp.translate import InexactPattern, to_exact_schedule
from bot.backends.payload import as_object, as_text, as_texts, value_at
from bot.backends.secrets import SecretNotFound
from bot.errors import BackendError, InputError, Refused
from bot.schedule import Now, Schedule
from bot.values import Json, JsonObject

JobParamsT = TypeVar("JobParamsT", bound=JobParams)

_APPROVALS: Mapping[Json, str] = {0: "manual", 1: "automatic"}
PARAMETERS_SECTION = "Script parameters"
MAX_SELECTED_OPTIONS = 100
"""Maximum number of options in a select of the form."""


class WriteJobOperation(OpsRampOperation[JobParamsT]):
    """Writes a job. The schedule is part of the job, so only schedules that OpsRamp can hold exactly are accepted."""

    owns_schedule = True

    async def fields(self, values: FormValues) -> tuple[FormField, ...]:
        fields = await super().fields(values)
        if self._shows_whole_job(values):
            fields = tuple(f.model_copy(update={"default": False}) if f.widget == "flag" else f for f in fields)
        number = values.get("script")
        if values.get("job_type") != coercion.CUSTOM or not number:
            return fields
        try:
            script = await self.context.scripts.get(
                self.context.tenant_for(values.get("client")), coercion.coerce_number(number) or 0
            )
        except (BackendError, ValueError) as error:
            hint = f"Its parameters cannot be shown: {error}"
            return tuple(f.model_copy(update={"hint": hint}) if f.name == "script" else f for f in fields)
        names = sorted(self.context.settings.secrets)
        return (*fields, *(f for parameter in script.parameters for f in parameter_fields(parameter, names)))

    def _shows_whole_job(self, values: FormValues) -> bool:
        """Return whether the form shows the whole job, so that an unticked box means no."""
        return True

    def _changeset(self, params: JobParamsT, schedule: Schedule) -> tuple[Changeset, Body, Body]:
        """Return the changes, the body of all given values, and the body of the changes. Raises InputError."""
        changeset = build_changeset(params)
        timed = not isinstance(schedule, Now)
        problems = {k: v for k, v in changeset.problems.items() if not timed or k not in ("start_date", "pattern_type")}
        patterned = any(
            getattr(params, name) for name in BODY_FIELDS if name.startswith("pattern_") and hasattr(params, name)
        )
        if not timed and (changeset.schedule_fields or not params.loaded):
            problems |= checks.pattern_problems(changeset.values, patterned)
        problems |= self._secret_problems(changeset)
        full, changes = build_body(changeset.values), build_body(changeset.changes)
        if timed and changeset.schedule_fields:
            problems["when"] = (
                "Give a time here, or a start date and a pattern in the fields for OpsRamp's own schedule, not both."
            )
        elif timed:
            try:
                full["schedule"] = changes["schedule"] = to_exact_schedule(schedule).body
            except InexactPattern as error:
                problems["when"] = str(error)
        if problems:
            raise InputError(problems)
        return changeset, full, changes

    def _secret_problems(self, changeset: Changeset) -> dict[str, str]:
        parameters, macros = (as_object(changeset.values.get(name)) for name in ("parameters", "macros"))
        known = self.context.settings.secrets
        problems = {
            f"parameters.{parameter}": f"{self.context.name} has no secret named {name}."
            for parameter, name in wire.secret_names(parameters).items()
            if name not in known
        }
        return problems | {
            f"macros.{name}": "Give a value or a macro, not both." for name in macros if name in parameters
        }

    def _placement(self, schedule: Schedule) -> Placement:
        if isinstance(schedule, Now):
            return Placement(scheduler="nightshift", reason="Nightshift changes the job then.")
        return Placement(
            scheduler="backend",
            reason="OpsRamp holds the job's schedule; checked over 400 days to mean exactly these times.",
        )

    def _call(self, path: str, body: Body) -> HttpCall:
        return HttpCall(method="POST", url=self.context.api.url(path), body=wire.to_wire(body, self.context.settings))

    async def _preview(
        self, params: JobParamsT, plan: Plan, changeset: Changeset, before: JsonObject | None, after: Body
    ) -> Preview:
        """Return the preview of a write. ``before`` is the job from OpsRamp (None for a new one), ``after`` is
        canonical."""
        tenant = str(plan.context["tenant"])
        script, (targets, names) = await asyncio.gather(
            self._script(tenant, after, "script"), self._devices(tenant, job_entities(after), before)
        )
        current = canonical_job(self.context.name, before) if before is not None else None
        # Gaps that the job already has are not reported.
        lacking = checks.job_problems(current) if current is not None else {}
        problems = {name: text for name, text in checks.job_problems(after).items() if name not in lacking}
        wrong = checks.script_problems(after, script, as_object(changeset.values.get("parameters")))
        lacking = (
            checks.script_problems(current, script, {}) if current is not None and _same_script(current, after) else {}
        )
        problems |= {
            name: text for name, text in wrong.items() if text == checks.HIDDEN_CREDENTIAL or lacking.get(name) != text
        }
        if problems:
            raise InputError(problems)
        hidden = frozenset(p.id for p in script.parameters if p.is_password) if script else None
        shown = wire.mask_parameters(after, hidden)
        old = wire.mask_parameters(current, hidden) if current is not None else None
        return Preview(
            targets=targets,
            plan=plan.model_copy(update={"calls": (self._call(str(plan.context["path"]), shown),)}),
            headline=headline(f"Create {after.get('name') or 'a job without a name'}", targets),
            warnings=(
                *self._plan_warnings(params, changeset, overlay_of(plan), after),
                *self._preview_warnings(after, script, names),
            ),
            facts=facts(tenant, after, script),
            changes=() if old is None else compare.changes(old, shown, self._labels(script), names),
            resolutions=_resolutions(plan, before, current, after, script),
        )

    def _plan_warnings(self, params: JobParamsT, changeset: Changeset, changes: Body, body: Body) -> tuple[str, ...]:
        """Return warnings about the changes. ``body`` is the resulting body as far as it is known."""
        warnings = [f"{label} does not apply to this job and is not sent." for label in changeset.unused]
        if "schedule" in changes:
            warnings += checks.schedule_warnings(
                as_object(body["schedule"]), self.context.clock.now(), params.start_date
            )
        return tuple(warnings)

    def _preview_warnings(self, after: Body, script: Script | None, names: Mapping[str, str]) -> list[str]:
        """Return warnings about the script and the devices of a job."""
        warnings = checks.script_warnings(after, script)
        if script is None and value_at(after, "script", "customScript") is not None:
            warnings.append("The script could not be read, so its parameters were not checked.")
        unknown = [e for e in job_entities(after) if names and ":" not in e and e not in names]
        if unknown:
            warnings.append(f"Not in the tenant's list of devices: {', '.join(unknown[:10])}.")
        return warnings

    def _labels(self, script: Script | None = None) -> dict[str, str]:
        """Return the labels of paths."""
        labels = {field.api_name: field.label for field in form_of(self.params_model)}
        for parameter in script.parameters if script else ():
            labels[f"script.parameters.{parameter.id}"] = parameter.name
        return labels

    async def _send(self, path: str, body: Body, *, repeatable: bool) -> Json:
        """Post a body with its secrets. Raises BackendError without secrets in its message."""
        try:
            filled, values = wire.body_with_secrets(body, self.context.settings.secrets)
        except (SecretNotFound, KeyError) as error:
            raise Refused(self.context.name, f"A secret is missing, so nothing was sent: {error}") from error
        sent = wire.to_wire(filled, self.context.settings)
        post = self.context.api.post_idempotent if repeatable else self._post_once
        try:
            return await post(path, sent)
        except BackendError as error:
            raise wire.redact(error, values) from None

    async def _post_once(self, path: str, body: Body) -> Json:
        return await self.context.api.send_once("POST", path, body)

    async def _read_back(self, tenant: str, job: str, sent: JsonObject) -> list[str]:
        """Return a sentence for each value that OpsRamp holds differently from what was sent. Raises BackendError."""
        raw = await self.context.fetch_job(tenant, job)
        differences = compare.differences(sent, canonical_job(self.context.name, raw))
        return list(
            compare.describe_differences(
                differences, self._labels(), await self._device_names(tenant, raw) if differences else {}
            )
        )

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        progress = {}
        for handle in handles:
            if "job" not in handle.detail:
                # It was named by a person in an earlier release, so it is not known what it should hold.
                continue
            try:
                progress[handle.id] = await self._progress(handle)
            except BackendError:
                continue
        return progress

    async def _progress(self, handle: Handle) -> Progress:
        detail = handle.detail
        if detail.get("complaints") is None:
            tenant, job, overlay = str(detail["tenant"]), str(detail["job"]), as_object(detail["overlay"])
            complaints = await self._read_back(tenant, job, overlay)
        else:
            complaints = as_texts(detail["complaints"])
        note = " OpsRamp does not tell credential sets, so that one is unchecked." if detail.get("credentials") else ""
        if complaints:
            summary = f"{self.outcome_prefix}, but it holds something else than was sent: {' '.join(complaints)}{note}"
            return Progress(state="partly_failed", summary=summary)
        return Progress(state="succeeded", summary=f"{self.outcome_prefix}, and it holds what was sent.{note}")

    outcome_prefix = ""
    """What happened, as the start of a sentence."""

    def _handle(self, identifier: str, job: str, plan: Plan, complaints: list[str] | None) -> Handle:
        overlay = overlay_of(plan)
        detail = {"job": job, "tenant": plan.context["tenant"], "overlay": overlay, "complaints": complaints}
        return Handle(id=identifier, detail={**detail, "credentials": "credentialSet" in overlay})


def overlay_of(plan: Plan) -> Body:
    """Return the changes of a plan to the body of a job."""
    return dict(as_object(plan.context["overlay"]))


def _resolutions(
    plan: Plan, before: JsonObject | None, current: Body | None, after: Body, script: Script | None
) -> tuple[Resolution, ...]:
    """Return what becomes of a job under its present name, and what its script is."""
    told_name = as_text(value_at(before, "script", "customScript", "name")) if before is not None else ""
    behind = resolutions.script_resolution("script", after, script, told_name)
    if current is None:
        return behind
    renamed = {**after, "name": current.get("name")}
    return (resolutions.job_resolution(renamed, str(plan.context["job"]), script), *behind)


def _same_script(one: Body, other: Body) -> bool:
    return value_at(one, "script", "customScript") == value_at(other, "script", "customScript")


def facts(tenant: str, body: Body, script: Script | None = None) -> dict[str, Json]:
    """Return the facts that policy rules can match."""
    facts = {
        "tenant": tenant,
        "job": body.get("id"),
        "name": body.get("name"),
        "job_type": value_at(body, "script", "jobType"),
        "script": script.name if script else [None] if value_at(body, "script", "customScript") else None,
        "run_as": resolutions.run_as(body),
        "approval": _APPROVALS.get(value_at(body, "script", "approvalType", "approvalType")),
        "pattern": value_at(body, "schedule", "pattern", "type"),
    }
    return {key: value for key, value in facts.items() if value is not None}


def parameter_fields(parameter: ScriptParameter, secrets: Sequence[str]) -> tuple[FormField, FormField]:
    """Return the two fields of a script's parameter: its value, and its macro."""
    need = "The script needs it." if parameter.required else ""
    value = FormField(
        name=f"parameters.{parameter.id}",
        label=parameter.name,
        hint=" ".join(part for part in (parameter.description, need) if part),
        section=PARAMETERS_SECTION,
        api_name=f"script.parameters.{parameter.id}.value",
    )
    if parameter.is_password:
        options = tuple(Option(value=f"{wire.SECRET_PREFIX}{name}", label=name) for name in secrets)
        value = value.model_copy(update={"widget": "choice", "choices": options, "secret": True})
    else:
        widget = "number" if parameter.data_type == "INTEGER" else "text"
        value = value.model_copy(update={"widget": widget, "default": parameter.default or None})
    macro = FormField(
        name=f"macros.{parameter.id}",
        label=f"{parameter.name} from a macro",
        hint="The id of an OpsRamp macro, instead of a value.",
        section=PARAMETERS_SECTION,
        widget="number",
        api_name=f"script.parameters.{parameter.id}.itopMacro.id",
    )
    return value, macro
