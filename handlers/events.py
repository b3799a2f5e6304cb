"""Slack's news about people and groups: what is known of them is asked again."""

from bot.usecases.services import Services
from handlers.router import Payload, Router


def register(routes: Router, services: Services) -> None:
    """Connect the events."""

    async def groups_changed() -> None:
        services.directory.invalidate_groups()

    async def user_changed(event: Payload) -> None:
        user = event.get("user")
        services.directory.invalidate_user(str(user.get("id", "")) if isinstance(user, dict) else str(user or ""))
        services.directory.invalidate_groups()

    for name in ("subteam_members_changed", "subteam_updated", "subteam_created"):
        routes.events[name] = groups_changed
    routes.events["user_change"] = user_changed
