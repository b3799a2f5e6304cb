"""Slack's error codes, grouped by what to do about them."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

RECIPIENT_GONE = frozenset(
    {
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "user_not_found",
        "users_not_found",
        "user_disabled",
        "is_inactive",
        "account_inactive",
        "cannot_dm_bot",
        "messages_tab_disabled",
    }
)
"""The channel or person cannot be written to. Retrying does not help."""

MESSAGE_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message can no longer be changed."""

OUTAGE = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
"""Slack cannot do it at the moment. The same request may succeed later."""

TRANSPORT_ERRORS = (ClientError, TimeoutError, OSError)
"""Exceptions of slack_sdk when there is no connection."""


def error_code(error: SlackApiError) -> str:
    """Return Slack's error code, such as ``channel_not_found``."""
    response = error.response
    return str(response.get("error", "unknown")) if response is not None else "unknown"


def is_outage(error: Exception) -> bool:
    """Return whether Slack is not available at the moment, so that the same request may succeed later."""
    if not isinstance(error, SlackApiError):
        return isinstance(error, TRANSPORT_ERRORS)
    status = getattr(error.response, "status_code", None)
    return error_code(error) in OUTAGE or (isinstance(status, int) and status >= 500)


def retry_after_seconds(error: SlackApiError) -> float | None:
    """Return how many seconds Slack wants us to wait; None if the error is not about rate limits."""
    if error_code(error) not in ("ratelimited", "rate_limited"):
        return None
    headers = getattr(error.response, "headers", None) or {}
    value = next((headers[key] for key in headers if key.lower() == "retry-after"), "30")
    text = value[0] if isinstance(value, list) else value
    try:
        return float(text)
    except ValueError:
        return 30.0
