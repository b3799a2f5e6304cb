"""``/nightshift``: the hub. Short answers that only the one who asked sees."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks.dialogs import details_view
from blocks.home import list_blocks, list_text
from blocks.text import escape
from bot.errors import NightshiftError, NotFound
from bot.requests.model import Request
from bot.schedule import read
from bot.storage import requests, runs
from bot.usecases import stop
from bot.usecases.delegate import delegate, undelegate
from bot.usecases.draft import Speaker, echo_lines
from bot.usecases.services import Services
from handlers.common import admitted, sentence
from handlers.routes import Body, Respond, Routes

COMMAND = "/nightshift"
PATIENCE = 2.0
"""Seconds in which an answer comes with the acknowledgement; what takes longer follows it."""
HELP = """What you can say:
/nightshift list: the newest requests
/nightshift mine: your own
/nightshift approvals: what waits for a decision
/nightshift show NS-12: everything about one
/nightshift cancel NS-12: stop one, a whole series too
/nightshift when PHRASE: what a time means, such as "tomorrow 21:00"
/nightshift delegate @someone until friday: they decide in your place; /nightshift delegate off ends it
/nightshift help: this text
To ask for maintenance: {commands}, with or without key=value arguments."""


Answer = dict[str, Any]
"""A message that only the one who asked sees; empty where a view was opened instead."""


def register(routes: Routes, app: Services, commands: Sequence[str]) -> None:
    """``commands`` are the other slash commands, for the help."""

    async def hub(ack: AsyncAck, body: Body, respond: Respond, client: AsyncWebClient) -> None:
        work = asyncio.ensure_future(_answer(app, body, client, commands))
        done, _ = await asyncio.wait([work], timeout=PATIENCE)
        if done:
            await ack(**work.result())
            return
        await ack()
        answer = await work
        if answer:
            await respond(**answer)

    routes.commands[COMMAND] = hub


async def _answer(app: Services, body: Body, client: AsyncWebClient, commands: Sequence[str]) -> Answer:
    verb, _, rest = body.get("text", "").strip().partition(" ")
    try:
        who = await admitted(app, body)
        return await _do(app, who, verb.casefold(), rest.strip(), body, client, commands)
    except Exception as error:
        return _say(sentence(error))


async def _do(
    app: Services, who: Speaker, verb: str, rest: str, body: Body, client: AsyncWebClient, commands: Sequence[str]
) -> Answer:
    match verb:
        case "list" | "mine" | "approvals":
            return await _list(app, who, verb)
        case "show":
            await _show(app, rest, body, client)
            return {}
        case "cancel":
            request = await _named(app, rest)
            return _say(await stop.cancel(app, request.id, who.person))
        case "when":
            reading = read(rest, now=app.clock.now(), zone=who.zone, habits=who.habits)
            return _say("\n".join(echo_lines(app, reading, who)))
        case "delegate":
            return _say(await _delegate(app, who, rest))
        case "" | "help":
            return _say(HELP.format(commands=", ".join(commands)))
        case _:
            return _say(f"“{verb}” is not known here.\n" + HELP.format(commands=", ".join(commands)))


async def _list(app: Services, who: Speaker, verb: str) -> Answer:
    async with app.db.read() as tx:
        match verb:
            case "mine":
                found, title = await requests.brief_of_person(tx, who.person), "Your requests"
            case "approvals":
                found, title = await requests.brief_awaiting(tx), "Waiting for a decision"
            case _:
                found, title = await requests.brief_recent(tx), "The newest requests"
    blocks = list_blocks(found, who.zone, title)
    return {"text": list_text(found, title), "blocks": blocks, "response_type": "ephemeral"}


async def _show(app: Services, rest: str, body: Body, client: AsyncWebClient) -> None:
    request = await _named(app, rest)
    async with app.db.read() as tx:
        decisions = await requests.decisions_of(tx, request.id)
        several = await runs.of_request(tx, request.id)
    await client.views_open(trigger_id=body["trigger_id"], view=details_view(request, decisions, several))


async def _named(app: Services, text: str) -> Request:
    """The request that NS-12 or 12 names. Raises NotFound."""
    found = re.fullmatch(r"(?:NS-)?(\d{1,9})", text.strip(), re.IGNORECASE)
    if found is None:
        raise NotFound("Say which request: its number, such as NS-12.")
    async with app.db.read() as tx:
        return await requests.by_number(tx, int(found[1]))


async def _delegate(app: Services, who: Speaker, rest: str) -> str:
    if rest.casefold() in ("off", "end", "nobody"):
        return await undelegate(app, who.person)
    found = re.fullmatch(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>\s+(?:until|till|to)\s+(.+)", rest, re.IGNORECASE)
    if found is None:
        raise NightshiftError("Say to whom and until when: /nightshift delegate @someone until friday")
    return await delegate(app, who, found[1], found[2])


def _say(text: str) -> Answer:
    return {"text": escape(text), "response_type": "ephemeral"}
