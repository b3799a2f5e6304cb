"""What Slack says to the bot. A handler is thin: it reads the payload, calls one use case, renders the answer."""

from bot.settings import kinds
from bot.usecases.services import Services
from handlers import decisions, events, forms, home, hub, options
from handlers.routes import Routes


def routes(app: Services) -> Routes:
    """The table of every handler."""
    table = Routes()
    commands = list(dict.fromkeys(c.kind.command for c in app.configured.values()))
    options.register(table, app)
    decisions.register(table, app)
    hub.register(table, app, commands)
    home.register(table, app, commands)
    events.register(table, app)
    # Slack lists the commands of every installed kind, so each is answered, configured or not.
    forms.register(table, app, {kind.command: kind.kind for kind in kinds().values()})
    return table
