"""Writes a page for each operation, from its parameter model and its class."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from bot.backends.base import BackendKind, FormField, Operation, form_fields
from docs.reference.markdown import bullets, code, page, table

_WIDGET_TEXTS = {
    "text": "text",
    "long_text": "several lines of text",
    "number": "a number",
    "flag": "yes or no",
    "choice": "one of a list",
    "choices": "any of a list",
    "lookup": "one, found by typing",
    "lookups": "any number, found by typing",
    "json": "JSON",
    "moment": "a date and time",
}
_TABLE_HEAD = ("Parameter", "Key", "In the API", "Takes", "Default", "About")


def operation_page(kind: BackendKind, operation: type[Operation[Any]]) -> str:
    """Return the page of one operation."""
    fields = form_fields(operation.params_model)
    sections = dict.fromkeys(field.section for field in fields)
    parts = [
        operation.summary,
        f"{code(operation.key)} is requested with {code(example(kind, operation))}. "
        "Keys after the command, as `key=value` and with quotes around spaces, fill in the form. "
        f"{code(f'nightshift dry-run {operation.key} --params FILE')} takes the keys, or the body of an API call, "
        "as JSON.",
    ]
    for section in sections:
        rows = [_row(field, fields) for field in fields if field.section == section]
        parts += [f"## {section}", table(_TABLE_HEAD, rows)]
    if operation.scheduling_note:
        parts += ["## Who keeps the schedule", operation.scheduling_note]
    if operation.reference_notes:
        parts += ["## Where the documentation and the API differ, and other facts", bullets(operation.reference_notes)]
    return page(f"{kind.title}: {operation.title}", *parts)


def command_word(operation: type[Operation[Any]]) -> str:
    """Return the word after the slash command."""
    return operation.key.partition(".")[2]


def example(kind: BackendKind, operation: type[Operation[Any]]) -> str:
    """Return the slash command that opens the form of the operation."""
    return f"{kind.command} {command_word(operation)}"


def _row(field: FormField, fields: Sequence[FormField]) -> tuple[str, ...]:
    keys = [field.name, *([field.argument] if field.argument else [])]
    return (
        field.label,
        " or ".join(code(key) for key in keys),
        code(field.api_name),
        _accepted_values(field),
        _default(field),
        " ".join(_remarks(field, fields)),
    )


def _accepted_values(field: FormField) -> str:
    if not field.choices:
        return "a configured choice" if field.widget in ("choice", "choices") else _WIDGET_TEXTS[field.widget]
    listed = ", ".join(
        code(option.value)
        if option.label.casefold() == option.value.casefold().replace("_", " ")
        else _option_text(option)
        for option in field.choices
    )
    return f"{_WIDGET_TEXTS[field.widget]}: {listed}"


def _option_text(option: Any) -> str:
    return f"{code(option.value)} ({option.label})"


def _default(field: FormField) -> str:
    if field.required:
        return "**required**"
    if field.default in (None, "", [], {}):
        return ""
    return code(field.default if isinstance(field.default, str) else json.dumps(field.default))


def _remarks(field: FormField, fields: Sequence[FormField]) -> Iterator[str]:
    if field.hint:
        yield field.hint
    if field.placeholder:
        yield f"For example: {code(field.placeholder)}."
    if field.relevant_if:
        yield f"Appears only {_condition(field.relevant_if, fields)}."
    if field.reloads:
        yield "Changes which fields appear."


def _condition(wanted: Mapping[str, tuple[JsonValue, ...]], fields: Sequence[FormField]) -> str:
    return " and ".join(_one_of(next(f for f in fields if f.name == name), values) for name, values in wanted.items())


def _one_of(field: FormField, values: tuple[JsonValue, ...]) -> str:
    told = [code(value) for value in values if value not in (None, "")]
    if not told:
        return f"while {field.label} is empty"
    return f"if {field.label} is {' or '.join(told)}"
