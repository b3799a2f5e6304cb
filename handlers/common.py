"""What every handler needs: who acts, whether they may, one answer for every click, one sentence for every error."""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form import notice
from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.usecases.draft import Speaker, speaker
from bot.usecases.services import Services
from handlers.routes import Respond

_log = structlog.get_logger(__name__)


def actor(body: Mapping[str, Any]) -> Person:
    """Who acts, keyed by their own team: a stranger in a shared channel carries a foreign one."""
    user = body.get("user") or {}
    team = user.get("team_id") or (body.get("team") or {}).get("id") or body.get("team_id") or ""
    return Person(team=str(team), user=str(user.get("id") or body.get("user_id") or ""))


async def admitted(app: Services, body: Mapping[str, Any]) -> Speaker:
    """The one who acts, if they may use the bot. Raises NotAllowed."""
    return speaker(app, await app.people.admit(actor(body)))


def sentence(error: Exception) -> str:
    """What a person reads of an error. An unexpected one gets a reference that stands in the log too."""
    if isinstance(error, NightshiftError):
        return str(error)
    reference = secrets.token_hex(4)
    _log.error("unexpected error", reference=reference, exc_info=error)
    return (
        f"Something went wrong that should not have. It stands in the bot's log as {reference}; tell an administrator."
    )


async def whisper(body: Mapping[str, Any], respond: Respond, client: AsyncWebClient, text: str) -> None:
    """Answer a click so that only the one who clicked sees it; in a view, as a view on top of it."""
    if body.get("view"):
        await show(body, client, notice("Nightshift", text))
        return
    await respond(text=_escaped(text), response_type="ephemeral", replace_original=False)


async def show(body: Mapping[str, Any], client: AsyncWebClient, view: dict[str, Any]) -> Any:
    """Open a modal: on top of the one that was clicked in, else (from a message or the Home tab) as a new one."""
    inside = (body.get("view") or {}).get("type") == "modal"
    place = client.views_push if inside else client.views_open
    return await place(trigger_id=body["trigger_id"], view=view)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def evidence(body: Mapping[str, Any]) -> dict[str, Any]:
    """What Slack said of a click, kept with the decision."""
    action = (body.get("actions") or [{}])[0]
    container = body.get("container") or {}
    return {
        "action_ts": action.get("action_ts", ""),
        "message_ts": container.get("message_ts", ""),
        "channel": container.get("channel_id", ""),
        "view": (body.get("view") or {}).get("id", ""),
    }


def clicked(body: Mapping[str, Any]) -> tuple[str, int]:
    """The request and the revision that a button stands for. Raises ValueError for a value that is not ours."""
    request_id, _, revision = str(body["actions"][0].get("value", "")).partition(":")
    return request_id, int(revision or 0)
