"""Puts what was typed or picked into the fields that it stands for."""

from collections.abc import Collection

from bot.storage.drafts import Draft
from bot.usecases.drafts.store import save_draft
from bot.usecases.services import Services
from bot.values import Json


async def interpret_draft(services: Services, draft: Draft, only: Collection[str] = ()) -> Draft:
    """Return the draft with what its values stand for; ``only`` these fields if some are named.

    With ``only`` the form is drawn again, and its inputs are filled in again. Raises InputError or BackendError.
    """
    operation = services.backends.operation(draft.backend, draft.operation)
    values = {name: value for name, value in draft.values.items() if not only or name in only}
    found = await operation.interpret(values, draft.labels)
    if not found.values:
        return draft
    kept: dict[str, Json] = {name: label for name, label in draft.labels.items() if name not in found.values}
    return await save_draft(
        services,
        draft,
        values={**draft.values, **found.values},
        labels={**kept, **found.labels},
        generation=draft.generation + (1 if only else 0),
        checked=None,
    )
