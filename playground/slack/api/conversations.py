"""conversations.*: channels, direct messages, and what was said in them."""

from playground.slack.api.registry import TIER_2, TIER_3, Args, method, paginate, require_channel
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.model import Channel, Message
from playground.slack.workspace import Workspace

_READ = ("channels:read", "groups:read", "im:read")
_HISTORY = ("channels:history", "groups:history", "im:history")


@method("conversations.list", *_READ, per_minute=TIER_2)
def listing(ws: Workspace, args: Args) -> Json:
    return _list(ws, args, [c for c in ws.channels.values() if c.kind == "public" or ws.bot.id in c.members])


@method("users.conversations", *_READ, per_minute=TIER_3)
def own_channels(ws: Workspace, args: Args) -> Json:
    """The channels that the bot is in."""
    return _list(ws, args, [c for c in ws.channels.values() if ws.bot.id in c.members])


def _list(ws: Workspace, args: Args, known: list[Channel]) -> Json:
    """A page of channels. Archived ones are left out of a page after it was cut, as Slack does: pages may be short."""
    kinds = {"public_channel": "public", "private_channel": "private", "im": "im"}
    wanted = {kinds.get(kind.strip(), "") for kind in args.text("types", "public_channel").split(",")}
    found, more = paginate([c for c in known if c.kind in wanted], args)
    without_archived = args.boolean("exclude_archived")
    shown = [c for c in found if not (without_archived and c.is_archived)]
    return {"channels": [_channel_payload(ws, c) for c in shown], **more}


@method("conversations.info", *_READ, per_minute=TIER_3)
def info(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    return {"channel": _channel_payload(ws, channel)}


@method("conversations.members", *_READ)
def members(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    found, more = paginate(sorted(channel.members), args)
    return {"members": found, **more}


@method("conversations.open", "im:write", per_minute=TIER_3)
def open_im(ws: Workspace, args: Args) -> Json:
    users = [ident for ident in args.text("users").split(",") if ident]
    if "channel" in args:
        channel = require_channel(ws, args.text("channel"))
    elif not users:
        raise ApiError("users_list_not_supplied")
    elif len(users) > 1:
        raise ApiError("not_enough_users")
    else:
        channel = ws.im(users[0])
    return {"channel": {"id": channel.id} if not args.boolean("return_im") else _channel_payload(ws, channel)}


@method("conversations.join", "channels:join", per_minute=TIER_3)
def join(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    if channel.is_archived:
        raise ApiError("is_archived")
    if channel.kind != "public":
        raise ApiError("method_not_supported_for_channel_type")
    channel.members.add(ws.bot.id)
    ws.announce("channel", channel)
    return {"channel": _channel_payload(ws, channel)}


@method("conversations.history", *_HISTORY, per_minute=TIER_3)
def history(ws: Workspace, args: Args) -> Json:
    channel = _member_channel(ws, args)
    shown = [m for m in channel.messages if not m.thread_ts or m.thread_ts == m.ts]
    found, more = paginate([m for m in reversed(shown) if _in_range(m, args)], args)
    with_metadata = args.boolean("include_all_metadata")
    return {
        "messages": [_message_row(m, with_metadata) for m in found],
        "has_more": bool(more["response_metadata"]["next_cursor"]),
        **more,
    }


@method("conversations.replies", *_HISTORY, per_minute=TIER_3)
def replies(ws: Workspace, args: Args) -> Json:
    channel = _member_channel(ws, args)
    parent = channel.by_ts.get(args.text("ts", None))
    if parent is None:
        raise ApiError("thread_not_found")
    found, more = paginate([m for m in [parent, *parent.thread] if _in_range(m, args)], args)
    with_metadata = args.boolean("include_all_metadata")
    return {
        "messages": [_message_row(m, with_metadata) for m in found],
        "has_more": bool(more["response_metadata"]["next_cursor"]),
        **more,
    }


@method("reactions.add", "reactions:write", per_minute=TIER_3)
def react(ws: Workspace, args: Args) -> Json:
    channel = require_channel(ws, args.text("channel", None))
    message = channel.by_ts.get(args.text("timestamp", None))
    if message is None:
        raise ApiError("message_not_found")
    users = message.reactions.setdefault(args.text("name", None).strip(":"), [])
    if ws.bot.id in users:
        raise ApiError("already_reacted")
    users.append(ws.bot.id)
    ws.announce("message", message)
    return {}


def _member_channel(ws: Workspace, args: Args) -> Channel:
    channel = require_channel(ws, args.text("channel", None))
    if ws.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _in_range(message: Message, args: Args) -> bool:
    """Whether a message lies in the requested time range."""
    oldest, latest, inclusive = args.text("oldest"), args.text("latest"), args.boolean("inclusive")
    ts = float(message.ts)
    after = not oldest or (ts >= float(oldest) if inclusive else ts > float(oldest))
    return after and (not latest or (ts <= float(latest) if inclusive else ts < float(latest)))


def _message_row(message: Message, with_metadata: bool) -> Json:
    out = message.payload(with_metadata=with_metadata)
    thread = message.thread
    return {**out, "thread_ts": message.ts, "reply_count": len(thread)} if thread else out


def _channel_payload(ws: Workspace, channel: Channel) -> Json:
    out = channel.payload()
    return out if channel.kind == "im" else {**out, "is_member": ws.bot.id in channel.members}
