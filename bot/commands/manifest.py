"""Builds the manifest of the Slack app, for Socket Mode (``manifest.yml`` has the same text) or for HTTP."""

import yaml
from pydantic import JsonValue

from bot.settings import installed_kinds

EVENTS_PATH = "/slack/events"
SCOPES = {
    "commands": "slash commands do not work",
    "chat:write": "nothing can be posted",
    "chat:write.public": "the bot must be invited to each channel in which it posts",
    "im:write": "nobody gets a direct message",
    "usergroups:read": "nobody can be an approver through a group",
    "users:read": "nobody can be recognised",
    "channels:read": "channels cannot be named by #name",
    "groups:read": "private channels cannot be found",
}
"""The scopes that the bot needs, and what fails without each."""
OPTIONAL_SCOPES = {
    "channels:history": "a message whose posting was interrupted may be posted twice",
    "groups:history": "in private channels a message whose posting was interrupted may be posted twice",
    "im:history": "a direct message whose posting was interrupted may be posted twice",
    "files:write": "long logs and requests cannot be given as files",
}
"""Scopes that the bot works without, and what is worse without each."""
BOT_EVENTS = (
    "app_home_opened",
    "app_uninstalled",
    "channel_id_changed",
    "channel_rename",
    "channel_unarchive",
    "group_rename",
    "group_unarchive",
    "member_joined_channel",
    "member_left_channel",
    "subteam_created",
    "subteam_members_changed",
    "subteam_updated",
    "team_join",
    "tokens_revoked",
    "user_change",
)
HUB_COMMAND = (
    "/nightshift",
    "Requests, approvals, times, help",
    "list | show NS-12 | approvals | cancel NS-12 | when PHRASE | help",
)
"""The command of the hub, its description, and its usage hint."""


def command_table() -> list[tuple[str, str, str]]:
    """Return the command, description and usage hint of each installed kind of back end and of the hub."""
    return [
        *sorted(
            (kind.command, kind.command_description, kind.command_usage_hint) for kind in installed_kinds().values()
        ),
        HUB_COMMAND,
    ]


def manifest(http: str = "") -> dict[str, JsonValue]:
    """Return the manifest. ``http`` is the public URL of the bot; without it, the app uses Socket Mode."""
    url = http.rstrip("/") + EVENTS_PATH if http else ""
    slash_commands: list[JsonValue] = [
        {
            "command": name,
            **({"url": url} if url else {}),
            "description": what,
            "usage_hint": hint,
            "should_escape": True,
        }
        for name, what, hint in command_table()
    ]
    interactivity: dict[str, JsonValue] = {"is_enabled": True}
    events: dict[str, JsonValue] = {"bot_events": list(BOT_EVENTS)}
    if url:
        interactivity |= {"request_url": url, "message_menu_options_url": url}
        events = {"request_url": url, **events}
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Nightshift",
            "description": "Maintenance work: ask in a form, approve with a button, run once, see what happened.",
            "background_color": "#1d2b3a",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": True,
            },
            "bot_user": {"display_name": "Nightshift", "always_online": True},
            "slash_commands": slash_commands,
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES), "bot_optional": list(OPTIONAL_SCOPES)}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not url,
            "token_rotation_enabled": False,
        },
    }


def manifest_yaml(http: str = "") -> str:
    """Return the manifest as YAML."""
    return str(yaml.safe_dump(manifest(http), sort_keys=False, allow_unicode=True, width=110))
