"""Records who was shown all of a request, and demands it of those who approve one whose card leaves text out."""

from bot.errors import NotAllowed
from bot.requests.disclosure import has_hidden_text
from bot.requests.model import Person, Request
from bot.storage import audit, disclosures
from bot.storage.disclosures import Means
from bot.storage.transactions import Tx
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services
from bot.values import JsonObject


async def record_shown(services: Services, request: Request, person: Person, means: Means) -> None:
    """Record that a person was shown all of a request, if its approval depends on that."""
    if request.state != "awaiting_approval" or not has_hidden_text(request):
        return
    now = services.clock.now()
    async with services.db.write() as tx:
        if await disclosures.add(tx, request, person, means, now):
            data: JsonObject = {"revision": request.revision, "hash": request.content_hash, "means": means}
            await audit.record(tx, now, person.key, "request.shown", request.id, data)


async def must_read_first(services: Services, request: Request, person: Person) -> bool:
    """Return whether a person has yet to be shown text that the card of a request leaves out."""
    if not has_hidden_text(request):
        return False
    async with services.db.read() as tx:
        return not await disclosures.was_shown(tx, request, person)


async def check_shown(tx: Tx, request: Request, person: Person) -> None:
    """Raise NotAllowed if a person has yet to be shown text that the card of a request leaves out."""
    if has_hidden_text(request) and not await disclosures.was_shown(tx, request, person):
        text = f"Part of {request.name} does not fit on its card. Read all of it before you approve: press “Read all”."
        raise NotAllowed(text, code=RefusalCode.NOT_SHOWN)
