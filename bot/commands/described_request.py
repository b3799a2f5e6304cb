"""Reads a request that a JSON file describes. What is missing or wrong is named, a line for each."""

import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.errors import ConfigError
from bot.requests.policy.known import Known
from bot.requests.policy.suggestions import did_you_mean
from bot.requests.subject import Subject


def read_described_request(file: Path, known: Known) -> Subject:
    """Return the request. Raises ConfigError if the file is no request, or names a system that does not exist."""
    try:
        subject = Subject.model_validate(json.loads(file.read_text()))
    except ValidationError as error:
        raise ConfigError([f"{file}: {_problem(item)}" for item in error.errors()]) from error
    except ValueError as error:
        raise ConfigError([f"{file}: is not JSON: {error}."]) from error
    system = subject.backend if known.are_configured else subject.backend.partition(".")[0]
    if system not in known.systems:
        raise ConfigError([f'{file}: no system is called "{subject.backend}"; {_hint(system, known.systems)}'])
    return subject


def _problem(item: ErrorDetails) -> str:
    name = ".".join(map(str, item["loc"])) or "the request"
    match item["type"]:
        case "missing":
            return f'"{name}" is missing; add it.'
        case "extra_forbidden":
            return f'there is no field "{name}"; {_hint(name, Subject.model_fields)}'
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            return f'"{name}" must be an object, such as {{"kind": "now"}}; it is {item["input"]!r}.'
        case _:
            return f'"{name}" does not fit: {item["msg"][:1].lower()}{item["msg"][1:]}; it is {item["input"]!r}.'


def _hint(name: str, names: Iterable[str]) -> str:
    return did_you_mean(name, names) or f"there are {', '.join(sorted(names))}."
