"""Slack's error codes, and what to do about each."""

from collections.abc import Mapping
from enum import StrEnum

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

MAX_UNKNOWN_FAILURES = 8
"""How often a message is tried again that Slack refuses for a reason that is in no table."""


class Reaction(StrEnum):
    """What to do about a message that Slack has refused."""

    LATER = "later"
    REPOST = "repost"
    """The message can no longer be changed: post it again."""
    WITHOUT_THREAD = "without_thread"
    ANOTHER_WAY = "another_way"
    """The channel or person cannot be written to."""
    PLAIN = "plain"
    """Our blocks are at fault: send the text alone, and tell the administrators."""
    KEEP = "keep"
    """The token or the app is at fault: keep everything until that is put right."""
    UNKNOWN = "unknown"
    """Try again a few times, then give up; the administrators are told."""


_CODES: Mapping[Reaction, tuple[str, ...]] = {
    Reaction.LATER: (
        "ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
        "update_failed", "external_channel_migrating", "team_added_to_org", "org_login_required", "timeout",
        "streaming_state_conflict", "message_limit_exceeded",
    ),
    Reaction.REPOST: ("message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch"),
    Reaction.WITHOUT_THREAD: ("thread_not_found", "restricted_action_thread_locked", "cannot_reply_to_message"),
    Reaction.ANOTHER_WAY: (
        "channel_not_found", "is_archived", "is_inactive", "not_in_channel", "restricted_action",
        "restricted_action_read_only_channel", "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel", "method_not_supported_for_channel_type",
        "posting_to_channel_denied", "user_not_found", "users_not_found", "user_not_visible", "user_disabled",
        "user_not_in_channel", "invalid_user_combination", "cannot_dm_bot", "messages_tab_disabled",
    ),
    Reaction.PLAIN: (
        "invalid_blocks", "invalid_blocks_format", "invalid_attachments", "msg_too_long", "msg_blocks_too_long",
        "msg_blocks_too_many", "no_text", "too_many_attachments", "markdown_text_conflict", "metadata_too_large",
        "invalid_arguments", "only_one_table_allowed",
    ),
    Reaction.KEEP: (
        "invalid_auth", "account_inactive", "token_revoked", "token_expired", "not_authed", "missing_scope",
        "not_allowed_token_type", "no_permission", "access_denied", "ekm_access_denied", "team_access_not_granted",
    ),
}  # fmt: skip
REACTIONS: Mapping[str, Reaction] = {code: reaction for reaction, codes in _CODES.items() for code in codes}
"""The reaction to each code that Slack documents for posting and updating."""


def reaction_to(code: str) -> Reaction:
    """Return what to do about a message that Slack has refused with a code."""
    return REACTIONS.get(code, Reaction.UNKNOWN)


BAD_TOKEN_CODES = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
"""Slack does not accept the token. Another one may have been configured."""

OUTAGE = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
"""Slack cannot do it at the moment. The same request may succeed later."""

TRANSPORT_ERRORS = (ClientError, TimeoutError, OSError)
"""Exceptions of slack_sdk when there is no connection."""


def error_code(error: SlackApiError) -> str:
    """Return Slack's error code, such as ``channel_not_found``; "unknown" where the answer has none, or is no JSON."""
    response = error.response
    if not isinstance(response, AsyncSlackResponse | Mapping):
        return "unknown"
    return str(response.get("error") or "unknown")


def error_detail(error: SlackApiError) -> str:
    """Return what Slack adds to its code; "" if it adds nothing."""
    response = error.response
    metadata = response.get("response_metadata") if error_code(error) != "unknown" else None
    return "; ".join(map(str, (metadata or {}).get("messages") or ()))


def is_outage(error: Exception) -> bool:
    """Return whether Slack is not available at the moment, so that the same request may succeed later."""
    if not isinstance(error, SlackApiError):
        return isinstance(error, TRANSPORT_ERRORS)
    status = getattr(error.response, "status_code", None) or getattr(error.response, "status", None)
    is_readable = error_code(error) != "unknown" or isinstance(error.response, AsyncSlackResponse | Mapping)
    return error_code(error) in OUTAGE or not is_readable or (isinstance(status, int) and status >= 500)


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
