"""The Home tab, made when somebody opens it."""

from collections.abc import Sequence

from blocks.home import home_error_view, home_view
from bot.storage import requests
from bot.usecases.pauses.list_pauses import list_pauses
from bot.usecases.reviews.list_reviews import list_reviews
from bot.usecases.services import Services
from bot.usecases.sight import seen_summaries
from handlers.actors import authorize_actor
from handlers.payloads import Event
from handlers.replies import Nothing, PublishHome, Reply
from handlers.routes import Route, RouteTable


def register(table: RouteTable, services: Services, commands: Sequence[str]) -> None:
    """Add the route of the Home tab. ``commands`` are shown as ways to begin."""

    async def on_home_opened(event: Event) -> Reply:
        if event.tab != "home":
            return Nothing()
        actor = await authorize_actor(services, event.person)
        async with services.db.read() as tx:
            mine = await requests.summaries_of_person(tx, actor.person)
        waiting, note = await seen_summaries(services, requests.summaries_awaiting_approval, actor.person)
        due = await list_reviews(services, actor)
        paused = await list_pauses(services, actor, with_series=False)
        return PublishHome(home_view(mine, waiting, actor.zone, commands, paused, due, note))

    table.events["app_home_opened"] = Route(on_home_opened, error_reply=lambda text: PublishHome(home_error_view(text)))
