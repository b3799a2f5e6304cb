"""``opsramp.run_job``: runs a job on demand. OpsRamp has no history of runs; it keeps the output of custom scripts
only."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.backends.base import (
    Candidate,
    Handle,
    HttpCall,
    Placement,
    Plan,
    Preview,
    Progress,
    ProgressState,
    TargetResult,
)
from bot.backends.headlines import headline
from bot.backends.opsramp import notes, resolutions
from bot.backends.opsramp.context import canonical_job, embedded_device_names, job_entities
from bot.backends.opsramp.operation import OpsRampOperation
from bot.backends.opsramp.params import RunJobParams
from bot.backends.opsramp.scripts import ScriptOutput
from bot.backends.opsramp.write_job import facts
from bot.backends.payload import as_object, as_text, value_at
from bot.errors import BackendError, Refused
from bot.schedule import Now, Schedule
from bot.values import Json, JsonObject

MAX_RESULTS = 2000
"""Maximum number of devices whose results are told."""
AGENT_OFFLINE = "Agent Offline"
_METHOD_NOT_ALLOWED = 405
_ACCEPTED_TEXT = "OpsRamp accepted the run"
_NO_RESULT_TEXT = "It does not tell how it went on the devices."


class RunJobOperation(OpsRampOperation[RunJobParams]):
    """Runs a job now, regardless of its own schedule."""

    key = "opsramp.run_job"
    title = "Run an OpsRamp job"
    summary = (
        "Runs a job of OpsRamp on demand, at any time or in any series: Nightshift makes the call when it is due. "
        "OpsRamp tells that it accepted the run, and of custom scripts their output; no more."
    )
    scheduling_note = notes.RUN_SCHEDULING_NOTE
    reference_notes = notes.RUN_NOTES
    params_model = RunJobParams

    def plan(self, params: RunJobParams, schedule: Schedule, token: str) -> Plan:
        tenant = self.context.tenant_for(params.client)
        path = f"{tenant}/jobs/{params.job}/run"
        body = {"reason": f"{params.reason or 'Run on demand'} (Nightshift {token})"}
        reason = (
            "OpsRamp is asked to run the job as soon as this is approved."
            if isinstance(schedule, Now)
            else "Nightshift holds the time and asks OpsRamp to run the job when it is due."
        )
        return Plan(
            operation=self.key,
            token=token,
            placement=Placement(scheduler="nightshift", reason=reason),
            calls=(HttpCall(method=self.context.settings.run_verb, url=self.context.api.url(path), body=dict(body)),),
            context={"tenant": tenant, "job": params.job, "path": path, "body": dict(body)},
        )

    async def preview(self, params: RunJobParams, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        tenant = str(plan.context["tenant"])
        raw = await self._existing_job(tenant, params.job)
        job = canonical_job(self.context.name, raw)
        entities = job_entities(job)
        script, (targets, _) = await asyncio.gather(
            self._script(tenant, job, "job"), self._devices(tenant, entities, raw)
        )
        warnings = [] if entities else ["The job has no devices."]
        if _script_id(job) is None:
            warnings.append(f"OpsRamp will only tell that it accepted the run. {_NO_RESULT_TEXT}")
        elif script is None:
            warnings.append("The script could not be read: a change of it would not be noticed.")
        told_name = as_text(value_at(raw, "script", "customScript", "name"))
        behind = resolutions.script_resolution("job", job, script, told_name)
        return Preview(
            targets=targets.model_copy(update={"fixed": False, "note": "The devices of the job when it runs."}),
            plan=plan,
            headline=headline(f"Run {job.get('name') or f'job {params.job}'}", targets),
            warnings=tuple(warnings),
            facts={**facts(tenant, job, script), "job": params.job},
            resolutions=(resolutions.job_resolution(job, params.job, script), *behind),
        )

    async def start(self, plan: Plan) -> Handle:
        tenant, job, path = (str(plan.context[name]) for name in ("tenant", "job", "path"))
        today, names = await self.context.fetch_job_before_write(tenant, job)
        at = self.context.clock.now().replace(microsecond=0)
        await self._request_run(path, plan.context["body"])
        detail = {"tenant": tenant, "job": job, "at": at.isoformat(), "script": _script_id(today)}
        devices = [e for e in job_entities(today) if ":" not in e]
        return Handle(id=f"{job}/{plan.token}", detail={**detail, "devices": {e: names.get(e, e) for e in devices}})

    async def _request_run(self, path: str, body: Json) -> None:
        """Request the run. If the server does not accept the configured verb, use the other one.

        The vendor's specification says GET, other sources say POST.
        """
        verb = self.context.settings.run_verb
        try:
            await self.context.api.send_once(verb, path, body)
        except Refused as error:
            if error.status != _METHOD_NOT_ALLOWED:
                raise
            await self.context.api.send_once("POST" if verb == "GET" else "GET", path, body)

    async def find_started(self, plan: Plan) -> Handle | None:
        """Return None, because OpsRamp keeps no record of runs. People are asked instead."""
        return None

    async def candidates(
        self, plan: Plan, since: datetime, until: datetime, remote_id: str = ""
    ) -> Sequence[Candidate]:
        """Return the output of the job's script, if there is any: OpsRamp has no other record of a run."""
        tenant, job = str(plan.context["tenant"]), str(plan.context["job"])
        if remote_id not in ("", job):
            return ()
        raw = await self.context.fetch_job(tenant, job)
        body, names = canonical_job(self.context.name, raw), embedded_device_names(raw)
        script = _script_id(body)
        devices: dict[str, Json] = {e: names.get(e, e) for e in job_entities(body) if ":" not in e}
        if script is None:
            return ()
        outputs = await self.context.scripts.outputs(tenant, script, since)
        mine = [output for output in outputs if output.device in devices and output.responded_at <= until]
        if not mine:
            return ()
        at = min(output.responded_at for output in mine)
        detail = {"tenant": tenant, "job": job, "at": at.isoformat(), "script": script, "devices": devices}
        count = len({output.device for output in mine})
        title = f"Output of {body.get('name') or job} from {count} of {len(devices)} devices"
        handle = Handle(id=f"{job}/{plan.token}", detail=detail)
        return (Candidate(id=job, handle=handle, title=title, starts_at=at),)

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        """Return the progress of runs, with one list of outputs for each script."""
        now = self.context.clock.now()
        progress = {
            h.id: Progress(state="succeeded", summary=f"{_ACCEPTED_TEXT}. {_NO_RESULT_TEXT}")
            for h in handles
            # One without details was named by a person in an earlier release: OpsRamp has accepted nothing under it.
            if "job" in h.detail and not _has_output(h)
        }
        groups: dict[tuple[str, int], list[Handle]] = {}
        for handle in filter(_has_output, handles):
            groups.setdefault(_script_of(handle), []).append(handle)
        for (tenant, script), group in groups.items():
            try:
                outputs = await self.context.scripts.outputs(tenant, script, min(map(_requested_at, group)))
            except BackendError:
                continue
            limit = timedelta(minutes=self.context.settings.output_minutes)
            progress |= {h.id: _script_progress(h, outputs, now - _requested_at(h) >= limit) for h in group}
        return progress

    async def output(self, handle: Handle, target: str) -> str:
        """Return what the script printed on a device with a name or id."""
        if not _has_output(handle):
            return ""
        tenant, script = _script_of(handle)
        names = _devices(handle)
        outputs = await self.context.scripts.outputs(tenant, script, _requested_at(handle))
        return next(
            (o.text for o in _first_outputs(handle, outputs).values() if target in (o.device, names[o.device])), ""
        )

    async def cancel(self, handle: Handle) -> str:
        raise Refused(self.context.name, f"{self.context.name} offers no way to stop a run that it has accepted.")


