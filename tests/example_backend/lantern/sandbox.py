"""A control room to try things on: its API over HTTP, with a clock that is given."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.clock import Clock
from playground.sandbox import Sandbox

TOKEN = "sandbox-token"
LAMPS = ("hall", "gate", "yard", "pier")


@dataclass(slots=True)
class RestartJob:
    """A restart that was asked for."""

    id: str
    key: str
    lamps: list[str]
    started_at: datetime
    body: dict[str, Any] = field(default_factory=dict)
    cancelled: bool = False


class LanternSandbox(Sandbox):
    """``dark`` is how long a lamp stays dark; the ones in ``broken`` never light again."""

    def __init__(self, clock: Clock, dark: timedelta = timedelta(seconds=0.5)) -> None:
        super().__init__(clock)
        self.dark_for = dark
        self.broken: set[str] = set()
        self.jobs: list[RestartJob] = []
        self.app.middlewares.append(self._guard)
        self.app.add_routes(
            [
                web.get("/api/version", self._version),
                web.get("/api/lamps", self._lamps),
                web.post("/api/restarts", self._start),
                web.get("/api/restarts", self._list),
                web.delete("/api/restarts/{id}", self._cancel),
            ]
        )

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"message": "Unknown token"}, status=401)
        response: web.StreamResponse = await handler(request)
        return response

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": "1.0"})

    async def _lamps(self, _: web.Request) -> web.Response:
        return web.json_response([{"name": name} for name in LAMPS])

    async def _start(self, request: web.Request) -> web.Response:
        body = await request.json()
        job = RestartJob(f"r{len(self.jobs) + 1}", body["key"], body["lamps"], self.clock.now(), body)
        self.jobs.append(job)
        return web.json_response({"id": job.id}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        ids, key = request.query.get("ids", "").split(","), request.query.get("key")
        found = [job for job in self.jobs if job.id in ids or job.key == key]
        return web.json_response([{"id": job.id, "lamps": self._states(job)} for job in found])

    async def _cancel(self, request: web.Request) -> web.Response:
        job = next(job for job in self.jobs if job.id == request.match_info["id"])
        job.cancelled = True
        return web.json_response({"id": job.id})

    def _states(self, job: RestartJob) -> dict[str, str]:
        if job.cancelled:
            return dict.fromkeys(job.lamps, "kept")
        if self.clock.now() < job.started_at + self.dark_for:
            return dict.fromkeys(job.lamps, "dark")
        return {name: "broken" if name in self.broken else "lit" for name in job.lamps}
