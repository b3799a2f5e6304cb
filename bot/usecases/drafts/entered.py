"""What was entered in a form whose fields or options have short ids in Slack in place of long or odd names."""

from collections.abc import Sequence

from bot.backends.base import FormField, Option, form_fields
from bot.errors import BackendError, NightshiftError
from bot.forms import as_named, field_id, has_made_id
from bot.storage.drafts import Draft
from bot.usecases.services import Services
from bot.values import JsonObject


async def by_name(
    services: Services, draft: Draft, values: JsonObject, labels: JsonObject
) -> tuple[JsonObject, JsonObject]:
    """Return values and labels by the names of the fields. ``draft`` is as it was before.

    What belongs to no field of the form is left out: it was typed for another template. Raises NightshiftError if the
    back end does not say which fields there are.
    """
    if not has_made_id(values):
        return values, labels
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        fields = await operation.fields(draft.values)
    except BackendError as error:
        raise NightshiftError(f"{error} What you typed was not stored. Try again.") from error
    return as_named(fields, values, labels)


async def choices_of(services: Services, draft: Draft, field: str, text: str) -> Sequence[Option] | None:
    """Return the choices of a field that contain a text; None if its choices are looked up. ``field`` is its id.

    Raises BackendError.
    """
    operation = services.backends.operation(draft.backend, draft.operation)
    own = _with_id(form_fields(operation.params_model), field)
    if own is not None and own.widget in ("lookup", "lookups"):
        return None
    found = _with_id(await operation.fields(draft.values), field)
    if found is None or not found.choices:
        return None
    return [choice for choice in found.choices if text.casefold() in choice.label.casefold()]


def _with_id(fields: Sequence[FormField], ident: str) -> FormField | None:
    return next((field for field in fields if field_id(field.name) == ident), None)
