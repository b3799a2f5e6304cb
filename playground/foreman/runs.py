"""Routes of job invocations and recurring logics."""

import json
from dataclasses import replace
from typing import Any

from aiohttp import web

from playground.foreman import views
from playground.foreman.compose import compose
from playground.foreman.errors import ApiError, bad_search, generic_error, message_error, not_found
from playground.foreman.jobs import Invocation, RecurringLogic
from playground.foreman.listing import list_response
from playground.foreman.search import SearchError
from playground.foreman.state import State

_JOBS = "/api/job_invocations"
_LOGICS = "/foreman_tasks/api/recurring_logics"


class JobInvocationRoutes:
    """Create, watch, cancel."""

    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(_JOBS, self._create),
            web.get(_JOBS, self._index),
            web.get(_JOBS + "/{id}", self._show),
            web.get(_JOBS + "/{id}/hosts", self._hosts),
            web.get(_JOBS + "/{id}/hosts/{host}", self._output),
            web.get(_JOBS + "/{id}/template_invocations", self._template_invocations),
            web.get(_JOBS + "/{id}/outputs", self._outputs),
            web.post(_JOBS + "/{id}/outputs", self._outputs),
            web.post(_JOBS + "/{id}/cancel", self._cancel),
            web.post(_JOBS + "/{id}/rerun", self._rerun),
            web.get(_LOGICS, self._logics),
            web.get(_LOGICS + "/{id}", self._logic),
            web.put(_LOGICS + "/{id}", self._update_logic),
            web.post(_LOGICS + "/{id}/cancel", self._cancel_logic),
            web.get("/foreman_tasks/api/tasks/{id}", self._task),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        body = await _json(request)
        self._check_context(body)
        state, now = self._state, self._state.now
        job = compose(body.get("job_invocation"), state.world, state.jobs, state.rules, now)
        return self._save(job, hosts=request.query.get("include_hosts") != "false")

    def _save(self, job: Invocation, *, hosts: bool) -> web.Response:
        """Store the row, then trigger: what fails between leaves the row behind."""
        state = self._state
        state.jobs.add(job)
        if job.logic is not None:
            state.jobs.logics[job.logic.id] = job.logic
        if state.untriggered_jobs:
            state.untriggered_jobs -= 1
            raise generic_error()
        try:
            state.jobs.trigger(job)
        except SearchError as error:
            job.planning_failed = True
            raise bad_search(str(error)) from error
        shown = views.invocation_detail(job, state.now, state.remote_execution, hosts=hosts, states=False)
        return web.json_response(shown, status=201)

    def _check_context(self, body: Any) -> None:
        for key, kind, places in (
            ("organization_id", "Organization", self._state.world.organizations),
            ("location_id", "Location", self._state.world.locations),
        ):
            wanted = body.get(key)
            if wanted is not None and str(wanted) not in {str(place.id) for place in places}:
                raise ApiError(404, {"message": f"{kind} with id {wanted} not found"})

    async def _index(self, request: web.Request) -> web.Response:
        now, version = self._state.now, self._state.remote_execution
        return list_response(
            request,
            self._state.find_jobs,
            lambda job: views.invocation_row(job, now, version),
            key=lambda job: job.id,
            descending=True,
        )

    async def _show(self, request: web.Request) -> web.Response:
        job = self._job(request)
        if job.task_id is None and self._state.remote_execution >= (15,):
            raise generic_error()
        query = request.query
        hosts, states = query.get("include_hosts") != "false", query.get("host_status") == "true"
        shown = views.invocation_detail(job, self._state.now, self._state.remote_execution, hosts=hosts, states=states)
        return web.json_response(shown)

    async def _hosts(self, request: web.Request) -> web.Response:
        if self._state.remote_execution < (14, 1):
            raise web.HTTPNotFound(text="<html>Not found</html>", content_type="text/html")
        rows = {row["id"]: row for row in views.host_states(self._job(request), self._state.now)}

        def find(query: str) -> list[dict[str, Any]]:
            if not query:
                return list(rows.values())
            return [rows[host.id] for host in self._state.find_hosts(query) if host.id in rows]

        return list_response(request, find, lambda row: row, key=lambda row: row["name"])

    async def _template_invocations(self, request: web.Request) -> web.Response:
        job = self._job(request)
        rows = [
            {"id": number, "template_id": job.template.id, "host_id": run.host.id, "host_name": run.host.name}
            for number, run in enumerate(job.runs or (), 1)
        ]
        return list_response(request, lambda query: rows, lambda row: row, key=lambda row: row["id"])

    async def _outputs(self, request: web.Request) -> web.Response:
        job, now = self._job(request), self._state.now
        given = dict(request.query) if request.method == "GET" else await _json(request)
        try:
            wanted = {host.id for host in self._state.find_hosts(str(given.get("search_query") or ""))}
        except SearchError as error:
            raise bad_search(str(error)) from error
        raw = given.get("raw") in ("true", True)
        outputs = []
        for run in job.runs or ():
            if run.host.id in wanted:
                text, ended = run.output(now), run.status(now) not in ("pending", "running")
                pieces = [{"output": text, "output_type": "stdout", "timestamp": run.starts_at.timestamp()}]
                outputs.append(
                    {"host_id": run.host.id, "complete": ended, "refresh": not ended, "output": text if raw else pieces}
                )
        return web.json_response({"outputs": outputs})

    async def _output(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        job = self._state.jobs.invocations.get(int(wanted)) if wanted.isdecimal() else None
        if job is None:
            raise ApiError(404, {"message": f"Job invocation not found by id '{wanted}'"})
        host, now = request.match_info["host"], self._state.now
        if job.runs is None:
            waiting = {"complete": False, "refresh": True, "delayed": True, "start_at": views.format_time(job.start_at)}
            return web.json_response(waiting)
        run = next((run for run in job.runs if host in (str(run.host.id), run.host.name)), None)
        if run is None:
            raise message_error(f"Host with id '{host}' was not found", 404)
        ended = run.status(now) not in ("pending", "running")
        pieces = [{"output": run.output(now), "output_type": "stdout", "timestamp": run.starts_at.timestamp()}]
        return web.json_response({"complete": ended, "refresh": not ended, "output": pieces})

    async def _cancel(self, request: web.Request) -> web.Response:
        job = self._job(request)
        if not self._state.jobs.cancel(job, self._state.now):
            raise ApiError(422, {"message": "The job could not be cancelled."})
        return web.json_response({"cancelled": True, "id": job.id})

    async def _rerun(self, request: web.Request) -> web.Response:
        """For a static search every host of the old job is attached again, whatever the flag says."""
        job, body = self._job(request), await _json(request)
        query = job.query
        if body.get("failed_only"):
            query = f"job_invocation.id = {job.id} and job_invocation.result = failed"
        static = job.targeting_type == "static_query"
        again = replace(
            job,
            id=self._state.jobs.new_id(),
            description=job.template.name,
            query=query,
            start_at=self._state.now,
            mode="immediate",
            logic=None,
            hosts=job.hosts if static else None,
            runs=None,
            task_id=None,
            cancelled=False,
        )
        return self._save(again, hosts=True)

    async def _logics(self, request: web.Request) -> web.Response:
        self._state.jobs.advance_to(self._state.now)
        return list_response(
            request,
            self._state.find_logics,
            lambda logic: views.logic_row(logic, self._next_start(logic)),
            key=lambda logic: logic.id,
        )

    async def _logic(self, request: web.Request) -> web.Response:
        logic = self._named_logic(request)
        return web.json_response(views.logic_row(logic, self._next_start(logic)) | {"tasks": []})

    async def _update_logic(self, request: web.Request) -> web.Response:
        logic, body = self._named_logic(request), await _json(request)
        enabled = (body.get("recurring_logic") or {}).get("enabled")
        if logic.state in ("active", "disabled") and enabled is not None:
            logic.state = "active" if enabled else "disabled"
        return web.json_response(views.logic_row(logic, self._next_start(logic)))

    async def _cancel_logic(self, request: web.Request) -> web.Response:
        logic = self._named_logic(request)
        self._state.jobs.cancel_logic(logic)
        return web.json_response(views.logic_row(logic, None))

    async def _task(self, request: web.Request) -> web.Response:
        wanted, now = request.match_info["id"], self._state.now
        job = next((job for job in self._state.jobs.invocations.values() if job.task_id == wanted), None)
        if job is None:
            raise not_found("task", wanted)
        ended = job.status(now) in (0, 1, 4)
        result = {0: "success", 1: "warning", 4: "cancelled"}.get(job.status(now), "pending")
        return web.json_response(
            {"id": wanted, "label": "Actions::RemoteExecution::RunHostsJob", "pending": not ended, "result": result}
        )

    def _job(self, request: web.Request) -> Invocation:
        self._state.jobs.advance_to(self._state.now)
        wanted = request.match_info["id"]
        job = self._state.jobs.invocations.get(int(wanted)) if wanted.isdecimal() else None
        if job is None:
            raise not_found("job_invocation", wanted)
        return job

    def _named_logic(self, request: web.Request) -> RecurringLogic:
        wanted = request.match_info["id"]
        logic = self._state.jobs.logics.get(int(wanted)) if wanted.isdecimal() else None
        if logic is None:
            raise not_found("recurring_logic", wanted)
        return logic

    def _next_start(self, logic: RecurringLogic) -> Any:
        jobs = self._state.jobs.invocations.values()
        waiting = (job.start_at for job in jobs if job.logic is logic and job.runs is None and not job.cancelled)
        return min(waiting, default=None)


async def _json(request: web.Request) -> dict[str, Any]:
    """The body as an object. Raises ApiError for JSON that cannot be read; here the error is a bare string."""
    try:
        text = await request.text()
        body = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        problem = f"There was a problem in the JSON you submitted: {error}"
        raise ApiError(400, {"status": 400, "error": problem}) from error
    return body if isinstance(body, dict) else {}
