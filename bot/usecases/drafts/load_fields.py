"""Fills in the fields that depend on another one."""

from collections.abc import Sequence

import structlog

from bot.backends.base import FormField
from bot.errors import BackendError, InputError
from bot.storage.drafts import Draft
from bot.usecases.drafts.interpret import interpret_draft
from bot.usecases.drafts.store import save_draft
from bot.usecases.services import Services
from bot.values import JsonObject

_log = structlog.get_logger(__name__)


async def load_dependent_fields(services: Services, draft: Draft, changed_field: str) -> tuple[Draft, str]:
    """Fill in what the back end knows after a field has changed.

    Returns the draft, and why nothing could be loaded; "" if it could.
    """
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        draft = await interpret_draft(services, draft, only=(changed_field,))
        draft = await _with_new_defaults(services, draft, await operation.fields(draft.values), changed_field)
        loaded = await operation.load(draft.values)
    except (BackendError, InputError) as error:
        return draft, str(error)
    if not loaded:
        return draft, ""
    values = {**draft.values, **loaded}
    if changed_field in draft.values:
        values[changed_field] = draft.values[changed_field]
    try:
        loaded_labels: JsonObject = await operation.labels_for(values)
    except BackendError as error:
        # The form then shows ids.
        _log.info("labels not loaded", backend=draft.backend, why=str(error))
        loaded_labels = {}
    # The labels of values that were replaced no longer apply.
    kept = {name: label for name, label in draft.labels.items() if values.get(name) == draft.values.get(name)}
    draft = await save_draft(
        services,
        draft,
        values=values,
        labels={**kept, **loaded_labels},
        generation=draft.generation + 1,
        checked=None,
    )
    return draft, ""


async def _with_new_defaults(
    services: Services, draft: Draft, fields: Sequence[FormField], changed_field: str
) -> Draft:
    """Return the draft with the defaults of inputs that were empty before their template was chosen."""
    if any(field.name == changed_field and field.finds_targets for field in fields):
        return draft
    values = draft.values
    emptied = {f.name for f in fields if f.sent_empty and f.default and f.name in values and not values[f.name]}
    if not emptied:
        return draft
    kept = {name: value for name, value in values.items() if name not in emptied}
    return await save_draft(services, draft, values=kept, generation=draft.generation + 1, checked=None)
