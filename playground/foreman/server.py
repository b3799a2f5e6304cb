"""The HTTP server of the sandbox Foreman."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from bot.clock import Clock
from playground.foreman.catalog import CatalogRoutes
from playground.foreman.compose import compose
from playground.foreman.errors import ApiError, denied, message_error
from playground.foreman.jobs import Invocation, RecurringLogic
from playground.foreman.runs import JobInvocationRoutes
from playground.foreman.state import State
from playground.sandbox import Handler, Sandbox

_VIEWS = {
    "job_templates": "view_job_templates",
    "templates": "view_job_templates",
    "hosts": "view_hosts",
    "bookmarks": "view_bookmarks",
    "organizations": "view_organizations",
    "locations": "view_locations",
    "remote_execution_features": "view_remote_execution_features",
    "job_invocations": "view_job_invocations",
    "recurring_logics": "view_recurring_logics",
    "tasks": "view_foreman_tasks",
}

_SESSION_SECONDS = 3600
"""A session that is older and sent again is refused, with an empty body."""


class ForemanSandbox(Sandbox):
    """The sandbox. ``state`` has its data and versions; ``users`` are names and passwords; ``denied`` are
    the permissions that the account lacks."""

    def __init__(self, clock: Clock, hosts: int = 40) -> None:
        super().__init__(clock)
        self.state = State(clock, hosts)
        self.users: dict[str, str] = {"nightshift": "sandbox"}
        self.denied_permissions: set[str] = set()
        self.app.middlewares.append(self._authorize)
        self.app.add_routes(CatalogRoutes(self.state).routes())
        self.app.add_routes(JobInvocationRoutes(self.state).routes())

    @property
    def invocations(self) -> list[Invocation]:
        """Every job as of now, oldest first."""
        self.state.jobs.advance_to(self.clock.now())
        return list(self.state.jobs.invocations.values())

    def start_job(self, given: Mapping[str, Any]) -> Invocation:
        """Run a job that somebody asks for in Foreman itself. ``given`` is a ``job_invocation`` of the API."""
        state = self.state
        job = compose(given, state.world, state.jobs, state.rules, state.now)
        state.jobs.add(job)
        if job.logic is not None:
            state.jobs.logics[job.logic.id] = job.logic
        state.jobs.trigger(job)
        return job

    @property
    def logics(self) -> list[RecurringLogic]:
        """Every series as of now, oldest first."""
        self.state.jobs.advance_to(self.clock.now())
        return list(self.state.jobs.logics.values())

    @property
    def speed(self) -> float:
        """Speed of jobs: at 1 a host takes 20 seconds."""
        return self.state.jobs.speed

    @speed.setter
    def speed(self, times: float) -> None:
        self.state.jobs.speed = times

    def fail_hosts(self, reasons: Mapping[str, str] | Iterable[str]) -> None:
        """Jobs that start from now on fail on these hosts; a mapping says why."""
        if not isinstance(reasons, Mapping):
            reasons = dict.fromkeys(reasons, "The script ended with an error.")
        self.state.jobs.failing_hosts.update(reasons)

    @web.middleware
    async def _authorize(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            self._check(request)
            response = await handler(request)
            response.set_cookie("_session_id", str(self.clock.now().timestamp()))
            return response
        except ApiError as error:
            if error.body is None:
                return web.Response(status=error.status)
            return web.json_response(error.body, status=error.status)

    def _check(self, request: web.Request) -> None:
        """Check user, password and permissions. Raises ApiError."""
        if request.path == "/api/ping":
            return
        session = request.cookies.get("_session_id")
        if session and self.clock.now().timestamp() - float(session) > _SESSION_SECONDS:
            raise ApiError(401, None)
        login, password = _credentials(request.headers.get("Authorization", ""))
        if self.users.get(login) != password or not password:
            raise message_error(f"Unable to authenticate user {login}", 401)
        if request.method in ("POST", "PUT") and request.content_type != "application/json":
            media = request.headers.get("Content-Type", "")
            raise message_error(
                f"Media type in 'Content-Type: {media}' is unsupported in API v2 for POST and PUT requests. "
                "Please use 'Content-Type: application/json'.",
                415,
            )
        needed = _permission(request.method, request.path)
        if needed in self.denied_permissions:
            raise denied(needed)


def _credentials(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind != "Basic":
        return "", ""
    login, _, password = base64.b64decode(encoded).decode().partition(":")
    return login, password


def _permission(method: str, path: str) -> str:
    parts = path.strip("/").split("/")
    thing = next((part for part in parts if part in _VIEWS), "")
    if method == "GET" or not thing or path.endswith("/outputs"):
        return _VIEWS.get(thing, "")
    if thing == "job_invocations":
        return "cancel_job_invocations" if path.endswith("/cancel") else "create_job_invocations"
    return f"edit_{thing}"
