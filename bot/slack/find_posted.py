"""Finds a message that was posted although Slack's answer was lost."""

from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.error_codes import error_code

MAX_SEARCHED_MESSAGES = 200
SEARCH_MARGIN = timedelta(minutes=2)
"""How far before and after the first sending a message is searched, among the latest MAX_SEARCHED_MESSAGES."""
_log = structlog.get_logger(__name__)


async def find_posted(client: AsyncWebClient, message_id: str, channel: str, thread: str, began: datetime) -> str:
    """Return the ts of a message whose first sending began at a moment; "" if Slack does not have it.

    ``thread`` is the ts of the thread that it belongs to; "" if to none. Raises SlackApiError.
    """
    oldest, latest = str((began - SEARCH_MARGIN).timestamp()), str((began + SEARCH_MARGIN).timestamp())
    try:
        if thread:
            answer = await client.conversations_replies(
                channel=channel,
                ts=thread,
                oldest=oldest,
                latest=latest,
                limit=MAX_SEARCHED_MESSAGES,
                include_all_metadata=True,
            )
        else:
            answer = await client.conversations_history(
                channel=channel, oldest=oldest, latest=latest, limit=MAX_SEARCHED_MESSAGES, include_all_metadata=True
            )
    except SlackApiError as error:
        if error_code(error) in ("missing_scope", "not_in_channel", "channel_not_found"):
            _log.warning("cannot search for a posted message", channel=channel, why=error_code(error))
            return ""
        raise
    for item in answer["messages"]:
        payload = (item.get("metadata") or {}).get("event_payload") or {}
        if payload.get("id") == message_id:
            return str(item["ts"])
    return ""
