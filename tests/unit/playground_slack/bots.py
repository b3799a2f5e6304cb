"""A real Bolt app at the other end of the workspace, over HTTP or Socket Mode."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import aiohttp
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from playground.server import serve
from playground.slack import Slack

Transport = Literal["http", "socket"]


@asynccontextmanager
async def bolt(slack: Slack, transport: Transport = "http") -> AsyncIterator[AsyncApp]:
    """A Bolt app without listeners, connected to the workspace; the test adds listeners."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session)
        app = AsyncApp(client=client, signing_secret=slack.signing_secret)
        if transport == "http":
            url = await stack.enter_async_context(serve(_bolt_site(app)))
            await slack.use_http(f"{url}/slack/events")
        else:
            handler = AsyncSocketModeHandler(app, slack.app_token, web_client=client)
            await handler.connect_async()
            stack.push_async_callback(handler.close_async)
            await slack.use_socket(connections=1)
        yield app


def _bolt_site(app: AsyncApp) -> web.Application:
    async def events(request: web.Request) -> web.Response:
        headers: dict[str, Any] = {name: [value] for name, value in request.headers.items()}
        answer = await app.async_dispatch(AsyncBoltRequest(body=(await request.read()).decode(), headers=headers))
        kind = answer.first_headers().get("content-type", "")
        return web.Response(status=answer.status, text=answer.body, content_type=kind.split(";")[0] or None)

    site = web.Application()
    site.router.add_post("/slack/events", events)
    return site


def text(value: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": value}


def text_input(block_id: str, label: str, **spec: Any) -> dict[str, Any]:
    """An input block with a text field whose action is ``value``."""
    block = {name: spec.pop(name) for name in ("optional", "dispatch_action") if name in spec}
    element = {"type": "plain_text_input", "action_id": "value", **spec}
    return {"type": "input", "block_id": block_id, "label": text(label), "element": element, **block}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": text("Form"),
        "submit": text("Submit"),
        "blocks": list(blocks),
        **more,
    }


def button(label: str, action_id: str, **spec: Any) -> dict[str, Any]:
    return {"type": "button", "text": text(label), "action_id": action_id, **spec}
