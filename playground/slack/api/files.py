"""files.*: uploads in three steps (ask for a URL, send the bytes, share)."""

from playground.slack.api.registry import Args, method, require_channel
from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.model import Channel, File
from playground.slack.workspace import Workspace


@method("files.getUploadURLExternal", "files:write")
def upload_url(ws: Workspace, args: Args) -> Json:
    name, length = args.text("filename", None), args.integer("length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments", ["must be greater than 0: length"])
    file = File(ws.new_id("F"), name, length)
    ws.files[file.id] = file
    return {"upload_url": f"{ws.base_url}/upload/{file.id}", "file_id": file.id}


@method("files.completeUploadExternal", "files:write")
def complete(ws: Workspace, args: Args) -> Json:
    wanted = args.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise ApiError("invalid_arguments", ["missing required field: files"])
    channels = [_channel(ws, ident) for ident in _destinations(args)]
    files = [_file(ws, item) for item in wanted]
    for channel in channels:
        message = ws.post(
            channel, ws.bot.id, args.text("initial_comment"), thread_ts=args.text("thread_ts"), files=list(files)
        )
        for file in files:
            file.shared_in.append(message.channel.id)
    return {"files": [{"id": f.id, "title": f.title or f.name, "name": f.name} for f in files]}


def _destinations(args: Args) -> list[str]:
    several = [ident.strip() for ident in args.text("channels").split(",") if ident.strip()]
    return several or ([args.text("channel_id")] if "channel_id" in args else [])


def _channel(ws: Workspace, ident: str) -> Channel:
    channel = require_channel(ws, ident)
    if channel.is_archived:
        raise ApiError("is_archived")
    if ws.bot.id not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _file(ws: Workspace, item: object) -> File:
    file = ws.files.get(str(item.get("id", ""))) if isinstance(item, dict) else None
    if file is None or file.data is None:
        raise ApiError("file_not_found")
    title = item.get("title") if isinstance(item, dict) else None
    file.title = str(title or "")
    return file
