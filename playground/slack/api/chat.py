"""chat.*: messages that the bot posts, changes and deletes."""

import json
from typing import Any

from playground.slack.api.registry import TIER_3, Args, method, require_channel
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.limits import check_message
from playground.slack.model import Channel, Message
from playground.slack.workspace import Workspace

MAX_TEXT = 40_000
MAX_UPDATE_TEXT = 4_000
MAX_ATTACHMENTS = 100
MAX_METADATA = 8_000


@method("chat.postMessage", "chat:write", per_minute=300)
def post_message(ws: Workspace, args: Args) -> Json:
    channel = _destination(ws, args.text("channel", None))
    text, blocks, more = _non_empty_content(args)
    thread_ts = args.text("thread_ts")
    if thread_ts:
        parent = channel.by_ts.get(thread_ts)
        if parent is None:
            raise ApiError("thread_not_found")
        more["thread_ts"] = parent.thread_ts or parent.ts
    message = ws.post(channel, ws.bot.id, text, blocks, **more)
    return {"channel": channel.id, "ts": message.ts, "message": _message_payload(ws, message)}


@method("chat.postEphemeral", "chat:write")
def post_ephemeral(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    user = args.text("user", None)
    if channel.is_archived:
        raise ApiError("is_archived")
    if ws.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    if user not in ws.users or user not in channel.members:
        raise ApiError("user_not_in_channel")
    text, blocks, more = _non_empty_content(args)
    message = ws.post(channel, ws.bot.id, text, blocks, thread_ts=args.text("thread_ts"), ephemeral_for=user, **more)
    return {"message_ts": message.ts}


@method("chat.update", "chat:write", per_minute=TIER_3)
def update(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    message = _own_message(ws, channel, args.text("ts", None), "cant_update_message")
    text, blocks, more = _content(args, MAX_UPDATE_TEXT)
    if not text and blocks is None and "attachments" not in more:
        raise ApiError("no_text")
    # A text without blocks takes the old blocks away; anything else leaves what it does not name.
    if blocks is None and text:
        blocks = []
    message.attachments = more.get("attachments", message.attachments)
    message.metadata = more.get("metadata", message.metadata)
    if not text and not message.fallback_text and blocks == []:
        raise ApiError("no_text")
    ws.edit(message, text or message.fallback_text, blocks, edited=not blocks)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.fallback_text,
        "message": _message_payload(ws, message),
    }


@method("chat.delete", "chat:write", per_minute=TIER_3)
def delete(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    message = _own_message(ws, channel, args.text("ts", None), "cant_delete_message")
    ws.remove(message)
    return {"channel": channel.id, "ts": message.ts}


@method("chat.getPermalink", per_minute=300)
def permalink(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    message = channel.by_ts.get(args.text("message_ts", None))
    if message is None:
        raise ApiError("message_not_found")
    link = f"https://{ws.team.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _destination(ws: Workspace, ident: str) -> Channel:
    """Where a message may be posted: a channel's id or name, or a person's id for direct messages. Raises ApiError."""
    if ident in ws.users:
        try:
            return ws.im(ident)
        except ApiError:
            raise ApiError("channel_not_found") from None
    named = next((c for c in ws.channels.values() if c.name == ident.removeprefix("#") and c.kind != "im"), None)
    channel = require_channel(ws, named.id if named else ident)
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind == "im" and ws.users[channel.peer].deleted:
        raise ApiError("channel_not_found")
    if ws.bot.id not in channel.members and "chat:write.public" not in ws.settings.scopes:
        raise ApiError("not_in_channel")
    return channel


def _non_empty_content(args: Args) -> tuple[str, list[Json] | None, Json]:
    """The content of a new message, which may not be empty. Raises ApiError."""
    text, blocks, more = _content(args, MAX_TEXT)
    if not text and not blocks and not more.get("attachments"):
        raise ApiError("no_text")
    return text, blocks, more


def _content(args: Args, max_text: int) -> tuple[str, list[Json] | None, Json]:
    """The text, the blocks (None when not given) and the other parts of a message. Raises ApiError."""
    text, blocks = args.text("text"), args.blocks()
    more: Json = {}
    attachments = args.json("attachments", "invalid_attachments")
    if attachments is not None:
        if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
            raise ApiError("invalid_attachments")
        if len(attachments) > MAX_ATTACHMENTS:
            raise ApiError("too_many_attachments")
        for number, item in enumerate(attachments):
            if "blocks" in item:
                _check_attachment(number, item["blocks"])
        more["attachments"] = attachments
    if len(text) > max_text:
        raise ApiError("msg_too_long")
    if blocks:
        check_message(blocks)
    metadata = args.json("metadata", "invalid_metadata_format")
    if metadata is not None:
        more["metadata"] = _metadata(metadata)
    return text, blocks, more


def _check_attachment(number: int, blocks: Any) -> None:
    try:
        check_message(blocks)
    except ApiError as error:
        messages = [text.replace("json-pointer:", f"json-pointer:/attachments/{number}") for text in error.messages]
        raise ApiError("invalid_attachments", messages) from error


def _metadata(metadata: Any) -> Json:
    fits = (
        isinstance(metadata, dict)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), dict)
    )
    if not fits:
        raise ApiError("invalid_metadata_format")
    if len(json.dumps(metadata)) > MAX_METADATA:
        raise ApiError("metadata_too_large")
    shaped: Json = metadata
    return shaped


def _own_message(ws: Workspace, channel: Channel, ts: str, error: str) -> Message:
    message = channel.by_ts.get(ts)
    if message is None:
        raise ApiError("message_not_found")
    if message.user != ws.bot.id:
        raise ApiError(error)
    return message


def _message_payload(ws: Workspace, message: Message) -> Json:
    return {**message.payload(), "team": ws.team.id}
