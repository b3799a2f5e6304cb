"""Derives form fields from a parameter model, and parameters from a filled-in form."""

import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError
from pydantic.fields import FieldInfo

from bot.backends.payload import as_object
from bot.backends.secrets import MASK
from bot.errors import InputError
from bot.values import FrozenModel, Json, JsonObject

FormValues = Mapping[str, Json]
"""What a person has filled in, by field name. The name of a dynamic field starts with its group
(``inputs.package``)."""

MAIN_SECTION = "Basics"
"""The section of what everyone fills in."""

Widget = Literal["text", "long_text", "number", "flag", "choice", "choices", "lookup", "lookups", "json", "moment"]


class Option(FrozenModel):
    """One option of a select. ``value`` is sent (at most 150 characters), ``label`` is shown."""

    value: str
    label: str
    description: str = ""


class FormField(FrozenModel):
    """One parameter as the form shows it. ``section`` is its group: MAIN_SECTION is the first page of the form, and the
    others are under "More options".

    ``relevant_if`` maps names of other fields to the values for which this one appears; all must match. ``reloads``
    says that a change of this field changes the set of fields.
    """

    name: str
    label: str
    hint: str = ""
    section: str = MAIN_SECTION
    widget: Widget = "text"
    choices: tuple[Option, ...] = ()
    required: bool = False
    secret: bool = False
    default: JsonValue = None
    placeholder: str = ""
    reloads: bool = False
    relevant_if: Mapping[str, tuple[JsonValue, ...]] = {}
    api_name: str = ""
    argument: str = ""
    """A short name for ``key=value`` arguments of the slash command, in addition to the field's own name."""
    sent_empty: bool = False
    """Whether an empty text is sent if somebody clears the default, because the back end would fill it in again."""
    finds_targets: bool = False
    """Whether people say here where the work is done. The form shows below it what ``find_targets`` found."""


@dataclass(frozen=True, slots=True)
class Param:
    """Annotates an attribute of a parameter model. What is left empty follows from the attribute's type."""

    label: str
    hint: str = ""
    section: str = MAIN_SECTION
    widget: Widget | None = None
    choices: tuple[Option, ...] = ()
    placeholder: str = ""
    reloads: bool = False
    relevant_if: Mapping[str, tuple[JsonValue, ...]] | None = None
    api_name: str = ""
    argument: str = ""
    needed: bool = False
    """Whether the form asks for a value although the model has a default: another parameter could stand in for it."""
    finds_targets: bool = False
    hidden: bool = False
    """Part of the model but not a field of the form, such as loaded state."""


class Params(BaseModel):
    """Base of every parameter model. It rejects unknown names and accepts the API's own spellings.

    A subclass accepts the vendor's documented request body through a ``mode="before"`` validator that returns our field
    names, so that a body copied from the vendor's documentation loads unchanged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


ParamsT = TypeVar("ParamsT", bound=Params)


def form_fields(model: type[Params]) -> tuple[FormField, ...]:
    """Return the fields of a parameter model, in the order of its attributes."""
    fields = []
    for name, info in model.model_fields.items():
        param = next((m for m in info.metadata if isinstance(m, Param)), None)
        if param is None:
            raise TypeError(f"{model.__name__}.{name} has no Param annotation")
        if not param.hidden:
            fields.append(_form_field(name, info, param))
    return tuple(fields)


def hidden_values(model: type[Params], values: FormValues) -> dict[str, Json]:
    """Return the values of the model's hidden attributes. They come from ``load``; the form has no fields for them."""
    hidden = (
        n for n, info in model.model_fields.items() if any(isinstance(m, Param) and m.hidden for m in info.metadata)
    )
    return {name: values[name] for name in hidden if values.get(name) is not None}


def _form_field(name: str, info: FieldInfo, param: Param) -> FormField:
    choices = param.choices or _literal_options(info.annotation)
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    return FormField(
        name=name,
        label=param.label,
        hint=param.hint,
        section=param.section,
        widget=param.widget or _default_widget(info.annotation, bool(choices)),
        choices=choices,
        required=info.is_required() or param.needed,
        default=default if default != "" else None,
        placeholder=param.placeholder,
        reloads=param.reloads,
        relevant_if=param.relevant_if or {},
        api_name=param.api_name or name,
        argument=param.argument,
        finds_targets=param.finds_targets,
    )


