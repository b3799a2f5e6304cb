"""The payloads that Slack sends to an app, in Slack's own shapes."""

import time
from typing import Any

from playground.slack.elements import Json
from playground.slack.modals import view_payload
from playground.slack.model import Channel, Message, User, View
from playground.slack.typed import slash_text_as_sent
from playground.slack.workspace import Workspace

ENTERPRISE_ID = "E0NIGHTSHIFT"
# Slack does not publish the names of these.
_CHANNEL_NAMES = {"im": "directmessage", "private": "privategroup"}


def command(ws: Workspace, user: User, channel: Channel, name: str, text: str) -> Json:
    """A slash command, as the fields of its form."""
    return {
        "token": ws.settings.verification_token,
        "team_id": ws.team.id,
        "team_domain": ws.team.domain,
        "channel_id": channel.id,
        "channel_name": _CHANNEL_NAMES.get(channel.kind, channel.name),
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": slash_text_as_sent(ws, text),
        "api_app_id": ws.settings.app_id,
        "is_enterprise_install": "false",
        "response_url": ws.new_response_url(user.id, channel),
        "trigger_id": ws.new_trigger(user.id).id,
    }


def block_actions(ws: Workspace, user: User, container: Message | View, action: Json) -> Json:
    """A click or a choice in a message, a modal or the home tab."""
    out = {**_interaction(ws, user, "block_actions"), "actions": [action], **_container(ws, user, container)}
    if isinstance(container, Message):
        out["response_url"] = ws.new_response_url(user.id, container.channel, container)
        out["trigger_id"] = ws.new_trigger(user.id).id
    else:
        out["trigger_id"] = ws.new_trigger(user.id, container if container.type == "modal" else None).id
    return out


def block_suggestion(
    ws: Workspace, user: User, container: Message | View, block_id: str, action_id: str, query: str
) -> Json:
    """A request for the options of a select."""
    asked = {"block_id": block_id, "action_id": action_id, "value": query}
    return {**_interaction(ws, user, "block_suggestion"), **asked, **_container(ws, user, container)}


def view_submission(ws: Workspace, user: User, view: View) -> Json:
    return {
        **_interaction(ws, user, "view_submission"),
        "trigger_id": ws.new_trigger(user.id, view).id,
        "view": view_payload(ws, view),
        "response_urls": [],
    }


def view_closed(ws: Workspace, user: User, view: View, *, is_cleared: bool) -> Json:
    return {**_interaction(ws, user, "view_closed"), "view": view_payload(ws, view), "is_cleared": is_cleared}


def shortcut(ws: Workspace, user: User, callback_id: str) -> Json:
    return {
        **_interaction(ws, user, "shortcut"),
        "callback_id": callback_id,
        "trigger_id": ws.new_trigger(user.id).id,
        "action_ts": ws.new_ts(),
    }


def message_action(ws: Workspace, user: User, callback_id: str, message: Message) -> Json:
    """A shortcut taken on a message."""
    return {
        **_interaction(ws, user, "message_action"),
        "callback_id": callback_id,
        "trigger_id": ws.new_trigger(user.id).id,
        "response_url": ws.new_response_url(user.id, message.channel),
        "action_ts": ws.new_ts(),
        "message_ts": message.ts,
        "channel": _channel(message.channel),
        "message": message.payload(),
    }


def event(ws: Workspace, content: Json) -> Json:
    """The envelope of an event."""
    return {
        "token": ws.settings.verification_token,
        "team_id": ws.team.id,
        "api_app_id": ws.settings.app_id,
        "event": content,
        "type": "event_callback",
        "event_id": ws.new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": ws.team.id,
                "user_id": ws.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": ws.new_id("4-"),
    }


def user_object(ws: Workspace, user: User) -> Json:
    """A user as users.info and user events show it."""
    return {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "tz": user.tz,
        "is_admin": user.is_admin,
        "is_owner": False,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "is_restricted": user.is_restricted,
        "is_ultra_restricted": user.is_ultra_restricted,
        "is_stranger": user.is_stranger,
        **({"enterprise_user": _enterprise_user(user)} if user.grid_teams else {}),
        "updated": user.updated,
        "profile": {
            "real_name": user.real_name,
            "display_name": user.name,
            "team": user.team_id,
            **({"email": user.email} if user.email and "users:read.email" in ws.settings.scopes else {}),
        },
    }


def _enterprise_user(user: User) -> Json:
    return {
        "id": f"W{user.id[1:]}",
        "enterprise_id": ENTERPRISE_ID,
        "enterprise_name": "Nightshift Holding",
        "is_admin": False,
        "is_owner": False,
        "teams": list(user.grid_teams),
    }


def group_object(ws: Workspace, group: Any, *, users: bool = True) -> Json:
    """A user group as usergroups.list and subteam events show it."""
    out: Json = {
        "id": group.id,
        "team_id": ws.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": 0,
        "date_update": group.date_update,
        "date_delete": group.date_delete,
        "user_count": len(group.users),
    }
    return {**out, "users": list(group.users)} if users else out


def _interaction(ws: Workspace, user: User, kind: str) -> Json:
    # In a shared channel the team is the app's, and user.team_id the person's own (java-slack-sdk issue 1041).
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "team": {"id": ws.team.id, "domain": ws.team.domain},
        "api_app_id": ws.settings.app_id,
        "token": ws.settings.verification_token,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _container(ws: Workspace, user: User, source: Message | View) -> Json:
    if isinstance(source, View):
        return {"container": {"type": "view", "view_id": source.id}, "view": view_payload(ws, source)}
    container: Json = {
        "type": "message",
        "message_ts": source.ts,
        "channel_id": source.channel.id,
        "is_ephemeral": bool(source.ephemeral_for),
    }
    if source.thread_ts:
        container["thread_ts"] = source.thread_ts
    out: Json = {
        "container": container,
        "channel": _channel(source.channel),
        "state": {"values": source.form_of(user.id).values()},
    }
    # Slack does not send the content of an ephemeral message back.
    if not source.ephemeral_for:
        out["message"] = {**source.payload(), "team": ws.team.id}
    return out


def _channel(channel: Channel) -> Json:
    return {"id": channel.id, "name": _CHANNEL_NAMES.get(channel.kind, channel.name)}
