"""Makes a draft of an earlier request."""

from bot.requests.model import Person, Request
from bot.schedule import Now
from bot.storage.drafts import Draft
from bot.usecases.drafts.create import create_draft
from bot.usecases.drafts.store import save_draft
from bot.usecases.services import Services
from bot.values import JsonObject


async def draft_from_request(
    services: Services,
    request: Request,
    person: Person,
    values: JsonObject,
    reason: str,
    *,
    revises: str | None = None,
    starts_now: bool = False,
    rerun_of: str | None = None,
) -> Draft:
    """Create a draft that is filled in like a request. It keeps the agreed schedule unless it ``starts_now``.

    ``rerun_of`` is the name of the request whose failed targets it is for.
    """
    kind = request.content.backend.partition(".")[0]
    draft = await create_draft(services, person, kind, request.content.operation, request.channel)
    phrase = "now" if starts_now else request.phrase
    schedule = Now() if starts_now else request.content.schedule
    # The phrase is not read again: it may mean another time today.
    reading: JsonObject = {"kind": "understood", "phrase": phrase, "schedule": schedule.model_dump(mode="json")}
    return await save_draft(
        services,
        draft,
        backend=request.content.backend,
        values=values,
        labels=request.labels,
        phrase=phrase,
        reading=reading,
        reason=reason,
        revises=revises,
        base_revision=request.revision if revises else None,
        rerun_of=rerun_of or (request.rerun_of if revises else None),
    )
