"""The command ``nightshift log``: prints what happened to one request, in order."""

import asyncio
import json
import re
import sys
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bot.errors import NightshiftError, NotFound
from bot.settings import load_settings
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.trail import TrailEntry, read_trail
from bot.visible_text import visible


def run(request: str, *, as_json: bool, config: Path | None) -> int:
    """Return the exit status: 0, or 2 if there is no such request or no database."""
    try:
        entries = asyncio.run(_read(request, config))
    except NightshiftError as error:
        print(error, file=sys.stderr)
        return 2
    except DBAPIError as error:
        print(f"The database does not answer: {error.orig}", file=sys.stderr)
        return 2
    for entry in entries:
        print(entry.model_dump_json() if as_json else line_of(entry))
    return 0


async def _read(request: str, config: Path | None) -> list[TrailEntry]:
    found = re.fullmatch(r"(?:NS-)?(\d{1,9})", request, re.IGNORECASE)
    if found is None:
        raise NotFound(f"{request} is not the number of a request, such as NS-12.")
    db = Database(load_settings(config).resolved_database_url)
    try:
        async with db.read() as tx:
            return list(await read_trail(tx, await requests.by_number(tx, int(found[1]))))
    finally:
        await db.close()


def line_of(entry: TrailEntry) -> str:
    """Return an entry as a line: when, who, what, and the facts as name=value."""
    facts = " ".join(f"{name}={_text(value)}" for name, value in entry.facts.items())
    line = f"{entry.at:%Y-%m-%d %H:%M:%S}Z  {entry.actor:<22}  {entry.what:<24}  {facts}"
    return visible(line).rstrip()


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return json.dumps(text, ensure_ascii=False) if " " in text or not text else text
