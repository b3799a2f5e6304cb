"""The fields of a draft's form, and their values."""

import json
from collections.abc import Sequence

from bot.backends.base import FormField, Operation, Params, form_fields, hidden_values, is_relevant, parse_params
from bot.errors import BackendError, InputError
from bot.forms import (
    CHANGE,
    CHANGE_FIELD,
    EMERGENCY,
    EMERGENCY_FIELD,
    MAX_CHANGE_LENGTH,
    OVERLAP,
    OVERLAP_FIELD,
    SHARED_FIELDS,
)
from bot.requests.model import Overlap
from bot.requests.overlap import OVERLAPS_BY_STRICTNESS
from bot.schedule import Parsed, Series
from bot.storage.drafts import Draft
from bot.usecases.drafts.reading import parsed_reading
from bot.usecases.services import Services
from bot.values import Json, JsonObject


async def visible_fields(services: Services, draft: Draft) -> tuple[tuple[FormField, ...], str]:
    """Return the relevant fields, with those of every series and of policy, and why the back end could not be asked for
    those it adds; "" if it could."""
    operation = services.backends.operation(draft.backend, draft.operation)
    try:
        fields, problem = await operation.fields(draft.values), ""
    except BackendError as error:
        fields, problem = _without_json(form_fields(operation.params_model)), str(error)
    values = {field.name: field.default for field in fields}
    values |= {name: value for name, value in draft.values.items() if value is not None}
    more = (OVERLAP_FIELD,) if _is_series(draft) and not operation.owns_schedule else ()
    of_policy = policy_fields(services, draft.operation, [draft.backend])
    return (*(field for field in fields if is_relevant(field, values)), *more, *of_policy), problem


def policy_fields(services: Services, operation: str, backends: Sequence[str]) -> tuple[FormField, ...]:
    """Return the fields that policy adds to the form of an operation on any of some back ends."""
    may_require_change = any(services.policy.may_require_change(backend, operation) for backend in backends)
    offers_emergency = any(services.policy.offers_emergency(backend, operation) for backend in backends)
    return (
        *((CHANGE_FIELD,) if may_require_change else ()),
        *((EMERGENCY_FIELD,) if offers_emergency else ()),
    )


def _without_json(fields: Sequence[FormField]) -> tuple[FormField, ...]:
    return tuple(field for field in fields if field.widget != "json")


def _is_series(draft: Draft) -> bool:
    reading = parsed_reading(draft)
    return isinstance(reading, Parsed) and isinstance(reading.schedule, Series)


def draft_params(operation: Operation[Params], fields: Sequence[FormField], draft: Draft) -> Params:
    """Return what is filled in as the operation's parameters. Raises InputError."""
    return parse_params(
        operation.params_model,
        {**hidden_values(operation.params_model, draft.values), **typed_values(own_fields(fields), draft.values)},
    )


def own_fields(fields: Sequence[FormField]) -> tuple[FormField, ...]:
    """Return the fields that are the operation's own."""
    return tuple(field for field in fields if field.name not in SHARED_FIELDS)


def chosen_overlap(fields: Sequence[FormField], draft: Draft) -> Overlap | None:
    """Return what was chosen for runs of a series that would overlap; None if nothing was, or it is no series."""
    value = draft.values.get(OVERLAP) if OVERLAP_FIELD in fields else None
    return next((overlap for overlap in OVERLAPS_BY_STRICTNESS if overlap == value), None)


def given_change(fields: Sequence[FormField], draft: Draft) -> str:
    """Return the change that was given; "" if none was, or the form has no field for it. Raises InputError."""
    value = draft.values.get(CHANGE) if CHANGE_FIELD in fields else None
    change = value.strip() if isinstance(value, str) else ""
    if len(change) > MAX_CHANGE_LENGTH or not change.isprintable():
        raise InputError({CHANGE: f"Give the change in one line of at most {MAX_CHANGE_LENGTH} characters."})
    return change


def asks_for_emergency(fields: Sequence[FormField], draft: Draft) -> bool:
    """Return whether the requester asked for an emergency, in a form that offers one. Raises InputError."""
    value = draft.values.get(EMERGENCY) if EMERGENCY_FIELD in fields else None
    word = str(value or "no").casefold()
    if word in ("yes", "true", "on", "1"):
        return True
    if word in ("no", "false", "off", "0"):
        return False
    raise InputError({EMERGENCY: f"“{value}” is neither yes nor no."})


def typed_values(fields: Sequence[FormField], values: JsonObject) -> dict[str, Json]:
    """Return the values of the fields as the parameter model takes them: JSON parsed, empty ones left out.

    The default of a template's input is sent as an empty text if somebody has cleared it. Raises InputError for JSON
    that cannot be parsed.
    """
    typed: dict[str, Json] = {}
    problems: dict[str, str] = {}
    for field in fields:
        value = values.get(field.name, field.default)
        if value in (None, "", []):
            if field.sent_empty and field.default not in (None, ""):
                typed[field.name] = ""
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
