"""The HTTP server: Slack's requests, health and metrics.

Requests that are not Slack's are refused here, before Bolt sees them: Bolt answers a malformed timestamp, signature or
body with a traceback, reads a body of any size, and parses it before it checks the signature.
"""

import re

import structlog
from prometheus_client import CONTENT_TYPE_LATEST
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import failpoints
from bot.bolt import bolt_request
from bot.lifecycle import Nightshift
from bot.probes import OK, Probes
from bot.scrape import scrape
from bot.slack.payloads import parse_payload
from bot.slack_secrets import slack_secret
from bot.storage.health import database_problem

MAX_BODY_BYTES = 1_000_000
_TIMESTAMP = re.compile(r"\d{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")

_log = structlog.get_logger(__name__)


def web_app(bot: Nightshift, probes: Probes | None) -> Starlette:
    """The ASGI application that Slack posts to. ``probes`` are None if another port answers them."""
    verifier = SignatureVerifier(slack_secret(bot.settings.slack_signing_secret))

    async def events(request: Request) -> Response:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return PlainTextResponse("This is not a signed request of Slack.", 401)
        body = await _read_body(request)
        if body is None:
            return PlainTextResponse("This is larger than anything Slack sends.", 413)
        if not _is_utf8(body):
            return PlainTextResponse("This is not UTF-8.", 400)
        if not verifier.is_valid(body, timestamp, signature):
            return PlainTextResponse("This was not signed by Slack, or too long ago.", 401)
        try:
            content = parse_payload(body, request.headers.get("content-type", ""))
        except (RecursionError, ValueError) as error:
            _log.warning("unreadable request", error=f"{type(error).__name__}: {error}")
            return PlainTextResponse("This cannot be read as a request of Slack.", 400)
        request_for_bolt = bolt_request(content)
        if request_for_bolt is None:
            return Response(status_code=200)
        answer = to_starlette_response(await bot.bolt.async_dispatch(request_for_bolt))
        failpoints.hit(failpoints.BEFORE_ACKNOWLEDGED)
        answer.background = BackgroundTask(_after_response)
        return answer

    routes = [Route("/slack/events", events, methods=["POST"])]
    return Starlette(routes=routes if probes is None else [*routes, *_probe_routes(probes)])


def admin_app(probes: Probes) -> Starlette:
    """The ASGI application of the port for operators."""
    return Starlette(routes=_probe_routes(probes))


def _probe_routes(probes: Probes) -> list[Route]:
    bot = probes.bot

    async def livez(_: Request) -> Response:
        return JSONResponse({"loop": OK})

    async def readyz(_: Request) -> Response:
        is_ready, checks = await probes.ready()
        return JSONResponse({"ready": is_ready, **checks}, 200 if is_ready else 503)

    async def healthz(_: Request) -> Response:
        problem = await database_problem(bot.db)
        alive = bot.engine.is_alive()
        body = {"database": problem or OK, "node": bot.engine.node, "alive": alive}
        return JSONResponse(body, 200 if not problem and alive else 503)

    async def metrics(_: Request) -> Response:
        return Response(await scrape(bot), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/livez", livez),
        Route("/readyz", readyz),
        Route("/healthz", healthz),
        Route("/metrics", metrics),
    ]


async def _after_response() -> None:
    failpoints.hit(failpoints.AFTER_ACKNOWLEDGED)


async def _read_body(request: Request) -> bytes | None:
    """The body; None if it is too large."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
