"""The operation ``lantern.restart``."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from bot.backends.base import (
    FormValues,
    Handle,
    HttpCall,
    Operation,
    Option,
    Placement,
    Plan,
    Preview,
    Progress,
    ProgressState,
    TargetResult,
    Targets,
    TargetState,
)
from bot.backends.http import Client
from bot.backends.payload import as_object, as_objects
from bot.errors import BadResponse, InputError
from bot.schedule import Now, Schedule
from bot.values import Json, JsonObject
from lantern.params import RestartParams

LAMPS, RESTARTS = "/api/lamps", "/api/restarts"
_STATES: Mapping[Json, TargetState] = {
    "dark": "running", "lit": "succeeded", "broken": "failed", "kept": "cancelled"
}  # fmt: skip


class RestartOperation(Operation[RestartParams]):
    """Turns lamps off and on again."""

    key = "lantern.restart"
    title = "Restart lamps"
    summary = "Turns lamps off and on again."
    scheduling_note = "Lantern knows no schedules: Nightshift holds every time and makes each call when it is due."
    reference_notes = ("dimSeconds: Lantern's page calls it dim_seconds, its API takes dimSeconds only.",)
    params_model = RestartParams

    def __init__(self, client: Client) -> None:
        self._client = client

    async def lookup(self, field: str, query: str, values: FormValues) -> Sequence[Option]:
        return [Option(value=name, label=name) for name in await self._lamps() if query.casefold() in name.casefold()]

    async def preview(self, params: RestartParams, schedule: Schedule, token: str) -> Preview:
        known = await self._lamps()
        missing = [name for name in params.lamps if name not in known]
        if missing:
            raise InputError({"lamps": f"There is no lamp named {', '.join(missing)}."})
        warnings = ("Cutting the power shortens a lamp's life.",) if params.mode == "hard" else ()
        return Preview(
            targets=Targets(count=len(params.lamps), names=params.lamps, noun="lamps"),
            plan=self.plan(params, schedule, token),
            warnings=warnings,
            facts={"mode": params.mode},
        )

    def plan(self, params: RestartParams, schedule: Schedule, token: str) -> Plan:
        body: dict[str, JsonValue] = {"key": token, "lamps": list(params.lamps), "mode": params.mode}
        if params.mode == "gentle":
            body["dimSeconds"] = params.dim_seconds
        at_once = "Lantern is called as soon as this is approved."
        later = "Nightshift holds the time and calls Lantern when it is due."
        return Plan(
            operation=self.key,
            token=token,
            placement=Placement(scheduler="nightshift", reason=at_once if isinstance(schedule, Now) else later),
            calls=(HttpCall(method="POST", url=f"{self._client.base_url}{RESTARTS}", body=body),),
        )

    async def start(self, plan: Plan) -> Handle:
        answer = await self._client.send_once("POST", RESTARTS, json=plan.calls[0].body)
        return self._handle(as_object(answer.json))

    async def find_started(self, plan: Plan) -> Handle | None:
        answer = await self._client.send("GET", RESTARTS, params={"key": plan.token})
        rows = as_objects(answer.json)
        return self._handle(rows[0]) if rows else None

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        answer = await self._client.send("GET", RESTARTS, params={"ids": ",".join(h.id for h in handles)})
        return {self._handle(row).id: _progress(row) for row in as_objects(answer.json)}

    async def cancel(self, handle: Handle) -> str:
        await self._client.send("DELETE", f"{RESTARTS}/{handle.id}")
        return f"Lantern leaves the lamps of {handle.id} alone that are not dark yet."

    def params_for_rerun(self, params: RestartParams, handle: Handle, failed_targets: Sequence[str]) -> RestartParams:
        return params.model_copy(update={"lamps": tuple(failed_targets)})

    def _handle(self, row: JsonObject) -> Handle:
        restart = row.get("id")
        if not isinstance(restart, str):
            raise BadResponse(self._client.name, f"{self._client.name} answered with a restart that has no id.")
        return Handle(id=restart)

    async def _lamps(self) -> list[str]:
        answer = await self._client.send("GET", LAMPS)
        if not isinstance(answer.json, list):
            raise BadResponse(self._client.name, f"{self._client.name} did not answer with a list of lamps.")
        return [str(row.get("name")) for row in as_objects(answer.json)]


def _progress(row: JsonObject) -> Progress:
    lamps = as_object(row.get("lamps"))
    results = [TargetResult(name=name, state=_STATES.get(state, "pending")) for name, state in lamps.items()]
    count = Counter(result.state for result in results)
    return Progress(
        state=_state(count),
        total=len(results),
        succeeded=count["succeeded"],
        failed=count["failed"],
        pending=count["running"] + count["pending"],
        cancelled=count["cancelled"],
        summary=f"{count['succeeded']} of {len(results)} lamps are lit again.",
        results=tuple(sorted(results, key=lambda result: result.state != "failed")),
    )


def _state(count: Mapping[TargetState, int]) -> ProgressState:
    if count["running"] or count["pending"]:
        return "running"
    if count["cancelled"]:
        return "cancelled"
    if count["failed"]:
        return "partly_failed" if count["succeeded"] else "failed"
    return "succeeded"
