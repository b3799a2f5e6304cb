"""What every sandbox back end shares: a record of the requests it received, and faults that can be switched on."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from aiohttp import web

from bot.clock import Clock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as it arrived, before any fault was applied."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Fault:
    """Something that goes wrong with requests whose path matches (a regular expression, searched).

    slow: answers after ``seconds``, or as soon as ``until`` is set if there is one. status: answers ``status`` and
    ``body`` without acting. html: a proxy's error page, with ``status``. cut: the connection breaks before anything
    happens. cut_after: it breaks after the server acted. hang: acts, then never answers. ``remaining`` is how often it
    still strikes; None is for ever.
    """

    kind: Literal["slow", "status", "html", "cut", "cut_after", "hang"]
    path: str = ""
    method: str = ""
    status: int = 500
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 1.0
    until: asyncio.Event | None = None
    remaining: int | None = 1

    def matches(self, request: web.Request) -> bool:
        fits = not self.method or self.method == request.method
        return fits and self.remaining != 0 and re.search(self.path, request.path) is not None


class Sandbox:
    """Base of the sandbox back ends: ``app`` is what is served; subclasses add routes and hold the state."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.received_requests: list[ReceivedRequest] = []
        self.faults: list[Fault] = []
        self.app = web.Application(middlewares=[self._record_and_inject], client_max_size=8 * 1024**2)

    def requests_to(self, method: str, path: str) -> list[ReceivedRequest]:
        """The requests received for a method and a path (a regular expression that must match whole)."""
        return [r for r in self.received_requests if r.method == method and re.fullmatch(path, r.path)]

    @web.middleware
    async def _record_and_inject(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = await _body(request)
        self.received_requests.append(
            ReceivedRequest(
                self.clock.now(), request.method, request.path, dict(request.query), dict(request.headers), body
            )
        )
        fault = next((f for f in self.faults if f.matches(request)), None)
        if fault is None:
            return await handler(request)
        if fault.remaining is not None:
            fault.remaining -= 1
        return await _inject(fault, request, handler)


async def _inject(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    match fault.kind:
        case "slow":
            await (fault.until.wait() if fault.until else asyncio.sleep(fault.seconds))
            return await handler(request)
        case "status":
            return web.json_response(fault.body, status=fault.status, headers=dict(fault.headers))
        case "html":
            page = "<html><body><h1>Service unavailable</h1></body></html>"
            return web.Response(text=page, content_type="text/html", status=fault.status)
        case "cut":
            return _abort(request)
        case "cut_after":
            await handler(request)
            return _abort(request)
        case "hang":
            await handler(request)
            await asyncio.sleep(fault.seconds if fault.seconds > 1 else 3600)
            return _abort(request)


def _abort(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _body(request: web.Request) -> Any:
    if not request.can_read_body:
        return None
    if "json" in request.content_type:
        try:
            return await request.json()
        except ValueError:
            return await request.text()
    if "form" in request.content_type:
        return dict(await request.post())
    return await request.text()
