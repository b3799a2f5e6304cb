"""What Slack says to the bot. A handler is thin: it reads the payload, calls one use case, renders the answer."""

from bot.settings import installed_kinds
from bot.usecases.services import Services
from handlers import cards, events, forms, home, hub, options
from handlers.router import Router


def build_routes(services: Services) -> Router:
    """The table of every handler."""
    routes = Router()
    commands = list(dict.fromkeys(c.kind.command for c in services.backends.values()))
    options.register(routes, services)
    cards.register(routes, services)
    hub.register(routes, services, commands)
    home.register(routes, services, commands)
    events.register(routes, services)
    # Slack lists the commands of every installed kind, so each is answered, configured or not.
    forms.register(routes, services, {kind.command: kind.kind for kind in installed_kinds().values()})
    return routes
