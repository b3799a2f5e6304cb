"""A control room to try things on. Run ``python -m lantern.sandbox 8099`` to serve it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.clock import Clock, SystemClock
from bot.values import JsonObject
from playground.sandbox import Sandbox
from playground.server import serve

TOKEN = "sandbox-token"
LAMPS = ("hall", "gate", "yard", "pier")


@dataclass(slots=True)
class RestartJob:
    """A restart that was asked for."""

    id: str
    key: str
    lamps: list[str]
    started_at: datetime
    body: JsonObject
    cancelled: bool = False


class LanternSandbox(Sandbox):
    """Keeps a lamp dark for ``dark_for``. Lamps in ``broken`` never light again."""

    def __init__(self, clock: Clock, dark_for: timedelta = timedelta(seconds=0.5)) -> None:
        super().__init__(clock)
        self.dark_for = dark_for
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
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"message": "Unknown token"}, status=401)
        return await handler(request)

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
        jobs = [job for job in self.jobs if job.id in ids or job.key == key]
        return web.json_response([{"id": job.id, "lamps": self._states(job)} for job in jobs])

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


async def _serve(port: int) -> None:
    async with serve(LanternSandbox(SystemClock()).app, port) as url:
        print(f"The control room answers at {url}.", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
