"""The fields of the form for what is filled in so far: the template's inputs, and only what it can use."""

from collections.abc import Sequence

from bot.backends.base import Field, Option, fields_of
from bot.backends.foreman.params import PASSWORDS, ForemanRun
from bot.backends.foreman.rules import SECRET
from bot.backends.foreman.server import Server
from bot.backends.foreman.settings import ForemanSettings
from bot.backends.foreman.templates import Input, Template

_LONG = frozenset({"command", "script", "playbook"})


def fields(settings: ForemanSettings, server: Server, template: Template | None) -> tuple[Field, ...]:
    """The fields in their order; the inputs stand where the model has them, those of no known template as JSON."""
    found: list[Field] = []
    for field in fields_of(ForemanRun):
        if field.name == "inputs" and template is not None:
            found += [_input(item, settings) for item in template.inputs]
        elif _useful(field.name, server, template):
            found.append(_with_secrets(field, settings) if field.name in PASSWORDS else field)
    return tuple(found)


def _references(settings: ForemanSettings) -> tuple[Option, ...]:
    """The configured secrets by name, marked so that they can be told from text."""
    return tuple(Option(value=SECRET + name, label=name) for name in sorted(settings.secrets))


def _useful(name: str, server: Server, template: Template | None) -> bool:
    """Whether a field can have an effect on this server and template."""
    if name == "time_span":
        return server.takes_time_span
    if template is None:
        return True
    if name in ("effective_user", "effective_user_password"):
        return template.overridable
    if name in ("tags", "tags_flag"):
        return template.ansible
    return True


def _with_secrets(field: Field, settings: ForemanSettings) -> Field:
    return field.model_copy(update={"choices": _options(sorted(settings.secrets))})


def _input(item: Input, settings: ForemanSettings) -> Field:
    base = Field(
        name=f"inputs.{item.name}",
        label=item.name,
        hint=item.description,
        required=item.required and item.default is None,
        default=None if item.hidden else item.default,
        api_name=f"inputs[{item.name}]",
    )
    if item.hidden:
        hint = f"{item.description} Hidden: choose a configured secret.".strip()
        return base.model_copy(update={"widget": "choice", "choices": _references(settings), "hint": hint})
    if item.options:
        return base.model_copy(update={"widget": "choice", "choices": _options(item.options)})
    return base.model_copy(update={"widget": "long_text" if item.name in _LONG else "text"})


def _options(options: Sequence[str]) -> tuple[Option, ...]:
    return tuple(Option(value=option, label=option) for option in options)
