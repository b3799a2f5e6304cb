"""``opsramp.run_job``: a run on demand. OpsRamp has no history of runs; only custom scripts leave their output."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.backends.base import Call, Handle, Placement, Plan, Preview, Progress, TargetResult, Targets
from bot.backends.opsramp import notes
from bot.backends.opsramp.jobs import MOST_NAMES, facts
from bot.backends.opsramp.link import OpsRampOperation, entities_of, readable
from bot.backends.opsramp.params import RunJob
from bot.backends.opsramp.scripts import Output
from bot.errors import BackendError, Refused
from bot.schedule import Now, Schedule

OFFLINE = "Agent Offline"
_NOT_ALLOWED = 405
_ACCEPTED = "OpsRamp accepted the run"
_NO_MORE = "It does not tell how it went on the devices."


class Run(OpsRampOperation[RunJob]):
    """Runs a job now, whatever its own schedule."""

    key = "opsramp.run_job"
    title = "Run a job"
    summary = (
        "Runs a job of OpsRamp on demand, at any time or in any series: Nightshift makes the call when it is due. "
        "OpsRamp tells that it accepted the run, and of custom scripts their output; no more."
    )
    placing = notes.PLACING_RUN
    notes = notes.RUN_NOTES
    params = RunJob

    def plan(self, params: RunJob, schedule: Schedule, token: str) -> Plan:
        tenant = self.link.tenant(params.client)
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
            placement=Placement(holder="nightshift", reason=reason),
            calls=(Call(method=self.link.settings.run_verb, url=self.link.api.url(path), body=dict(body)),),
            context={"tenant": tenant, "job": params.job, "path": path, "body": dict(body)},
        )

    async def preview(self, params: RunJob, schedule: Schedule, token: str) -> Preview:
        plan = self.plan(params, schedule, token)
        tenant = str(plan.context["tenant"])
        raw = await self._today(tenant, params.job)
        job = readable(self.link.name, raw)
        entities = entities_of(job)
        names = await self._device_names(tenant, raw)
        warnings = [] if entities else ["The job has no devices."]
        if _script(job) is None:
            warnings.append(f"OpsRamp will only tell that it accepted the run. {_NO_MORE}")
        return Preview(
            targets=Targets(
                count=len(entities),
                names=tuple(names.get(e, e) for e in entities[:MOST_NAMES]),
                noun="devices",
                fixed=False,
                note="The devices of the job when it runs.",
            ),
            plan=plan,
            warnings=tuple(warnings),
            facts={**facts(tenant, job), "job": params.job},
        )

    async def start(self, plan: Plan) -> Handle:
        context: Any = plan.context
        tenant, job = context["tenant"], context["job"]
        today, names = await self.link.job_before(tenant, job)
        at = self.link.clock.now().replace(microsecond=0)
        await self._ask(context["path"], context["body"])
        detail = {"tenant": tenant, "job": job, "at": at.isoformat(), "script": _script(today)}
        devices = [e for e in entities_of(today) if ":" not in e]
        return Handle(id=f"{job}/{plan.token}", detail={**detail, "devices": {e: names.get(e, e) for e in devices}})

    async def _ask(self, path: str, body: Any) -> None:
        """Ask for the run, with the other verb where the server does not take the first: the vendor's specification
        says GET, others say POST."""
        verb = self.link.settings.run_verb
        try:
            await self.link.api.send_once(verb, path, body)
        except Refused as error:
            if error.status != _NOT_ALLOWED:
                raise
            await self.link.api.send_once("POST" if verb == "GET" else "GET", path, body)

    async def find(self, plan: Plan) -> Handle | None:
        """OpsRamp keeps no record of runs, so a run cannot be looked up: people are asked."""
        return None

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        """One list of outputs for each script, however many runs it has."""
        now = self.link.clock.now()
        found = {
            h.id: Progress(state="succeeded", summary=f"{_ACCEPTED}. {_NO_MORE}") for h in handles if not _watched(h)
        }
        groups: dict[tuple[str, int], list[Handle]] = {}
        for handle in filter(_watched, handles):
            detail: Any = handle.detail
            groups.setdefault((detail["tenant"], detail["script"]), []).append(handle)
        for (tenant, script), group in groups.items():
            try:
                outputs = await self.link.scripts.outputs(tenant, script, min(map(_since, group)))
            except BackendError:
                continue
            limit = timedelta(minutes=self.link.settings.output_minutes)
            found |= {h.id: _progress(h, outputs, now - _since(h) >= limit) for h in group}
        return found

    async def output(self, handle: Handle, target: str) -> str:
        """What the script wrote on a device, by its name or id."""
        if not _watched(handle):
            return ""
        detail: Any = handle.detail
        names = detail["devices"]
        outputs = await self.link.scripts.outputs(detail["tenant"], detail["script"], _since(handle))
        return next((o.text for o in _first(handle, outputs).values() if target in (o.device, names[o.device])), "")

    async def cancel(self, handle: Handle) -> str:
        raise Refused(self.link.name, f"{self.link.name} offers no way to stop a run that it has accepted.")


def _script(job: Mapping[str, Any]) -> int | None:
    number = job.get("script", {}).get("customScript", {}).get("id")
    return number if isinstance(number, int) else None


def _watched(handle: Handle) -> bool:
    """Whether a run leaves anything to be watched: a script's output on at least one device."""
    return isinstance(handle.detail.get("script"), int) and bool(handle.detail.get("devices"))


def _since(handle: Handle) -> datetime:
    return datetime.fromisoformat(str(handle.detail["at"])).astimezone(UTC)


def _first(handle: Handle, outputs: Sequence[Output]) -> dict[str, Output]:
    """The first output of each of a run's devices since it was asked for."""
    detail: Any = handle.detail
    devices, since = set(detail["devices"]), _since(handle)
    mine = [o for o in outputs if o.device in devices and o.at >= since]
    return {o.device: o for o in sorted(mine, key=lambda o: o.at, reverse=True)}


def _progress(handle: Handle, outputs: Sequence[Output], late: bool) -> Progress:
    """How a run of a script stands. An output is evidence that the script ran, not that it did what it should."""
    detail: Any = handle.detail
    devices = detail["devices"]
    heard = _first(handle, outputs)
    offline = {device for device, output in heard.items() if output.text.strip() == OFFLINE}
    silent = [device for device in devices if device not in heard]
    results = [_result(name, device in heard, device in offline) for device, name in devices.items()]
    results.sort(key=lambda r: ("failed", "pending", "succeeded").index(r.state))
    done = len(heard) - len(offline)
    tail = f" No output came from {len(silent)} within the time waited, so nothing is known of them." if silent else ""
    if not silent or late:
        state = "succeeded" if not offline else "failed" if len(offline) == len(devices) else "partly_failed"
    else:
        state, tail = "running", f" Waiting for {len(silent)}."
    words = f"{_ACCEPTED}. Output came from {done} of {len(devices)} devices"
    agents = f", {len(offline)} had their agent offline" if offline else ""
    return Progress(
        state=state,
        total=len(devices),
        succeeded=done,
        failed=len(offline),
        pending=len(silent),
        summary=f"{words}{agents}.{tail} OpsRamp tells no exit status.",
        results=tuple(results[:MOST_NAMES]),
    )


def _result(name: str, heard: bool, offline: bool) -> TargetResult:
    if offline:
        return TargetResult(name=name, state="failed", reason="The agent was offline.")
    if heard:
        return TargetResult(name=name, state="succeeded", reason="The script's output came.")
    return TargetResult(name=name, state="pending", reason="No output so far.")
