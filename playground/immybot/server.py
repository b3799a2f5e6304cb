"""The sandbox's HTTP server: tokens as Entra issues them, the API's routes, and the methods that tests use."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.clock import Clock
from playground.immybot import dx, schema
from playground.immybot.sessions import FINAL_STATUSES, Session, next_time_of_day
from playground.immybot.world import Computer, ComputerOutcome, build_world
from playground.sandbox import Handler, Sandbox

TENANT_ID = "3f6b2a52-0d7e-4c1f-9a55-2c8f1f6f0a11"
CLIENT_ID = "8a1d9a44-5b0c-4f7c-8d43-0e7a4c5b9f22"
CLIENT_SECRET = "sandbox-client-secret"

_API = "/api/v1"
_ZONES = ("America/Detroit", "America/New_York", "Asia/Tokyo", "Europe/Berlin", "Europe/London", "UTC")
_PAGE = "<!doctype html><html><head><title>ImmyBot</title></head><body><div id=app></div></body></html>"


class ImmyBotSandbox(Sandbox):
    """An instance with four tenants. ``session_duration`` is how long a session takes; ``bearer`` is a token that
    always
    works. The body of a run is read strictly, and nothing recognises a request that comes twice."""

    def __init__(
        self, clock: Clock, *, computers: int = 50, pace: float = 8.0, token_life: float = 3599, bearer: str = ""
    ) -> None:
        super().__init__(clock)
        self.world = build_world(computers)
        self.sessions: dict[int, Session] = {}
        self.session_duration = timedelta(seconds=pace)
        self.token_ttl = token_life
        self.session_delay = timedelta()
        """Delay between a request and its sessions."""
        self.drop_requests = False
        """Whether requests are accepted and then dropped."""
        self.bearer = bearer
        self._tokens: dict[str, datetime] = {}
        self.app.middlewares.append(self._authorized)
        self._routes()

    def settings(self, url: str) -> dict[str, str]:
        """The settings of a connection to this sandbox, except for the reference to the client secret."""
        return {
            "url": url,
            "tenant_id": TENANT_ID,
            "client_id": CLIENT_ID,
            "token_url": f"{url}/{TENANT_ID}/oauth2/v2.0/token",
            "scope": "https://sandbox.immy.bot/.default",
        }

    def fail_computers(self, computers: Iterable[str] | Mapping[str, list[tuple[str, str]]]) -> None:
        """Make runs on these fail; a mapping gives the failing actions and their reasons."""
        self._set_outcome(computers, "fails")

    def partly_fail_computers(self, computers: Iterable[str] | Mapping[str, list[tuple[str, str]]]) -> None:
        """Make runs on these pass in part."""
        self._set_outcome(computers, "partly")

    def postpone_computers(self, computers: Iterable[str]) -> None:
        """Postpone sessions on these, as their users would."""
        self._set_outcome(computers, "postponed")

    def disconnect_computers(self, computers: Iterable[str]) -> None:
        """Take these offline."""
        self._freeze_finished()
        for name in computers:
            self.world.computer_by_name(name).online = False

    def connect_computers(self, computers: Iterable[str]) -> None:
        """Bring these back online."""
        self._freeze_finished()
        for name in computers:
            machine = self.world.computer_by_name(name)
            machine.online, machine.connected_at = True, self.clock.now()

    def mark_computers_busy(self, computers: Iterable[str]) -> None:
        """Make these busy with a session of somebody else."""
        for name in computers:
            self.world.computer_by_name(name).busy = True

    def start_sessions(self, body: dict[str, Any]) -> list[int]:
        """Start the sessions of a request that somebody makes in ImmyBot itself. Returns their numbers."""
        return [row["sessionId"] for row in self._create_sessions(body)[0]]

    def revoke_tokens(self) -> None:
        """Revoke every token issued so far."""
        self._tokens.clear()

    def _set_outcome(
        self, computers: Iterable[str] | Mapping[str, list[tuple[str, str]]], outcome: ComputerOutcome
    ) -> None:
        self._freeze_finished()
        for name in computers:
            machine = self.world.computer_by_name(name)
            machine.outcome = outcome
            failures = computers[name] if isinstance(computers, Mapping) else [("Chrome", "Exit code 1603")]
            machine.failures = list(failures)

    def _freeze_finished(self) -> None:
        """Fix the results of sessions that have ended, whatever the computers do later."""
        for session in self.sessions.values():
            session.status(self.clock.now())

    def _routes(self) -> None:
        route = self.app.router
        route.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        route.add_get("/auth/me", self._me)
        route.add_get(f"{_API}/computers/paged", self._paged)
        route.add_get(f"{_API}/tenants", self._tenants)
        route.add_get(f"{_API}/computers/{{id:\\d+}}", self._computer)
        for path, rows in (
            ("persons", self.world.persons),
            ("software/global", self.world.software["global"]),
            ("software/local", self.world.software["local"]),
            ("maintenance-tasks/global", self.world.tasks["global"]),
            ("maintenance-tasks/local", self.world.tasks["local"]),
            ("target-assignments", self.world.deployments["local"]),
            ("target-assignments/global", self.world.deployments["global"]),
            ("system/timezones", [{"id": zone, "displayName": zone.replace("_", " ")} for zone in _ZONES]),
        ):
            route.add_get(f"{_API}/{path}", _listing(rows))
        route.add_post(f"{_API}/run-immy-service", self._run)
        route.add_post(f"{_API}/run-immy-service-new", self._run)
        route.add_get(f"{_API}/maintenance-sessions/dx", self._session_list)
        route.add_get(f"{_API}/maintenance-sessions/{{id:\\d+}}", self._session)
        route.add_post(f"{_API}/maintenance-sessions/cancel", self._cancel)
        route.add_post(f"{_API}/maintenance-sessions/cancel-all", self._cancel)
        route.add_post(f"{_API}/maintenance-sessions/rerun", self._rerun)
        route.add_get(f"{_API}/maintenance-actions/dx", self._action_list)
        route.add_get("/{rest:.*}", self._page)

    @web.middleware
    async def _authorized(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(("/api/", "/auth/")):
            return await handler(request)
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        ends = self._tokens.get(token)
        fine = bool(token) and (token == self.bearer or (ends is not None and self.clock.now() < ends))
        if scheme != "Bearer" or not fine:
            return _error(401, "Unauthorized", "The access token is missing, unknown or has expired.")
        return await handler(request)

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        given = (request.match_info["tenant"], form.get("client_id"), form.get("client_secret"))
        if form.get("grant_type") != "client_credentials" or not str(form.get("scope", "")).endswith("/.default"):
            return web.json_response({"error": "invalid_request", "error_description": "AADSTS900144"}, status=400)
        if given != (TENANT_ID, CLIENT_ID, CLIENT_SECRET):
            said = "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0"
            return web.json_response({"error": "invalid_client", "error_description": said}, status=401)
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self.clock.now() + timedelta(seconds=self.token_ttl)
        return web.json_response({"token_type": "Bearer", "expires_in": self.token_ttl, "access_token": token})

    async def _me(self, request: web.Request) -> web.Response:
        return web.json_response({"userId": 1, "isAdmin": True})

    async def _page(self, request: web.Request) -> web.Response:
        """The real server's answer to any unknown path: its single-page application, with 200."""
        return web.Response(text=_PAGE, content_type="text/html")

    async def _tenants(self, request: web.Request) -> web.Response:
        return web.json_response([tenant.row() for tenant in self.world.tenants])

    async def _paged(self, request: web.Request) -> web.Response:
        query, tenant = request.query.get("filter", "").casefold(), request.query.get("tenantId")
        found = [
            c
            for c in self.world.computers.values()
            if (not query or query in c.name.casefold() or query in c.user)
            and (not tenant or str(c.tenant.id) == tenant)
            and (c.online or request.query.get("includeOffline") == "true")
        ]
        found.sort(key=lambda c: c.name)
        skip, take = int(request.query.get("skip", 0)), int(request.query.get("take", 50))
        return web.json_response({"count": len(found), "results": [c.row() for c in found[skip : skip + take]]})

    async def _computer(self, request: web.Request) -> web.Response:
        machine = self.world.computers.get(int(request.match_info["id"]))
        return web.json_response(machine.row()) if machine else _error(404, "NotFound", "Computer not found")

    async def _run(self, request: web.Request) -> web.Response:
        body = await request.json()
        errors = schema.validate(body)
        if errors:
            return web.json_response(
                schema.problem_details(errors), status=400, content_type="application/problem+json"
            )
        started, busy = ([], []) if self.drop_requests else self._create_sessions(body)
        if request.path.endswith("-new"):
            return web.Response(status=202 if body.get("sessionGroupId") else 200)
        return web.json_response({"sessionsStarted": started, "sessionsAlreadyInProgress": busy})

    def _create_sessions(self, body: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Make the sessions of a request; the rows of those that were started, and of computers that are busy."""
        started, busy = [], []
        machines = [self.world.computers.get(t["computerId"]) for t in body.get("computers", [])]
        cloud = (body.get("maintenanceParams") or {}).get("maintenanceType") in (5, 6)
        for target in body.get("tenants", []):
            below = body.get("propagateToChildTenants")
            tenants = self.world.family(target["tenantId"]) if below else {target["tenantId"]}
            inside = [c for c in self.world.computers.values() if c.tenant.id in tenants]
            if cloud:
                started.append(self._session_for(body, tenant=target["tenantId"]))
            else:
                machines += inside
        for machine in machines:
            if machine is not None and machine.busy:
                busy.append({"sessionId": 1, "computerId": machine.id, "tenantId": machine.tenant.id, "personId": None})
            elif machine is not None:
                started.append(self._session_for(body, machine=machine))
        started += [self._session_for(body, person=t["personId"]) for t in body.get("persons", [])]
        return started, busy

    def _session_for(
        self,
        body: dict[str, Any],
        machine: Computer | None = None,
        tenant: int | None = None,
        person: int | None = None,
    ) -> dict[str, Any]:
        now = self.clock.now() + self.session_delay
        item = body.get("maintenanceParams") or {}
        kind = schema.code("maintenanceType", item.get("maintenanceType", 0)) or 0
        number = 5001 + len(self.sessions)
        at = body.get("updateTime")
        self.sessions[number] = Session(
            id=number,
            group_id=body.get("sessionGroupId"),
            created=now,
            duration=self.session_duration,
            title=self.world.item_title(kind, str(item.get("maintenanceIdentifier"))),
            skip_offline=schema.code("offlineBehavior", body.get("offlineBehavior", 2)) == 1,
            scheduled=next_time_of_day(at, body.get("timeZoneInfoId"), now) if at else None,
            computer=machine,
            tenant=next((t for t in self.world.tenants if t.id == tenant), None),
            person_id=person,
            arguments={"rebootPreference": body.get("rebootPreference", 0)},
        )
        return {
            "sessionId": number,
            "computerId": machine.id if machine else None,
            "tenantId": tenant,
            "personId": person,
        }

    def _visible_sessions(self) -> list[Session]:
        return [s for s in self.sessions.values() if s.created <= self.clock.now()]

    async def _session_list(self, request: web.Request) -> web.Response:
        return _filtered_response([s.list_row(self.clock.now()) for s in self._visible_sessions()], request.query)

    async def _session(self, request: web.Request) -> web.Response:
        session = self.sessions.get(int(request.match_info["id"]))
        if session is None or session.created > self.clock.now():
            return _error(404, "NotFound", "Session not found")
        return web.json_response(session.detail(self.clock.now()))

    async def _action_list(self, request: web.Request) -> web.Response:
        wanted = dx.equal_to(request.query, "maintenanceSessionId")
        chosen = [s for s in self._visible_sessions() if wanted is None or s.id == wanted]
        return _filtered_response([a for s in chosen for a in s.actions(self.clock.now())], request.query)

    async def _cancel(self, request: web.Request) -> web.Response:
        chosen = (await request.json()).get("sessionIds") or list(self.sessions)
        for number in chosen:
            if number in self.sessions:
                self.sessions[number].cancel(self.clock.now())
        return web.Response(status=204)

    async def _rerun(self, request: web.Request) -> web.Response:
        now = self.clock.now()
        for number in (await request.json()).get("sessionIds", []):
            session = self.sessions.get(number)
            if session is not None and session.status(now) in FINAL_STATUSES:
                session.created, session.scheduled, session.final_status = now, None, None
        return web.Response(status=204)


def _listing(rows: list[dict[str, Any]]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response(rows)

    return answer


def _filtered_response(rows: list[dict[str, Any]], query: Mapping[str, str]) -> web.Response:
    try:
        return web.json_response(dx.filter_rows(rows, query))
    except dx.Unsupported:
        return _error(500, "InternalError", "An unexpected error occurred")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message, "details": None}}, status=status)
