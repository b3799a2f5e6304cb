"""Settings of a workspace: the app's identity, its tokens, and how strict Slack is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ALL_SCOPES = frozenset(
    {
        "commands", "chat:write", "chat:write.public", "im:write", "usergroups:read", "users:read", "users:read.email",
        "channels:read", "groups:read", "im:read", "channels:history", "groups:history", "im:history", "channels:join",
        "files:write", "files:read", "team:read", "app_mentions:read", "reactions:write",
    }
)  # fmt: skip

ALL_EVENTS = frozenset(
    {
        "app_home_opened", "app_mention", "app_uninstalled", "tokens_revoked", "message.im", "message.channels",
        "message.groups", "member_left_channel",
        "subteam_created", "subteam_updated", "subteam_members_changed", "user_change", "team_join", "channel_archive",
        "channel_rename", "group_rename", "channel_id_changed", "channel_unarchive", "group_unarchive",
        "member_joined_channel", "function_executed",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are in real seconds. ``commands`` None means that any slash command is the app's.

    ``ack_deadline``, ``trigger_ttl`` and ``response_url_ttl`` are Slack's own; a test may shorten them.
    ``event_retry_delays`` are the waits before each further try of an event.
    """

    bot_token: str = "xoxb-playground-bot"
    app_token: str = "xapp-playground-app"
    signing_secret: str = "playground-signing-secret"
    app_id: str = "A0PLAYGRND"
    bot_id: str = "B0PLAYGRND"
    verification_token: str = "playground-legacy-token"
    scopes: frozenset[str] = ALL_SCOPES
    events: frozenset[str] = ALL_EVENTS
    commands: frozenset[str] | None = None
    ack_deadline: float = 3.0
    trigger_ttl: float = 3.0
    response_url_ttl: float = 1800.0
    max_response_url_uses: int = 5
    event_retry_delays: tuple[float, ...] = (0.0, 60.0, 300.0)
    settle_timeout: float = 1.0
    """Seconds for which a person waits for a change on the screen after the bot has acknowledged."""

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], **more: Any) -> "Settings":
        """The app as its manifest (parsed) describes it: only these scopes, commands and events work."""
        commands = manifest.get("features", {}).get("slash_commands", [])
        subscriptions = manifest.get("settings", {}).get("event_subscriptions", {})
        return cls(
            scopes=frozenset(manifest["oauth_config"]["scopes"]["bot"]),
            commands=frozenset(command["command"] for command in commands),
            events=frozenset(subscriptions.get("bot_events", [])),
            **more,
        )
