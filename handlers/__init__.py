"""Incoming traffic of Slack. A handler takes a parsed payload, calls one use case and returns a reply."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import installed_kinds
from bot.usecases.services import Services
from handlers import (
    cards,
    details,
    events,
    forms,
    home,
    hub,
    options,
    own_settings,
    pauses,
    preview_pages,
    questions,
    results,
    reviews,
    search,
    unknown,
)
from handlers.router import Router
from handlers.routes import RouteTable
from handlers.turns import ViewTurns


def build_routes(services: Services, client: AsyncWebClient) -> Router:
    """The router with every handler. ``client`` answers Slack."""
    table, turns = RouteTable(), ViewTurns()
    commands = list(dict.fromkeys(backend.kind.command for backend in services.backends.values()))
    options.register(table, services)
    cards.register(table, services)
    details.register(table, services)
    unknown.register(table, services)
    pauses.register(table, services)
    questions.register(table, services)
    reviews.register(table, services)
    own_settings.register(table, services)
    help_lines = hub.register(table, services, commands)
    publisher = home.register(table, services, help_lines)
    search.register(table, services)
    results.register(table, services)
    events.register(table, services)
    preview_pages.register(table, services)
    # Slack lists the commands of every installed kind, so each is answered, configured or not.
    forms.register(table, services, turns, {kind.command: kind.kind for kind in installed_kinds().values()})
    return Router(table, turns, publisher, client)
