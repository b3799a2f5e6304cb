"""``/nightshift``: the hub. Short answers that only the one who asked sees."""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from blocks.home import list_blocks, list_text
from blocks.modals import details_view
from blocks.text import escape
from bot.errors import NightshiftError, NotFound
from bot.requests.model import Request
from bot.schedule import read
from bot.storage import requests, runs
from bot.usecases.approvals.delegate import delegate, end_delegation
from bot.usecases.drafts.form import Actor, echo_lines
from bot.usecases.runs import cancel
from bot.usecases.services import Services
from handlers.common import authorize_actor, user_message
from handlers.router import Payload, Respond, Router

COMMAND = "/nightshift"
ACK_BUDGET_SECONDS = 2.0
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


EphemeralMessage = dict[str, Any]
"""A message that only the one who asked sees; empty where a view was opened instead."""


def register(routes: Router, services: Services, commands: Sequence[str]) -> None:
    """``commands`` are the other slash commands, for the help."""

    async def hub(ack: AsyncAck, body: Payload, respond: Respond, client: AsyncWebClient) -> None:
        work = asyncio.ensure_future(_reply(services, body, client, commands))
        done, _ = await asyncio.wait([work], timeout=ACK_BUDGET_SECONDS)
        if done:
            await ack(**work.result())
            return
        await ack()
        answer = await work
        if answer:
            await respond(**answer)

    routes.commands[COMMAND] = hub


async def _reply(
    services: Services, body: Payload, client: AsyncWebClient, commands: Sequence[str]
) -> EphemeralMessage:
    verb, _, rest = body.get("text", "").strip().partition(" ")
    try:
        who = await authorize_actor(services, body)
        return await _run_verb(services, who, verb.casefold(), rest.strip(), body, client, commands)
    except Exception as error:
        return _ephemeral(user_message(error))


async def _run_verb(
    services: Services, who: Actor, verb: str, rest: str, body: Payload, client: AsyncWebClient, commands: Sequence[str]
) -> EphemeralMessage:
    match verb:
        case "list" | "mine" | "approvals":
            return await _list(services, who, verb)
        case "show":
            await _show_details(services, rest, body, client)
            return {}
        case "cancel":
            request = await _find_request(services, rest)
            return _ephemeral(await cancel.cancel(services, request.id, who.person))
        case "when":
            reading = read(rest, now=services.clock.now(), zone=who.zone, preferences=who.time_preferences)
            return _ephemeral("\n".join(echo_lines(services, reading, who)))
        case "delegate":
            return _ephemeral(await _delegate(services, who, rest))
        case "" | "help":
            return _ephemeral(HELP.format(commands=", ".join(commands)))
        case _:
            return _ephemeral(f"“{verb}” is not known here.\n" + HELP.format(commands=", ".join(commands)))


async def _list(services: Services, who: Actor, verb: str) -> EphemeralMessage:
    async with services.db.read() as tx:
        match verb:
            case "mine":
                found, title = await requests.summaries_of_person(tx, who.person), "Your requests"
            case "approvals":
                found, title = await requests.summaries_awaiting_approval(tx), "Waiting for a decision"
            case _:
                found, title = await requests.recent_summaries(tx), "The newest requests"
    blocks = list_blocks(found, who.zone, title)
    return {"text": list_text(found, title), "blocks": blocks, "response_type": "ephemeral"}


async def _show_details(services: Services, rest: str, body: Payload, client: AsyncWebClient) -> None:
    request = await _find_request(services, rest)
    async with services.db.read() as tx:
        decisions = await requests.decisions_of(tx, request.id)
        several = await runs.of_request(tx, request.id)
    await client.views_open(trigger_id=body["trigger_id"], view=details_view(request, decisions, several))


async def _find_request(services: Services, text: str) -> Request:
    """The request that NS-12 or 12 names. Raises NotFound."""
    found = re.fullmatch(r"(?:NS-)?(\d{1,9})", text.strip(), re.IGNORECASE)
    if found is None:
        raise NotFound("Say which request: its number, such as NS-12.")
    async with services.db.read() as tx:
        return await requests.by_number(tx, int(found[1]))


async def _delegate(services: Services, who: Actor, rest: str) -> str:
    if rest.casefold() in ("off", "end", "nobody"):
        return await end_delegation(services, who.person)
    found = re.fullmatch(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>\s+(?:until|till|to)\s+(.+)", rest, re.IGNORECASE)
    if found is None:
        raise NightshiftError("Say to whom and until when: /nightshift delegate @someone until friday")
    return await delegate(services, who, found[1], found[2])


def _ephemeral(text: str) -> EphemeralMessage:
    return {"text": escape(text), "response_type": "ephemeral"}