def _without_optional(annotation: Any) -> Any:
    """Return the type without ``| None`` and without annotations."""
    if get_origin(annotation) is Annotated:
        return _without_optional(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        rest = [a for a in get_args(annotation) if a is not type(None)]
        return _without_optional(rest[0]) if len(rest) == 1 else annotation
    return annotation


def _literal_options(annotation: Any) -> tuple[Option, ...]:
    bare = _without_optional(annotation)
    if get_origin(bare) is Literal:
        return tuple(Option(value=str(v), label=str(v).replace("_", " ").capitalize()) for v in get_args(bare))
    return ()


def _default_widget(annotation: Any, has_choices: bool) -> Widget:
    bare = _without_optional(annotation)
    if has_choices:
        return "choice"
    if bare is bool:
        return "flag"
    if bare in (int, float):
        return "number"
    if bare is str:
        return "text"
    return "json"


def is_relevant(field: FormField, values: FormValues) -> bool:
    """Return whether a field appears, given the values so far."""
    return all(values.get(other) in wanted for other, wanted in field.relevant_if.items())


def nest(values: FormValues) -> dict[str, Json]:
    """Nest dotted names: ``{"inputs.package": "zsh"}`` becomes ``{"inputs": {"package": "zsh"}}``.

    Drops empty values, except the empty texts of dotted names: somebody has cleared the default of an input.
    """
    nested: dict[str, Json] = {}
    for name, value in values.items():
        group, dot, rest = name.partition(".")
        if value is None or value == [] or (value == "" and not dot):
            continue
        nested[group] = {**as_object(nested.get(group)), rest: value} if dot else value
    return nested


def parse_params(model: type[ParamsT], values: FormValues) -> ParamsT:
    """Return the parameters that values stand for. Raises InputError with one message for each invalid field."""
    try:
        return model.model_validate(nest(values))
    except ValidationError as error:
        raise InputError(validation_messages(error)) from error


def validation_messages(error: ValidationError) -> dict[str, str]:
    """Return pydantic's errors by field name (``inputs.package`` for a dynamic field), one sentence for each field."""
    messages: dict[str, str] = {}
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"][:2] if not isinstance(part, int))
        text = _validation_message(item["type"], item.get("ctx", {})) or item["msg"].removeprefix("Value error, ")
        messages.setdefault(name, text if text.endswith((".", "?")) else f"{text}.")
    return messages


def _validation_message(error_type: str, limits: JsonObject) -> str:
    """Return our sentence for a type of pydantic error, or "" to keep pydantic's own text."""
    match error_type:
        case "missing" | "string_too_short":
            return "This is needed."
        case "extra_forbidden":
            return "There is no parameter of this name."
        case "greater_than":
            return f"Must be more than {limits['gt']}."
        case "greater_than_equal":
            return f"Must be {limits['ge']} or more."
        case "less_than":
            return f"Must be less than {limits['lt']}."
        case "less_than_equal":
            return f"Must be {limits['le']} or less."
        case "string_too_long":
            return f"Must have at most {limits['max_length']} characters."
        case "literal_error":
            return f"Must be one of {limits['expected']}."
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return "Must be a whole number."
        case "bool_parsing" | "bool_type":
            return "Must be yes or no."
        case "string_type":
            return "Must be a text."
        case "list_type" | "tuple_type" | "set_type":
            return "Must be a list."
        case "dict_type" | "mapping_type" | "model_type":
            return "Must be a JSON object."
        case "timezone_aware":
            return "Must say its time zone, such as 2026-03-04T21:00:00+01:00."
        case _ if error_type.startswith(("datetime", "date_")):
            return "Must be a date and time, such as 2026-03-04T21:00:00+01:00."
    return ""


def mask_secrets(body: JsonValue, secret_names: frozenset[str]) -> JsonValue:
    """Return a copy of a body with the value of every key in ``secret_names`` masked."""
    if isinstance(body, dict):
        return {
            k: MASK if k in secret_names and v is not None else mask_secrets(v, secret_names) for k, v in body.items()
        }
    if isinstance(body, list):
        return [mask_secrets(item, secret_names) for item in body]
    return body
