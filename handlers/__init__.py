"""What Slack says to the bot. A handler is thin: it reads the payload, calls one use case, renders the answer."""

from slack_bolt.async_app import AsyncApp

from bot.settings import kinds
from bot.usecases.services import Services
from handlers import decisions, events, forms, home, hub, options


def register(bolt: AsyncApp, app: Services) -> None:
    """Connect every handler. Bolt tries one after the other, so what comes most often is first: searches, then clicks.
    The form's own handler of actions is the last: it takes whatever a form contains."""
    commands = list(dict.fromkeys(c.kind.command for c in app.configured.values()))
    options.register(bolt, app)
    decisions.register(bolt, app)
    hub.register(bolt, app, commands)
    home.register(bolt, app, commands)
    events.register(bolt, app)
    # Slack lists the commands of every installed kind, so each is answered, configured or not.
    forms.register(bolt, app, {kind.command: kind.kind for kind in kinds().values()})
