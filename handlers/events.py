"""Changes of users, groups and channels in Slack: what is known of them follows, and cards come back."""

from collections.abc import Mapping

import structlog

from bot.usecases.revive_cards import follow_channel, revive_cards
from bot.usecases.services import Services
from handlers.payloads import Event
from handlers.replies import Nothing, Reply
from handlers.routes import Route, RouteTable

_log = structlog.get_logger(__name__)


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the events."""
    directory = services.directory

    async def on_members_change(event: Event) -> Reply:
        directory.user_groups.on_members_changed(event.content)
        return Nothing()

    async def on_group_update(event: Event) -> Reply:
        directory.user_groups.on_group_changed(event.content)
        services.wake.policy.set()
        return Nothing()

    async def on_user_change(event: Event) -> Reply:
        user = event.content.get("user")
        if isinstance(user, Mapping) and event.user:
            await directory.on_user_changed(user)
        return Nothing()

    async def on_joined(event: Event) -> Reply:
        if event.user == directory.bot_user_id:
            return await on_channel_back(event)
        directory.channels.on_joined(event.channel, event.user)
        return Nothing()

    async def on_left(event: Event) -> Reply:
        directory.channels.on_left(event.channel, event.user)
        return Nothing()

    async def on_channel_back(event: Event) -> Reply:
        directory.invalidate_channels()
        await revive_cards(services, event.channel)
        return Nothing()

    async def on_rename(event: Event) -> Reply:
        channel = event.content.get("channel")
        if isinstance(channel, Mapping):
            directory.channels.on_renamed(str(channel.get("id")), str(channel.get("name")))
        return Nothing()

    async def on_new_id(event: Event) -> Reply:
        old, new = event.content.get("old_channel_id"), event.content.get("new_channel_id")
        if isinstance(old, str) and isinstance(new, str):
            await follow_channel(services, old, new)
        return Nothing()

    async def on_token_lost(event: Event) -> Reply:
        _log.error("Slack has revoked the app; everything is kept until it is back", slack_event=event.type)
        return Nothing()

    table.events |= {
        "subteam_members_changed": Route(on_members_change),
        "subteam_updated": Route(on_group_update),
        "subteam_created": Route(on_group_update),
        "user_change": Route(on_user_change),
        "team_join": Route(on_user_change),
        "member_joined_channel": Route(on_joined),
        "member_left_channel": Route(on_left),
        "channel_unarchive": Route(on_channel_back),
        "group_unarchive": Route(on_channel_back),
        "channel_rename": Route(on_rename),
        "group_rename": Route(on_rename),
        "channel_id_changed": Route(on_new_id),
        "tokens_revoked": Route(on_token_lost),
        "app_uninstalled": Route(on_token_lost),
    }
