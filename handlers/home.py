"""The Home tab, made when somebody looks at it."""

from slack_sdk.web.async_client import AsyncWebClient

from blocks.home import home_view
from blocks.text import header, rich_text_lines, text_run
from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.storage import requests
from bot.usecases.drafts.form import actor_for
from bot.usecases.services import Services
from handlers.router import Payload, Router


def register(routes: Router, services: Services, commands: list[str]) -> None:
    """``commands`` are shown as ways to begin."""

    async def opened(event: Payload, body: Payload, client: AsyncWebClient) -> None:
        if event.get("tab") != "home":
            return
        person = Person(team=str(body.get("team_id", "")), user=str(event["user"]))
        try:
            who = actor_for(services, await services.directory.authorize(person))
            async with services.db.read() as tx:
                mine = await requests.summaries_of_person(tx, who.person)
                waiting = await requests.summaries_awaiting_approval(tx)
            view = home_view(mine, waiting, who.zone, commands)
        except NightshiftError as error:
            view = {"type": "home", "blocks": [header("Nightshift"), rich_text_lines([text_run(str(error))])]}
        await client.views_publish(user_id=person.user, view=view)

    routes.events["app_home_opened"] = opened
