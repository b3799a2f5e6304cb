"""Slack's news about people and groups: what is known of them is asked again."""

from bot.usecases.services import Services
from handlers.routes import Body, Routes


def register(routes: Routes, app: Services) -> None:
    """Connect the events."""

    async def groups_changed() -> None:
        app.people.forget_groups()

    async def user_changed(event: Body) -> None:
        user = event.get("user")
        app.people.forget_member(str(user.get("id", "")) if isinstance(user, dict) else str(user or ""))
        app.people.forget_groups()

    for name in ("subteam_members_changed", "subteam_updated", "subteam_created"):
        routes.events[name] = groups_changed
    routes.events["user_change"] = user_changed
