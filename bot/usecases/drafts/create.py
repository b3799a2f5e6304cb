"""Creates a draft."""

from bot.errors import NotFound
from bot.ids import new_id
from bot.requests.model import Person
from bot.storage import drafts
from bot.storage.drafts import Draft
from bot.usecases.refusals import RefusalCode
from bot.usecases.services import Services


async def create_draft(services: Services, person: Person, kind: str, operation: str, channel: str) -> Draft:
    """Create a draft for an operation of a kind of back end. Raises NotFound if none is configured."""
    configured = [
        backend.name for backend in services.backends.of_kind(kind) if operation in backend.connection.operations
    ]
    if not configured:
        text = f"No {kind} is configured. An administrator can add one to the configuration."
        raise NotFound(text, code=RefusalCode.NOT_CONFIGURED)
    requestable = await services.policy.requestable_backends(person, operation, configured)
    now = services.clock.now()
    draft = Draft(
        id=new_id("d"),
        person=person,
        channel=channel,
        backend=requestable[0],
        operation=operation,
        created_at=now,
        updated_at=now,
    )
    async with services.db.write() as tx:
        await drafts.add(tx, draft)
    return draft
