"""``/nightshift``: the hub. Its short answers are seen only by the person who asked."""

import re
from collections.abc import Mapping, Sequence

from blocks.lists import list_blocks, list_text
from bot.errors import NightshiftError, NotFound
from bot.requests.model import Request
from bot.schedule import read
from bot.storage import requests
from bot.typed_text import slash_text
from bot.usecases.actor import Actor
from bot.usecases.approvals.delegate import delegate
from bot.usecases.approvals.end_delegation import end_delegation
from bot.usecases.approvals.take_over import take_over
from bot.usecases.drafts.reading import explain_lines
from bot.usecases.home.inbox import search
from bot.usecases.language import choose_language
from bot.usecases.pauses.list_pauses import list_pauses
from bot.usecases.pauses.pause_series import pause_series
from bot.usecases.pauses.pause_starts import pause_starts
from bot.usecases.pauses.read_end import read_end
from bot.usecases.pauses.release_request import release_request
from bot.usecases.pauses.resume_series import resume_series
from bot.usecases.pauses.resume_starts import resume_starts
from bot.usecases.pauses.scopes import split_scope
from bot.usecases.reviews.list_reviews import list_reviews
from bot.usecases.reviews.record_review import record_review
from bot.usecases.runs.cancel import cancel
from bot.usecases.services import Services
from bot.usecases.sight import check_may_see
from handlers.actors import authorize_actor
from handlers.details import details_reply
from handlers.home import starts_of
from handlers.list_words import parse_list_words
from handlers.own_settings import settings_reply
from handlers.payloads import Command
from handlers.replies import Ephemeral, Reply
from handlers.routes import Route, RouteTable

COMMAND = "/nightshift"
_REQUEST_NAME = re.compile(r"(?:NS-)?(\d{1,9})", re.IGNORECASE)
HELP = """What you can say:
/nightshift list: the newest requests; list failed foreman since monday
/nightshift mine: your own
/nightshift approvals: what waits for a decision
/nightshift show NS-12: everything about one
/nightshift cancel NS-12: stop one, a whole series too
/nightshift pause NS-12 because REASON: start no run of a series meanwhile
/nightshift pause foreman.prod 2h because REASON: hold all starts of a system, or of everything
/nightshift pauses: what is paused now
/nightshift resume NS-12: let its runs start again; systems and everything too
/nightshift release NS-12: let one start although everything is paused
/nightshift reviews: the emergencies that somebody must review
/nightshift review NS-12 because WHAT YOU FOUND: record the review of one
/nightshift takeover NS-12: answer for it from now on, if its requester has left
/nightshift when PHRASE: what a time means, such as "tomorrow 21:00"
/nightshift settings: your notifications, quiet hours, time zone and clock
/nightshift language de: say times back in German (es, fr, nl, pt); /nightshift language off ends it
/nightshift delegate @someone until friday: they decide in your place; /nightshift delegate off ends it
/nightshift help: this text
To ask for maintenance: {commands}, with or without key=value arguments."""


LISTS: Mapping[str, str] = {"list": "", "mine": "mine", "approvals": "waiting"}
"""The words that each of the short lists stands for."""


def register(table: RouteTable, services: Services, commands: Sequence[str]) -> list[str]:
    """Add the route of the hub. ``commands`` are the other slash commands, for the help. Returns the help's lines."""
    hub = Hub(services, commands)
    table.commands[COMMAND] = Route(hub.run)
    return hub.help_lines


