"""Says where a setting that is wrong stands, and what was probably meant."""

import os
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from bot.requests.policy.suggestions import did_you_mean
from bot.requests.policy.toml_lines import TomlLines

PREFIX = "NIGHTSHIFT_"


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """The file of the settings, None for the environment alone, and its text."""

    path: Path | None
    text: str = ""

    def place_of(self, location: Sequence[str | int]) -> str:
        """Return where a setting comes from: its variable, the line of the file, or else the environment."""
        words = [str(part) for part in location]
        names = [PREFIX + "__".join(words[:count]).upper() for count in range(len(words), 0, -1)]
        present = {name.upper(): name for name in os.environ}
        variable = next((present[name] for name in names if os.environ.get(present.get(name, ""), "")), "")
        if variable:
            return f"environment: {variable}"
        if self.path is None:
            return "environment"
        return f"{self.path}:{TomlLines(self.text).line(tuple(location))}"


def format_problem(
    source: SettingsSource, item: ErrorDetails, model: type[BaseModel], table: Sequence[str] = ()
) -> str:
    """Return a line for one problem. ``table`` is where the ``model`` stands in the file."""
    location = (*table, *item["loc"])
    text = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        guess = did_you_mean(str(item["loc"][-1]), _names_beside(model, item["loc"]))
        text = f"there is no such setting{f'; {guess}' if guess else ''}"
    return f"{source.place_of(location)}: {'.'.join(map(str, location))}: {text}"


def unknown_variables(model: type[BaseModel], others: Sequence[str]) -> list[str]:
    """Return a line for each variable of Nightshift's that nothing reads. ``others`` are read elsewhere."""
    known = {PREFIX + name.upper() for name in model.model_fields} | set(others)
    problems = []
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper().split("__")[0] not in known:
            guess = did_you_mean(name, known)
            problems.append(f"environment: {name}: nothing reads this variable{f'; {guess}' if guess else ''}")
    return problems


def _names_beside(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """Return the names that are possible where an unknown one stands."""
    for part in location[:-1]:
        field = model.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that an annotation names, alone or as an alternative."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, Annotated):
        return next((found for inner in get_args(annotation) if (found := _model_in(inner)) is not None), None)
    return None
