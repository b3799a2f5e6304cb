"""The Bolt app: it passes what Slack sends to the handlers."""

from typing import Protocol

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import Settings
from bot.slack.users import SlackDirectory
from bot.slack_secrets import slack_secret
from bot.values import Json, JsonObject
from handlers.router import Router

_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError)
"""What Bolt raises when something else is in the place of an id or object that it looks for."""
_log = structlog.get_logger(__name__)


class Authorize(Protocol):
    """Returns the installation that a request of Slack is for. Bolt passes the arguments by name."""

    async def __call__(self, enterprise_id: str | None, team_id: str | None) -> AuthorizeResult: ...


def build_bolt(settings: Settings, client: AsyncWebClient, directory: SlackDirectory, routes: Router) -> AsyncApp:
    """Return the Bolt app for either transport."""
    bolt = AsyncApp(
        client=client,
        signing_secret=slack_secret(settings.slack_signing_secret) or "unused-with-socket-mode",
        authorize=_authorize_with(client, directory),
        # bot/web.py verifies HTTP requests before they are parsed; no handler is a function of a Slack workflow.
        request_verification_enabled=False,
        attaching_function_token_enabled=False,
    )
    bolt.error(_on_error)
    bolt.use(routes)
    return bolt


def _authorize_with(client: AsyncWebClient, directory: SlackDirectory) -> Authorize:
    """Return a function that answers for the one installation.

    Asking Slack at each request would take time that the 3 seconds for an answer do not have.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=directory.team_id,
            bot_user_id=directory.bot_user_id,
            bot_token=client.token,
        )

    return authorize


def bolt_request(content: dict[str, Json]) -> AsyncBoltRequest | None:
    """Return a verified request as Bolt takes it; None, with a line in the log, if Bolt would fail on its content."""
    try:
        if content.get("type") == "event_callback" and not isinstance(content.get("event"), dict):
            raise TypeError("event is not an object")
        return AsyncBoltRequest(body=content, mode="socket_mode")
    except _UNREADABLE as error:
        _log.warning("unusable payload", type=str(content.get("type"))[:100], error=str(error))
        return None


class SocketModeHandler(AsyncSocketModeHandler):
    """Takes requests over Socket Mode. Acknowledges what Bolt would fail on, so that Slack does not send it again."""

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        if bolt_request(req.payload) is None:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
        else:
            await super().handle(client, req)


async def _on_error(error: Exception, body: JsonObject) -> BoltResponse:
    kind = body.get("type") or body.get("command")
    # With an empty 200 a form would close as if it had been accepted; with this, Slack shows that something is wrong.
    _log.error("Slack request failed", kind=kind, exc_info=error)
    return BoltResponse(status=500, body="")