class Hub:
    """The verbs of ``/nightshift``."""

    def __init__(self, services: Services, commands: Sequence[str]) -> None:
        self._services = services
        self.help_lines = HELP.format(commands=", ".join(commands)).split("\n")

    async def run(self, command: Command) -> Reply:
        """Run the verb that was typed."""
        verb, _, rest = command.text.strip().partition(" ")
        verb, rest = verb.casefold(), rest.strip()
        actor = await authorize_actor(self._services, command.person)
        match verb:
            case "list" | "mine" | "approvals":
                return await self._list(actor, f"{LISTS[verb]} {rest}".strip())
            case "show":
                return await self._show(actor, rest)
            case "cancel":
                request = await self._find_request(rest, actor)
                return Ephemeral(await cancel(self._services, request.id, actor.person))
            case "pause":
                return Ephemeral(await self._pause(actor, rest))
            case "pauses":
                paused = await list_pauses(self._services, actor)
                return Ephemeral("", more_lines=paused or ["Nothing is paused."])
            case "release":
                # A reason is not needed here, but does no harm.
                request = await self._find_request(_split_reason(rest)[0], actor)
                return Ephemeral(await release_request(self._services, actor, request))
            case "resume":
                return Ephemeral(await self._resume(actor, rest))
            case "reviews":
                lines = await list_reviews(self._services, actor)
                return Ephemeral("", more_lines=lines or ["No emergency has to be reviewed."])
            case "review":
                text, comment = _split_reason(rest)
                request = await self._find_request(text, actor)
                return Ephemeral(await record_review(self._services, request.id, actor.person, comment))
            case "takeover":
                request = await self._find_request(rest, actor)
                return Ephemeral(await take_over(self._services, request.id, actor.person))
            case "when":
                now = self._services.clock.now()
                reading = read(slash_text(rest), now=now, zone=actor.zone, preferences=actor.time_preferences)
                return Ephemeral("", more_lines=explain_lines(self._services, reading, actor))
            case "settings":
                return await settings_reply(self._services, actor.person)
            case "language":
                return Ephemeral(await choose_language(self._services, actor.person, rest))
            case "delegate":
                return Ephemeral(await self._delegate(actor, rest))
            case "" | "help":
                return Ephemeral("", more_lines=self.help_lines)
            case _:
                return Ephemeral(f"“{verb}” is not known here.", more_lines=self.help_lines)

    async def _list(self, actor: Actor, text: str) -> Reply:
        services = self._services
        systems = {name: backend.connection.title for name, backend in services.backends.items()}
        words = parse_list_words(text, actor.person, systems, services.clock.now(), actor.zone)
        rows, note = await search(services, actor.person, words.found)
        title, empty = words.title[0].upper() + words.title[1:], words.empty
        return Ephemeral(list_text(rows, title, empty), list_blocks(rows, title, empty, starts_of(services), note))

    async def _show(self, actor: Actor, number: str) -> Reply:
        request = await self._find_request(number, actor)
        return await details_reply(self._services, request.id, actor.person)

    async def _find_request(self, text: str, actor: Actor) -> Request:
        """The request that NS-12 or 12 names, if the person may see it. Raises NotFound."""
        number = _REQUEST_NAME.fullmatch(text.strip())
        if number is None:
            raise NotFound("Say which request: its number, such as NS-12.")
        async with self._services.db.read() as tx:
            request = await requests.by_number(tx, int(number[1]))
        await check_may_see(self._services, request, actor.person)
        return request

    async def _pause(self, actor: Actor, rest: str) -> str:
        """Pause what ``NS-12 because …``, ``foreman.prod 2h because …`` or ``everything until … because …`` names."""
        text, reason = _split_reason(rest)
        if _REQUEST_NAME.fullmatch(text):
            request = await self._find_request(text, actor)
            return await pause_series(self._services, request.id, actor.person, reason)
        if named := _REQUEST_NAME.match(text):
            more = text[named.end() :].strip()
            raise NightshiftError(f"A series is paused until somebody resumes it, so leave out “{more}”.")
        scope, end = split_scope(self._services, text)
        until = read_end(end, self._services.clock.now(), actor)
        return await pause_starts(self._services, actor, scope, until, reason)

    async def _resume(self, actor: Actor, rest: str) -> str:
        if _REQUEST_NAME.fullmatch(rest):
            request = await self._find_request(rest, actor)
            return await resume_series(self._services, request.id, actor.person)
        scope, more = split_scope(self._services, rest)
        if more:
            raise NightshiftError(f"“{more}” was not understood. Try: /nightshift resume {scope.name or 'everything'}")
        return await resume_starts(self._services, actor, scope)

    async def _delegate(self, actor: Actor, rest: str) -> str:
        if rest.casefold() in ("off", "end", "nobody"):
            return await end_delegation(self._services, actor.person)
        typed = re.fullmatch(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>\s+(?:until|till|to)\s+(.+)", rest, re.IGNORECASE)
        if typed is None:
            raise NightshiftError("Say to whom and until when: /nightshift delegate @someone until friday")
        return await delegate(self._services, actor, typed[1], typed[2])


def _split_reason(text: str) -> tuple[str, str]:
    """The text before and after the first "because"; no reason where there is none."""
    parts = re.split(r"\bbecause\b[:=]?", slash_text(text), maxsplit=1, flags=re.IGNORECASE)
    return parts[0].strip(), parts[1].strip() if len(parts) > 1 else ""
