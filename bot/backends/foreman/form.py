"""Chooses the fields of the form: the template's inputs, and the parameters that have an effect."""

from collections.abc import Sequence

from pydantic import JsonValue

from bot.backends.base import MAIN_SECTION, FormField, FormValues, Option, form_fields
from bot.backends.foreman.params import PASSWORD_FIELDS, ForemanJobParams
from bot.backends.foreman.server import ForemanServer
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import JobTemplate, TemplateInput
from bot.backends.foreman.validation import SECRET_PREFIX

_MULTILINE_INPUTS = frozenset({"command", "script", "playbook"})


def job_form_fields(
    settings: ForemanSettings, server: ForemanServer, template: JobTemplate | None, values: FormValues
) -> tuple[FormField, ...]:
    """Return the fields in order. A template and a feature share one field until a feature is picked in it."""
    fields: list[FormField] = []
    for field in _what_and_where(form_fields(ForemanJobParams), values):
        if field.name == "inputs":
            fields += [_input_field(item, settings) for item in template.inputs] if template is not None else []
        elif _has_effect(field.name, server, template):
            fields.append(_with_secret_choices(field, settings) if field.name in PASSWORD_FIELDS else field)
    return tuple(fields)


def _what_and_where(fields: Sequence[FormField], values: FormValues) -> list[FormField]:
    """Return the fields without those that another one stands for: a feature that is picked takes the place of the
    template, and a bookmark that of the search."""
    feature, bookmark = values.get("feature"), values.get("bookmark_id")
    hidden = {
        "feature": not feature,
        "job_template_id": bool(feature) and not values.get("job_template_id"),
        "search_query": bool(bookmark) and not values.get("search_query"),
    }
    in_front: dict[str, JsonValue] = {"section": MAIN_SECTION}
    changed = {"bookmark_id": in_front if bookmark else {}}
    return [
        field.model_copy(update=changed.get(field.name, {})) for field in fields if not hidden.get(field.name, False)
    ]


def _secret_options(settings: ForemanSettings) -> tuple[Option, ...]:
    """Return the names of the configured secrets, with a prefix that distinguishes them from plain text."""
    return tuple(Option(value=SECRET_PREFIX + name, label=name) for name in sorted(settings.secrets))


def _has_effect(name: str, server: ForemanServer, template: JobTemplate | None) -> bool:
    """Return whether a field can have an effect on this server and template."""
    if name == "time_span":
        return server.supports_time_span
    if template is None:
        return True
    if name in ("effective_user", "effective_user_password"):
        return template.allows_effective_user
    if name in ("tags", "tags_flag"):
        return template.is_ansible
    return True


def _with_secret_choices(field: FormField, settings: ForemanSettings) -> FormField:
    return field.model_copy(update={"choices": _options(sorted(settings.secrets))})


def _input_field(item: TemplateInput, settings: ForemanSettings) -> FormField:
    base = FormField(
        name=f"inputs.{item.name}",
        label=item.name,
        hint=item.description,
        required=item.required or (bool(item.options) and item.default is not None),
        default=None if item.hidden else item.default,
        api_name=f"inputs[{item.name}]",
    )
    if item.hidden:
        hint = f"{item.description} Hidden: choose a configured secret.".strip()
        return base.model_copy(update={"widget": "choice", "choices": _secret_options(settings), "hint": hint})
    if item.options:
        return base.model_copy(update={"widget": "choice", "choices": _options(item.options)})
    widget = "long_text" if item.name in _MULTILINE_INPUTS else "text"
    return base.model_copy(update={"widget": widget, "sent_empty": True})


def _options(options: Sequence[str]) -> tuple[Option, ...]:
    return tuple(Option(value=option, label=option) for option in options)
