"""The command ``nightshift audit``: prints the audit trail as JSON lines, or checks that no entry was altered."""

import asyncio
import re
import sys
from pathlib import Path

from bot.errors import NightshiftError, NotFound
from bot.settings import load_settings
from bot.storage import audit, requests
from bot.storage.database import Database


def run(request: str, *, verify: bool, config: Path | None) -> int:
    """Return the exit status: 0, 1 if the trail was altered, 2 for other problems."""
    try:
        return asyncio.run(_run(request, verify, config))
    except NightshiftError as error:
        print(error, file=sys.stderr)
        return 2


async def _run(request: str, verify: bool, config: Path | None) -> int:
    db = Database(load_settings(config).resolved_database_url)
    try:
        async with db.read() as tx:
            if verify:
                count, problem = await audit.verify(tx)
                print(problem or f"All {count} entries hold.")
                return 1 if problem else 0
            request_id = ""
            if request:
                found = re.fullmatch(r"(?:NS-)?(\d{1,9})", request, re.IGNORECASE)
                if found is None:
                    raise NotFound(f"{request} is not the number of a request, such as NS-12.")
                request_id = (await requests.by_number(tx, int(found[1]))).id
            async for entry in audit.entries(tx, request_id):
                print(entry.model_dump_json())
    finally:
        await db.close()
    return 0
