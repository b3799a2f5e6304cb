"""What every handler needs: who acts, whether they may, one answer for every click, one sentence for every error."""

import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form import message_view
from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.usecases.drafts.form import Actor, actor_for
from bot.usecases.services import Services
from handlers.router import Respond

_log = structlog.get_logger(__name__)


def person_from_payload(body: Mapping[str, Any]) -> Person:
    """Who acts, keyed by their own team: a stranger in a shared channel carries a foreign one."""
    user = body.get("user") or {}
    team = user.get("team_id") or (body.get("team") or {}).get("id") or body.get("team_id") or ""
    return Person(team=str(team), user=str(user.get("id") or body.get("user_id") or ""))


async def authorize_actor(services: Services, body: Mapping[str, Any]) -> Actor:
    """The one who acts, if they may use the bot. Raises NotAllowed."""
    return actor_for(services, await services.directory.authorize(person_from_payload(body)))


def user_message(error: Exception) -> str:
    """What a person reads of an error. An unexpected one gets a reference that stands in the log too."""
    if isinstance(error, NightshiftError):
        return str(error)
    reference = secrets.token_hex(4)
    _log.error("unexpected error", reference=reference, exc_info=error)
    return (
        f"Something went wrong that should not have. It stands in the bot's log as {reference}; tell an administrator."
    )


async def reply_ephemeral(body: Mapping[str, Any], respond: Respond, client: AsyncWebClient, text: str) -> None:
    """Answer a click so that only the one who clicked sees it; in a view, as a view on top of it."""
    if body.get("view"):
        await open_or_push_modal(body, client, message_view("Nightshift", text))
        return
    await respond(text=_escaped(text), response_type="ephemeral", replace_original=False)


async def open_or_push_modal(body: Mapping[str, Any], client: AsyncWebClient, view: dict[str, Any]) -> Any:
    """Open a modal: on top of the one that was clicked in, else (from a message or the Home tab) as a new one."""
    inside = (body.get("view") or {}).get("type") == "modal"
    place = client.views_push if inside else client.views_open
    return await place(trigger_id=body["trigger_id"], view=view)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def interaction_context(body: Mapping[str, Any]) -> dict[str, Any]:
    """What Slack said of a click, kept with the decision."""
    action = (body.get("actions") or [{}])[0]
    container = body.get("container") or {}
    return {
        "action_ts": action.get("action_ts", ""),
        "message_ts": container.get("message_ts", ""),
        "channel": container.get("channel_id", ""),
        "view": (body.get("view") or {}).get("id", ""),
    }


def request_ref(body: Mapping[str, Any]) -> tuple[str, int]:
    """The request and the revision that a button stands for. Raises ValueError for a value that is not ours."""
    request_id, _, revision = str(body["actions"][0].get("value", "")).partition(":")
    return request_id, int(revision or 0)
