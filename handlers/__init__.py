"""What Slack says to the bot. A handler is thin: it reads the payload, calls one use case, renders the answer."""

from bot.settings import kinds
from bot.usecases.services import Services
from handlers import decisions, events, forms, home, hub, options
from handlers.routes import Routes


def table(app: Services) -> Routes:
    """The table of every handler."""
    routes = Routes()
    commands = list(dict.fromkeys(c.kind.command for c in app.configured.values()))
    options.register(routes, app)
    decisions.register(routes, app)
    hub.register(routes, app, commands)
    home.register(routes, app, commands)
    events.register(routes, app)
    # Slack lists the commands of every installed kind, so each is answered, configured or not.
    forms.register(routes, app, {kind.command: kind.kind for kind in kinds().values()})
    return routes
