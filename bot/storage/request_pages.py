"""All requests of a time, page by page."""

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import select

from bot.requests.model import Request
from bot.storage import requests
from bot.storage.database import Database
from bot.storage.tables import requests as table

PAGE_SIZE = 200


async def requests_since(db: Database, since: datetime) -> AsyncIterator[Request]:
    """Yield the requests that were made since a moment, oldest first."""
    last, ids = 0, [""]
    while ids:
        where = (table.c.created_at >= since, table.c.number > last)
        async with db.read() as tx:
            query = select(table.c.id).where(*where).order_by(table.c.number).limit(PAGE_SIZE)
            ids = [str(request_id) for request_id in (await tx.execute(query)).scalars()]
            page = sorted(await requests.by_ids(tx, ids), key=lambda request: request.number)
        for request in page:
            yield request
            last = request.number
