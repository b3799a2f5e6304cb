"""The types that every layer shares: immutable values, and JSON."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None
"""A JSON value. It is read-only, so that a list of strings is one too."""
JsonObject: TypeAlias = Mapping[str, Json]


class FrozenModel(BaseModel):
    """An immutable value that can be stored as JSON and comes back equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")
