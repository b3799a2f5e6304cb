"""Who acts, and whether they may."""

from bot.requests.model import Person
from bot.usecases.actor import Actor, actor_for
from bot.usecases.language import language_of
from bot.usecases.own_settings import own_settings
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see_id


async def authorize_person(services: Services, person: Person) -> Person:
    """Return the person as Slack knows them, if they may use the bot. Raises NotAllowed."""
    return (await services.directory.authorize(person)).person


async def authorize_for_request(services: Services, person: Person, request_id: str) -> Person:
    """Return the person, if they may use the bot and see a request. Raises NotAllowed, NotFound or SlackSilent.

    What they may not see answers to every button as if it were not there.
    """
    person = await authorize_person(services, person)
    await check_may_see_id(services, request_id, person)
    return person


async def authorize_actor(services: Services, person: Person) -> Actor:
    """Return the person with how they write times, if they may use the bot. Raises NotAllowed."""
    user = await services.directory.authorize(person)
    return actor_for(
        services, user, await language_of(services, user.person), await own_settings(services, user.person)
    )
