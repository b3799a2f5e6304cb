"""A page for each operation, from its parameter model and what its class says of itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import JsonValue

from bot.backends.base import BackendKind, Field, Operation, fields_of
from docs.reference.markdown import bullets, code, page, table

_TAKES = {
    "text": "text",
    "long_text": "several lines of text",
    "number": "a number",
    "flag": "yes or no",
    "choice": "one of a list",
    "choices": "any of a list",
    "lookup": "one, found by typing",
    "lookups": "any number, found by typing",
    "json": "JSON",
    "secret": "the name of a configured secret",
    "moment": "a date and time",
}
_HEAD = ("Parameter", "Key", "In the API", "Takes", "Default", "About")


def operation_page(kind: BackendKind, operation: type[Operation[Any]]) -> str:
    """The page of one operation."""
    fields = fields_of(operation.params)
    sections = dict.fromkeys(field.section for field in fields)
    parts = [
        operation.summary,
        f"{code(operation.key)} is asked for with {code(example(kind, operation))}. "
        "A key can be typed after the command as `key=value`, with quotes around spaces; the form opens filled in. "
        f"{code(f'nightshift dry-run {operation.key} --params FILE')} takes the keys, or a body of the API, as JSON.",
    ]
    for section in sections:
        rows = [_row(field, fields) for field in fields if field.section == section]
        parts += [f"## {section}", table(_HEAD, rows)]
    if operation.placing:
        parts += ["## Who holds the schedule", operation.placing]
    if operation.notes:
        parts += ["## Where the page and the API differ, and other facts", bullets(operation.notes)]
    return page(f"{kind.title}: {operation.title}", *parts)


def verb(operation: type[Operation[Any]]) -> str:
    """What is typed after the slash command."""
    return operation.key.partition(".")[2]


def example(kind: BackendKind, operation: type[Operation[Any]]) -> str:
    """The slash command that opens the operation's form."""
    return f"{kind.command} {verb(operation)}"


def _row(field: Field, fields: Sequence[Field]) -> tuple[str, ...]:
    keys = [field.name, *([field.argument] if field.argument else [])]
    return (
        field.label,
        " or ".join(code(key) for key in keys),
        code(field.api_name),
        _takes(field),
        _default(field),
        " ".join(_about(field, fields)),
    )


def _takes(field: Field) -> str:
    if not field.choices:
        return "a configured choice" if field.widget in ("choice", "choices") else _TAKES[field.widget]
    listed = ", ".join(
        code(option.value) if option.label.casefold() == option.value.casefold().replace("_", " ") else _named(option)
        for option in field.choices
    )
    return f"{_TAKES[field.widget]}: {listed}"


def _named(option: Any) -> str:
    return f"{code(option.value)} ({option.label})"


def _default(field: Field) -> str:
    if field.required:
        return "**needed**"
    if field.default in (None, "", [], {}):
        return ""
    return code(field.default if isinstance(field.default, str) else json.dumps(field.default))


def _about(field: Field, fields: Sequence[Field]) -> Iterator[str]:
    if field.hint:
        yield field.hint
    if field.placeholder:
        yield f"For example: {code(field.placeholder)}."
    if field.relevant_if:
        yield f"Appears only {_condition(field.relevant_if, fields)}."
    if field.reloads:
        yield "Changes which fields appear."
    if field.secret:
        yield "Secret: never shown again."
    if field.min_query:
        yield f"Searches from {field.min_query} characters on."


def _condition(wanted: Mapping[str, tuple[JsonValue, ...]], fields: Sequence[Field]) -> str:
    return " and ".join(_one_of(next(f for f in fields if f.name == name), values) for name, values in wanted.items())


def _one_of(field: Field, values: tuple[JsonValue, ...]) -> str:
    told = [code(value) for value in values if value not in (None, "")]
    if not told:
        return f"while {field.label} is empty"
    return f"if {field.label} is {' or '.join(told)}"
