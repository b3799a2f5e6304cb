"""Changes of users and groups in Slack: what is cached of them is dropped."""

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

    table.events["subteam_members_changed"] = Route(on_groups_change)
    for name in ("subteam_updated", "subteam_created"):
        table.events[name] = Route(on_group_update)
    table.events["user_change"] = Route(on_user_change)
