"""Changes of users, groups and channels in Slack: what is cached of them is dropped, and cards come back."""

from bot.usecases.revive_cards import revive_cards
from bot.usecases.services import Services
from handlers.payloads import Event
from handlers.replies import Nothing, Reply
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services) -> None:
    """Add the routes of the events."""

    async def on_groups_change(event: Event) -> Reply:
        services.directory.invalidate_groups()
        return Nothing()

    async def on_user_change(event: Event) -> Reply:
        services.directory.invalidate_user(event.user)
        services.directory.invalidate_groups()
        return Nothing()

    async def on_group_update(event: Event) -> Reply:
        services.directory.invalidate_groups()
        services.wake.policy.set()
        return Nothing()

    async def on_channel_back(event: Event) -> Reply:
        services.directory.invalidate_channels()
        if event.type != "member_joined_channel" or event.user == services.directory.bot_user_id:
            await revive_cards(services, event.channel)
        return Nothing()

    for name in ("member_joined_channel", "channel_unarchive", "group_unarchive"):
        table.events[name] = Route(on_channel_back)
    table.events["subteam_members_changed"] = Route(on_groups_change)
    for name in ("subteam_updated", "subteam_created"):
        table.events[name] = Route(on_group_update)
    table.events["user_change"] = Route(on_user_change)
