"""The operation ``lantern.restart``."""

from collections.abc import Mapping, Sequence
from typing import Any

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
    TargetResult,
    Targets,
)
from bot.backends.http import Client
from bot.errors import BadResponse, InputError
from bot.schedule import Now, Schedule
from lantern.params import RestartParams

LAMPS, RESTARTS = "/api/lamps", "/api/restarts"
_STATES = {"dark": "running", "lit": "succeeded", "broken": "failed", "kept": "cancelled"}


class RestartOperation(Operation[RestartParams]):
    """Turns lamps off and on again."""

    key = "lantern.restart"
    title = "Restart lamps"
    summary = "Turns lamps off and on again."
    scheduling_note = "Lantern knows no schedules: Nightshift holds every time and makes each call when it is due."
    reference_notes = ("dimSeconds: Lantern's page calls it dim_seconds, its API takes dimSeconds only.",)
    params_model = RestartParams
    target_noun = "lamps"

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
        body: dict[str, Any] = {"key": token, "lamps": list(params.lamps), "mode": params.mode}
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
        return Handle(id=answer.json["id"])

    async def find_started(self, plan: Plan) -> Handle | None:
        rows = (await self._client.send("GET", RESTARTS, params={"key": plan.token})).json
        return Handle(id=rows[0]["id"]) if rows else None

    async def poll(self, handles: Sequence[Handle]) -> Mapping[str, Progress]:
        rows = (await self._client.send("GET", RESTARTS, params={"ids": ",".join(h.id for h in handles)})).json
        return {row["id"]: _progress(row) for row in rows}

    async def cancel(self, handle: Handle) -> str:
        await self._client.send("DELETE", f"{RESTARTS}/{handle.id}")
        return f"Lantern leaves the lamps of {handle.id} alone that are not dark yet."

    def params_for_rerun(self, params: RestartParams, handle: Handle, failed_targets: Sequence[str]) -> RestartParams:
        return params.model_copy(update={"lamps": tuple(failed_targets)})

    async def _lamps(self) -> list[str]:
        found = (await self._client.send("GET", LAMPS)).json
        if not isinstance(found, list):
            raise BadResponse(self._client.name, f"{self._client.name} did not answer with a list of lamps.")
        return [row["name"] for row in found]


def _progress(row: Mapping[str, Any]) -> Progress:
    results = [TargetResult.model_validate({"name": n, "state": _STATES[s]}) for n, s in row["lamps"].items()]
    count = {state: sum(r.state == state for r in results) for state in ("running", "succeeded", "failed", "cancelled")}
    if count["running"]:
        state = "running"
    elif count["cancelled"]:
        state = "cancelled"
    else:
        state = "succeeded" if not count["failed"] else "partly_failed" if count["succeeded"] else "failed"
    return Progress.model_validate(
        {
            "state": state,
            "total": len(results),
            "succeeded": count["succeeded"],
            "failed": count["failed"],
            "pending": count["running"],
            "cancelled": count["cancelled"],
            "summary": f"{count['succeeded']} of {len(results)} lamps are lit again.",
            "results": sorted(results, key=lambda r: r.state != "failed"),
        }
    )
