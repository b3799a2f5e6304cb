"""The Home tab, made when somebody looks at it."""

from slack_sdk.web.async_client import AsyncWebClient

from blocks.home import home_view
from blocks.text import header, lines, t
from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.storage import requests
from bot.usecases.draft import speaker
from bot.usecases.services import Services
from handlers.routes import Body, Routes


def register(routes: Routes, app: Services, commands: list[str]) -> None:
    """``commands`` are shown as ways to begin."""

    async def opened(event: Body, body: Body, client: AsyncWebClient) -> None:
        if event.get("tab") != "home":
            return
        person = Person(team=str(body.get("team_id", "")), user=str(event["user"]))
        try:
            who = speaker(app, await app.people.admit(person))
            async with app.db.read() as tx:
                mine = await requests.brief_of_person(tx, who.person)
                waiting = await requests.brief_awaiting(tx)
            view = home_view(mine, waiting, who.zone, commands)
        except NightshiftError as error:
            view = {"type": "home", "blocks": [header("Nightshift"), lines([t(str(error))])]}
        await client.views_publish(user_id=person.user, view=view)

    routes.events["app_home_opened"] = opened
