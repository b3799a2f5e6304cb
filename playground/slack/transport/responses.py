"""What Slack does with the body of an acknowledgement or of a post to a response_url."""

import time

from playground.slack.elements import Json, options_of
from playground.slack.errors import ApiError, SearchFailed
from playground.slack.limits import check_errors, check_message, check_options
from playground.slack.modals import new_view, push_view, remove_views, replace_view
from playground.slack.model import Channel, ResponseUrl, View
from playground.slack.transport import payloads
from playground.slack.transport.delivery import Ack, Delivery
from playground.slack.workspace import Workspace


def apply_command_response(ws: Workspace, user: str, channel: Channel, ack: Ack) -> None:
    """Show the message that answers a slash command. Raises ApiError if Slack would not take it."""
    if isinstance(ack.body, dict) and (ack.body.get("text") or ack.body.get("blocks")):
        _post_response(ws, user, channel, ack.body)


def parse_options_response(ack: Ack) -> list[Json]:
    """The options that a select shows, those of groups one after the other. Raises SearchFailed."""
    if ack.error:
        raise SearchFailed(ack.error)
    try:
        check_options(ack.body)
    except ApiError as error:
        raise SearchFailed(error.code, error.messages) from error
    return options_of(ack.body)


async def apply_submission_response(delivery: Delivery, view: View, ack: Ack) -> None:
    """Do what the answer to a view_submission says. Raises ApiError if Slack cannot."""
    ws = delivery.ws
    body = ack.body if isinstance(ack.body, dict) else {}
    match body.get("response_action"):
        case None:
            remove_views(ws, view.user, [view])
        case "errors":
            check_errors(body.get("errors"), {b["block_id"] for b in view.blocks if b["type"] == "input"})
            view.errors = dict(body["errors"])
            ws.announce("view", view, view.user)
        case "update":
            replace_view(ws, view, body.get("view"))
        case "push":
            push_view(ws, new_view(ws, view.user, body.get("view"), "modal"))
        case "clear":
            await close_views(delivery, view.user, list(ws.stacks[view.user]), is_cleared=True)
        case other:
            raise ApiError("invalid_response", [f"unknown response_action: {other}"])


async def close_views(delivery: Delivery, user: str, views: list[View], *, is_cleared: bool) -> Ack:
    """Close views, and tell the bot about those that asked for it. Returns the last acknowledgement."""
    ws, ack = delivery.ws, Ack()
    remove_views(ws, user, views)
    for view in reversed(views):
        if view.content.get("notify_on_close"):
            payload = payloads.view_closed(ws, ws.users[user], view, is_cleared=is_cleared)
            name = view.content.get("callback_id", "") or "view_closed"
            ack = await delivery.deliver_interaction("interactive", name, payload, user)
    return ack


def apply_response_url_post(ws: Workspace, url: ResponseUrl, body: Json) -> None:
    """Do what a post to a response_url asks for. Raises ApiError.

    A post that names neither response_type nor replace_original replaces the message it answers.
    """
    if time.monotonic() - url.created_at > ws.settings.response_url_ttl:
        raise ApiError("expired_url")
    if url.uses >= ws.settings.max_response_url_uses:
        raise ApiError("used_url")
    original = url.message
    if body.get("delete_original"):
        if original is None or original.deleted:
            raise ApiError("message_not_found")
        url.uses += 1
        ws.remove(original)
        return
    if not (body.get("text") or body.get("blocks") or body.get("attachments")):
        raise ApiError("no_text")
    default = original is not None and "response_type" not in body
    if original is not None and body.get("replace_original", default):
        if original.deleted:
            raise ApiError("message_not_found")
        blocks = body.get("blocks") or []
        check_message(blocks)
        ws.edit(original, body.get("text", ""), blocks, edited=not original.ephemeral_for and not blocks)
    else:
        _post_response(ws, url.user, url.channel, body)
    url.uses += 1


def _post_response(ws: Workspace, user: str, channel: Channel, body: Json) -> None:
    """Post a message that answers an interaction: to the person alone unless it says ``in_channel``."""
    blocks = body.get("blocks") or []
    check_message(blocks)
    alone = body.get("response_type", "ephemeral") != "in_channel"
    ws.post(
        channel, ws.bot.id, body.get("text", ""), blocks, ephemeral_for=user if alone else "",
        thread_ts=body.get("thread_ts") or "",
    )  # fmt: skip
