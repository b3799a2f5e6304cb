"""The Home tab: made when somebody opens it, and again for those who looked at it lately. Slack does not tell when it
is closed."""

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from blocks.form import message_view
from blocks.home import MORE_ACTION, SEARCH_ACTION, HomeModel, home_error_view, home_view
from blocks.search import search_view
from blocks.text import View
from bot.errors import NightshiftError
from bot.requests.model import Person
from bot.slack.error_codes import TRANSPORT_ERRORS
from bot.usecases.home.inbox import load_inbox
from bot.usecases.services import Services
from handlers.actors import authorize_actor, authorize_person
from handlers.forms import START_PREFIX
from handlers.json_parts import BadPayload
from handlers.own_settings import settings_reply
from handlers.payloads import Click, Event
from handlers.replies import Nothing, OpenView, PublishHome, Reply
from handlers.routes import Route, RouteTable

WATCHED = timedelta(minutes=10)
"""For how long after somebody opened or clicked Home it is kept up to date."""
MIN_INTERVAL = timedelta(seconds=5)
"""Minimum time between two publications for one person."""
MAX_PER_MINUTE = 60
"""Maximum number of publications in a minute, in all."""
_log = structlog.get_logger(__name__)


def starts_of(services: Services) -> Mapping[str, str]:
    """The start buttons: the label of each kind of back end by its action."""
    starts: dict[str, str] = {}
    for backend in services.backends.values():
        operations = list(backend.connection.operations.values())
        title = operations[0].title if len(operations) == 1 else f"{backend.kind.title} job"
        starts.setdefault(f"{START_PREFIX}{backend.kind.kind}", title)
    return starts


@dataclass(slots=True)
class Watcher:
    """Somebody who looked at Home: when last, and what was published when."""

    seen_at: datetime
    checked_at: datetime | None = None
    published_at: datetime | None = None
    published: str = ""


@dataclass(slots=True)
class HomePublisher:
    """Publishes Home for those who look at it."""

    services: Services
    watchers: dict[Person, Watcher] = field(default_factory=dict)
    recent: deque[datetime] = field(default_factory=deque)
    """When Home was published in the last minute."""

    def note_look(self, person: Person) -> Watcher:
        """Note that somebody opened or clicked Home, so that it is looked at again soon."""
        watcher = self.watchers.setdefault(person, Watcher(self.services.clock.now()))
        watcher.seen_at, watcher.checked_at = self.services.clock.now(), None
        return watcher

    async def on_open(self, person: Person) -> View | None:
        """Return what to publish for somebody who opened Home; None if that was done a moment ago."""
        actor = await authorize_actor(self.services, person)
        watcher, now = self.note_look(actor.person), self.services.clock.now()
        if watcher.published_at is not None and now - watcher.published_at < MIN_INTERVAL:
            return None
        view = await self._view(actor.person)
        self._published(watcher, view, now)
        return view

    async def refresh(self, client: AsyncWebClient) -> None:
        """Publish Home again for one person whose Home has changed, if the pace allows it."""
        now = self.services.clock.now()
        self.watchers = {p: w for p, w in self.watchers.items() if now - w.seen_at <= WATCHED}
        while self.recent and now - self.recent[0] >= timedelta(minutes=1):
            self.recent.popleft()
        due = [(w.checked_at or w.seen_at - WATCHED, p) for p, w in self.watchers.items() if self._is_due(w, now)]
        if not due or len(self.recent) >= MAX_PER_MINUTE:
            return
        person = min(due, key=lambda pair: pair[0])[1]
        watcher = self.watchers[person]
        watcher.checked_at = now
        try:
            view = await self._view(person)
            if json.dumps(view) == watcher.published:
                return
            self._published(watcher, view, now)
            await client.views_publish(user_id=person.user, view=view)
        except (NightshiftError, SlackApiError, *TRANSPORT_ERRORS) as error:
            _log.info("home not published", why=str(error))
            watcher.published = ""

    def _is_due(self, watcher: Watcher, now: datetime) -> bool:
        times = (watcher.checked_at, watcher.published_at)
        return all(at is None or abs(now - at) >= MIN_INTERVAL for at in times)

    def _published(self, watcher: Watcher, view: View, now: datetime) -> None:
        watcher.published_at, watcher.published = now, json.dumps(view)
        self.recent.append(now)

    async def _view(self, person: Person) -> View:
        services = self.services
        actor = await authorize_actor(services, person)
        inbox = await load_inbox(services, actor)
        systems = {name: backend.connection.title for name, backend in services.backends.items()}
        return home_view(
            HomeModel(
                starts=starts_of(services),
                systems=systems,
                zone=actor.zone,
                needs_you=inbox.needs_you,
                waiting_for_others=inbox.waiting_for_others,
                running=inbox.running,
                coming=inbox.coming,
                own=inbox.own,
                own_is_above=inbox.own_is_above,
                paused=inbox.paused,
                reviews=inbox.reviews,
                note=inbox.note,
            )
        )


def register(table: RouteTable, services: Services, help_lines: Sequence[str]) -> HomePublisher:
    """Add the routes of the Home tab. ``help_lines`` are shown by its menu. Returns what keeps it up to date."""
    publisher = HomePublisher(services)

    async def on_home_opened(event: Event) -> Reply:
        if event.tab != "home":
            return Nothing()
        view = await publisher.on_open(event.person)
        return PublishHome(view) if view is not None else Nothing()

    async def on_search(click: Click) -> Reply:
        await authorize_person(services, click.person)
        systems = {name: backend.connection.title for name, backend in services.backends.items()}
        return OpenView(search_view(systems))

    async def on_settings(click: Click) -> Reply:
        return await settings_reply(services, await authorize_person(services, click.person))

    async def on_help(click: Click) -> Reply:
        return OpenView(message_view("Help", *help_lines))

    entries: Mapping[str, Callable[[Click], Awaitable[Reply]]] = {
        "search": on_search,
        "settings": on_settings,
        "help": on_help,
    }

    async def on_more(click: Click) -> Reply:
        entry = entries.get(click.selected)
        if entry is None:
            raise BadPayload("actions[0].selected_option")
        return await entry(click)

    table.events["app_home_opened"] = Route(on_home_opened, error_reply=lambda text: PublishHome(home_error_view(text)))
    table.actions[MORE_ACTION] = Route(on_more)
    table.actions[SEARCH_ACTION] = Route(on_search)
    table.on_home_click = publisher.note_look
    return publisher
