"""The HTTP side of Slack: Web API methods, response_urls, uploads and the Socket Mode endpoint."""

import asyncio
import hashlib
import time
from typing import Any

from aiohttp import web

from playground.slack.api.rate_limiter import RateLimiter
from playground.slack.api.registry import METHODS, Args, Method
from playground.slack.errors import ApiError
from playground.slack.faults import ApiFault
from playground.slack.transport.responses import apply_response_url_post
from playground.slack.transport.socket_mode import SocketMode
from playground.slack.workspace import Workspace

MAX_BODY_BYTES = 64 * 1024**2


class ApiServer:
    """Answers the bot. Everything it is asked is written to the journal."""

    def __init__(self, ws: Workspace, socket: SocketMode) -> None:
        self.ws = ws
        self.rate_limiter = RateLimiter()
        self.app = web.Application(client_max_size=MAX_BODY_BYTES)
        self.app.router.add_route("*", "/api/{method}", self._call)
        self.app.router.add_post("/actions/{team}/{token}", self._response_url)
        self.app.router.add_post("/upload/{file}", self._upload)
        self.app.router.add_get("/socket", socket.handle)

    async def _call(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        name = request.match_info["method"]
        args: dict[str, Any] = {}
        fault: ApiFault | None = ApiFault("cut") if self.ws.faults.offline else self.ws.faults.take_fault(name)
        status, headers = 200, dict[str, str]()
        messages: tuple[str, ...] = ()
        answer: dict[str, Any]
        try:
            args = await _arguments(request)
            answer, status, headers = await self._answer(name, args, request, fault)
        except ApiError as error:
            answer, messages = error.body(), error.messages
        error_code = "" if answer.get("ok") else str(answer.get("error", f"http_{status}"))
        if fault is not None and fault.kind in ("cut", "cut_after"):
            error_code = error_code or fault.kind
        self.ws.record_exchange(
            started, direction="from_bot", kind="api", name=name, payload=args, answer=answer, error=error_code,
            messages=messages,
        )  # fmt: skip
        if fault is not None and fault.kind in ("cut", "cut_after"):
            return _abort(request)
        return web.json_response(answer, status=status, headers=headers)

    async def _answer(
        self, name: str, args: dict[str, Any], request: web.Request, fault: ApiFault | None
    ) -> tuple[dict[str, Any], int, dict[str, str]]:
        """The answer, HTTP status and headers of a call. Raises ApiError."""
        kind = fault.kind if fault is not None else ""
        if fault is not None:
            match kind:
                case "rate_limit":
                    return _rate_limited(fault.seconds)
                case "status":
                    return {"ok": False, "error": f"http_{fault.status}"}, fault.status, {}
                case "error":
                    raise ApiError(fault.code)
                case "cut":
                    return {"ok": False, "error": "cut"}, 500, {}
                case "slow":
                    await asyncio.sleep(fault.seconds)
        method = self._method(name, args, request)
        if self.ws.faults.rate_limits:
            wait = self.rate_limiter.wait_time(method, str(args.get("channel", "")))
            if wait:
                return _rate_limited(wait)
        return {"ok": True, **method.handler(self.ws, Args(args))}, 200, {"X-OAuth-Scopes": self._scopes}

    def _method(self, name: str, args: dict[str, Any], request: web.Request) -> Method:
        """The method, if there is one and the token and scopes are good for it. Raises ApiError."""
        header = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        token = header or str(args.pop("token", ""))
        settings = self.ws.settings
        method = METHODS.get(name)
        if method is None:
            raise ApiError("unknown_method", req_method=name)
        if not token:
            raise ApiError("not_authed")
        if self.ws.uninstalled:
            raise ApiError("account_inactive")
        if token not in (settings.bot_token, settings.app_token):
            raise ApiError("invalid_auth")
        if (token == settings.app_token) != (method.caller == "app"):
            raise ApiError("not_allowed_token_type")
        if method.scopes and not settings.scopes & set(method.scopes):
            raise ApiError("missing_scope", needed=",".join(method.scopes), provided=self._scopes)
        return method

    @property
    def _scopes(self) -> str:
        return ",".join(sorted(self.ws.settings.scopes))

    async def _response_url(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        if self.ws.faults.offline:
            return _abort(request)
        error_code = ""
        messages: tuple[str, ...] = ()
        url = self.ws.response_urls.get(request.match_info["token"])
        body: Any = None
        try:
            body = await _json(request)
            if url is None:
                raise ApiError("invalid_url")
            apply_response_url_post(self.ws, url, body)
        except ApiError as error:
            error_code, messages = error.code, error.messages
        self.ws.record_exchange(
            started, direction="from_bot", kind="response_url", name="response_url", payload=body, answer=None,
            error=error_code, messages=messages, user=url.user if url else "",
        )  # fmt: skip
        if not error_code:
            return web.Response(text="ok")
        return web.json_response({"ok": False, "error": error_code}, status=404)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        if self.ws.faults.offline:
            return _abort(request)
        file = self.ws.files.get(request.match_info["file"])
        data = await _upload_body(request)
        error = "" if file is not None and file.length == len(data) else "file_not_found" if not file else "bad_length"
        if file is not None and not error:
            file.data = data
        digest = hashlib.sha256(data).hexdigest()[:16]
        self.ws.record_exchange(
            started, direction="from_bot", kind="upload", name="upload", error=error,
            payload={"file": request.match_info["file"], "bytes": len(data), "sha256": digest}, answer=None,
        )  # fmt: skip
        return web.Response(text=error or f"OK - {len(data)}", status=400 if error else 200)


def _rate_limited(seconds: float) -> tuple[dict[str, Any], int, dict[str, str]]:
    return {"ok": False, "error": "ratelimited"}, 429, {"Retry-After": str(max(0, round(seconds)))}


def _abort(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _arguments(request: web.Request) -> dict[str, Any]:
    """The arguments of a call from its query and its form or JSON body. Raises ApiError."""
    args: dict[str, Any] = dict(request.query)
    if "json" in request.content_type and request.can_read_body:
        args |= await _json(request)
    elif request.can_read_body:
        args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return args


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json()
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("json_not_object")
    return body


async def _upload_body(request: web.Request) -> bytes:
    """The bytes of an upload: the raw body, or the first file of a multipart form."""
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    for value in (await request.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    return b""
