"""The command ``nightshift log``: prints what happened to one request, in order."""

import asyncio
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.errors import NightshiftError, NotFound
from bot.requests.lifecycle import STATE_LABELS
from bot.requests.model import Request
from bot.settings import load_settings
from bot.storage import directory_users, requests
from bot.storage.database import Database
from bot.storage.trail import TrailEntry, read_trail
from bot.storage.transactions import Tx
from bot.visible_text import visible


@dataclass(frozen=True, slots=True)
class RequestLog:
    """What is on record about a request, and the names of the people in it by ``team/user``."""

    request: Request
    entries: Sequence[TrailEntry]
    names: Mapping[str, str]


def run(request: str, *, as_json: bool, config: Path | None) -> int:
    """Return the exit status: 0, or 2 if there is no such request or no database."""
    try:
        found = asyncio.run(_read(request, config))
    except NightshiftError as error:
        print(error, file=sys.stderr)
        return 2
    except DBAPIError as error:
        print(f"The database does not answer: {error.orig}", file=sys.stderr)
        return 2
    if not as_json:
        print(heading_of(found))
    for entry in found.entries:
        print(entry.model_dump_json() if as_json else line_of(entry, found.names))
    return 0


async def _read(request: str, config: Path | None) -> RequestLog:
    found = re.fullmatch(r"(?:NS-)?(\d{1,9})", request, re.IGNORECASE)
    if found is None:
        raise NotFound(f"{request} is not the number of a request, such as NS-12.")
    db = Database(load_settings(config).resolved_database_url)
    try:
        async with db.read() as tx:
            logged = await requests.find_by_number(tx, int(found[1]))
            if logged is None:
                raise NotFound(f"There is no request NS-{int(found[1])} in this database.")
            entries = await read_trail(tx, logged)
            return RequestLog(logged, entries, await _names(tx, logged, entries))
    finally:
        await db.close()


async def _names(tx: Tx, request: Request, entries: Sequence[TrailEntry]) -> Mapping[str, str]:
    """Return the names of the people in a log by ``team/user``, as far as they are stored."""
    users: dict[str, set[str]] = {request.requester.team: {request.requester.user}}
    for entry in entries:
        team, _, user = entry.actor.partition("/")
        if user:
            users.setdefault(team, set()).add(user)
    stored = {team: await directory_users.find(tx, team, sorted(ids)) for team, ids in users.items()}
    return {one.user.person.key: one.user.name for found in stored.values() for one in found.values() if one.user.name}


def heading_of(log: RequestLog) -> str:
    """Return a line that says which request it is, its state, and who asked for it."""
    request = log.request
    requester = log.names.get(request.requester.key, request.requester.key)
    return visible(f"{request.name}  {request.title}  ({STATE_LABELS[request.state]}, requested by {requester})")


def line_of(entry: TrailEntry, names: Mapping[str, str]) -> str:
    """Return an entry as a line: when, who, what, and the facts as name=value, without hashes and what is empty."""
    shown = {name: value for name, value in entry.facts.items() if name != "hash" and value not in ("", None)}
    facts = " ".join(f"{name}={_text(value)}" for name, value in shown.items())
    line = f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {names.get(entry.actor, entry.actor):<22}  {entry.what:<24}  {facts}"
    return visible(line).rstrip()


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