def _script_id(job: JsonObject) -> int | None:
    number = value_at(job, "script", "customScript", "id")
    return number if isinstance(number, int) else None


def _has_output(handle: Handle) -> bool:
    """Return whether a run has output to watch: a script on at least one device."""
    return isinstance(handle.detail.get("script"), int) and bool(handle.detail.get("devices"))


def _script_of(handle: Handle) -> tuple[str, int]:
    """Return the tenant and the script id of a run."""
    return str(handle.detail["tenant"]), int(str(handle.detail["script"]))


def _devices(handle: Handle) -> dict[str, str]:
    """Return the names of a run's devices by id."""
    return {device: str(name) for device, name in as_object(handle.detail.get("devices")).items()}


def _requested_at(handle: Handle) -> datetime:
    return datetime.fromisoformat(str(handle.detail["at"])).astimezone(UTC)


def _first_outputs(handle: Handle, outputs: Sequence[ScriptOutput]) -> dict[str, ScriptOutput]:
    """Return the first output of each device since the run was requested."""
    devices, since = _devices(handle), _requested_at(handle)
    mine = [o for o in outputs if o.device in devices and o.responded_at >= since]
    return {o.device: o for o in sorted(mine, key=lambda o: o.responded_at, reverse=True)}


def _script_progress(handle: Handle, outputs: Sequence[ScriptOutput], waited_long_enough: bool) -> Progress:
    """Return the progress of a run. An output shows that the script ran, not that it succeeded."""
    devices = _devices(handle)
    outputs_by_device = _first_outputs(handle, outputs)
    offline = {device for device, output in outputs_by_device.items() if output.text.strip() == AGENT_OFFLINE}
    silent = [device for device in devices if device not in outputs_by_device]
    results = [_device_result(name, device in outputs_by_device, device in offline) for device, name in devices.items()]
    results.sort(key=lambda r: ("failed", "pending", "succeeded").index(r.state))
    done = len(outputs_by_device) - len(offline)
    tail = f" No output came from {len(silent)} within the time waited, so nothing is known of them." if silent else ""
    state: ProgressState
    if not silent or waited_long_enough:
        state = "succeeded" if not offline else "failed" if len(offline) == len(devices) else "partly_failed"
    else:
        state, tail = "running", f" Waiting for {len(silent)}."
    words = f"{_ACCEPTED_TEXT}. Output came from {done} of {len(devices)} devices"
    agents = f", {len(offline)} had their agent offline" if offline else ""
    return Progress(
        state=state,
        total=len(devices),
        succeeded=done,
        failed=len(offline),
        pending=len(silent),
        summary=f"{words}{agents}.{tail} OpsRamp tells no exit status.",
        results=tuple(results[:MAX_RESULTS]),
    )


def _device_result(name: str, has_output: bool, offline: bool) -> TargetResult:
    if offline:
        return TargetResult(name=name, state="failed", reason="The agent was offline.")
    if has_output:
        return TargetResult(name=name, state="succeeded", reason="The script's output came.")
    return TargetResult(name=name, state="pending", reason="No output so far.")
