"""The fields of a draft's form, and their values."""

import json
from collections.abc import Sequence

from bot.backends.base import FormField, Operation, Params, form_fields, hidden_values, is_relevant, parse_params
from bot.errors import BackendError, InputError
from bot.storage.drafts import Draft
from bot.usecases.services import Services
from bot.values import Json, JsonObject


async def visible_fields(services: Services, draft: Draft) -> tuple[tuple[FormField, ...], str]:
    """Return the relevant fields, and why the back end could not be asked for those it adds; "" if it could."""
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        fields, problem = await operation.fields(draft.values), ""
    except BackendError as error:
        fields, problem = form_fields(operation.params_model), str(error)
    values = {field.name: field.default for field in fields}
    values |= {name: value for name, value in draft.values.items() if value is not None}
    return tuple(field for field in fields if is_relevant(field, values)), problem


def draft_params(operation: Operation[Params], fields: Sequence[FormField], draft: Draft) -> Params:
    """Return what is filled in as the operation's parameters. Raises InputError."""
    return parse_params(
        operation.params_model,
        {**hidden_values(operation.params_model, draft.values), **typed_values(fields, draft.values)},
    )


def typed_values(fields: Sequence[FormField], values: JsonObject) -> dict[str, Json]:
    """Return the values of the fields as the parameter model takes them: JSON parsed, empty ones left out.

    Raises InputError for JSON that cannot be parsed.
    """
    typed: dict[str, Json] = {}
    problems: dict[str, str] = {}
    for field in fields:
        value = values.get(field.name, field.default)
        if value in (None, "", []):
            continue
        if field.widget == "flag" and value is False and field.default is None:
            continue
        if field.widget == "json" and isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                problems[field.name] = f"This is not JSON: {error}."
        typed[field.name] = value
    if problems:
        raise InputError(problems)
    return typed
