"""The parameters of a draft in words."""

from collections.abc import Sequence

from bot.backends.base import FormField, Resolution
from bot.requests.resolutions import describe_value
from bot.values import Json, JsonObject

HIDDEN_TEXT = "•••"
SEARCH_LABEL = "Search"
"""The label of what was typed to find the targets. The targets themselves are shown under the field's own label."""


def summarize_params(
    fields: Sequence[FormField], values: JsonObject, labels: JsonObject, resolutions: Sequence[Resolution] = ()
) -> tuple[tuple[str, str], ...]:
    """Return the label and value of each parameter that a person set, and of each input of a template; secrets hidden.

    Inputs of a template are shown with their defaults too, since they say what will be done. ``resolutions`` say what a
    value stands for.
    """
    rows = []
    for field in fields:
        behind = [resolution for resolution in resolutions if resolution.field == field.name]
        is_template_input = "." in field.name
        value = values.get(field.name, field.default if is_template_input else None)
        if _is_unset(value, field.default) or (value == field.default and not is_template_input):
            continue
        text = HIDDEN_TEXT if field.secret else value_text(field, value, labels.get(field.name))
        rows.append((SEARCH_LABEL if _is_search(field) else field.label, describe_value(text, behind)))
    return tuple(rows)


def _is_search(field: FormField) -> bool:
    return field.finds_targets and field.widget == "text"


def _is_unset(value: Json, default: Json) -> bool:
    """Return whether nothing was filled in. A zero is a value, and so is a "no" where the default is "yes"."""
    if value is False:
        return not default
    return value is None or value in ("", [], {})


def value_text(field: FormField, value: Json, label: Json) -> str:
    """Return a value as people see it. ``label`` is what they saw when they picked it."""
    if isinstance(value, list):
        known = label if isinstance(label, dict) else {}
        choices = {choice.value: choice.label for choice in field.choices}
        return ", ".join(str(known.get(item) or choices.get(item) or item) for item in value)
    if isinstance(label, str) and label:
        return label
    if isinstance(value, bool):
        return "yes" if value else "no"
    return next((choice.label for choice in field.choices if choice.value == str(value)), str(value))
