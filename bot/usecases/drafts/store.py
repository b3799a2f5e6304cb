"""Loads and saves drafts."""

from datetime import timedelta
from typing import Unpack

from bot.errors import NotFound
from bot.requests.model import Person
from bot.storage import drafts
from bot.storage.drafts import Draft, DraftChanges
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services

UNFINISHED_MAX_AGE = timedelta(hours=12)
"""How long a form that was closed unfinished is offered again."""


async def load_draft(services: Services, draft_id: str, person: Person) -> Draft:
    """Return a person's own draft. Raises NotFound for anybody else's."""
    async with services.db.read() as tx:
        draft = await drafts.get(tx, draft_id)
    if draft.person != person:
        raise NotFound("This form belongs to somebody else.", code=RefusalCode.NOT_OWNER)
    return draft


async def save_draft(services: Services, draft: Draft, **changes: Unpack[DraftChanges]) -> Draft:
    """Change a draft. Raises Conflict if another window has changed it."""
    async with services.db.write() as tx:
        return await drafts.save(tx, draft, services.clock.now(), **changes)


async def unfinished_draft(services: Services, draft: Draft) -> str:
    """Return the id of a recent draft of the same kind that the person closed unfinished; "" if there is none."""
    since = services.clock.now() - UNFINISHED_MAX_AGE
    async with services.db.read() as tx:
        return await drafts.unfinished_draft(tx, draft, since)
