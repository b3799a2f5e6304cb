"""The types that every layer shares: immutable values, JSON, and what a parameter stands for."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, JsonValue
from pydantic_core import CoreSchema, core_schema

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None
"""A JSON value. It is read-only, so that a list of strings is one too."""
JsonObject: TypeAlias = Mapping[str, Json]


class _Unchecked:
    """Tells pydantic to take a value as it is."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.any_schema()


StoredJson: TypeAlias = Annotated[JsonValue, _Unchecked()]
"""A JSON value that was made here or was read back from the database.

Pydantic looks at each leaf of a ``JsonValue`` in Python, which took a tenth of the time of submitting a form.
"""


class FrozenModel(BaseModel):
    """An immutable value that can be stored as JSON and comes back equal."""

    model_config = ConfigDict(frozen=True, extra="forbid")


DIGEST_PREFIX = "sha256:"
"""Marks a detail that can be compared, but says nothing to people."""


def digest(text: str) -> str:
    """Return a detail that stands for a long text."""
    return DIGEST_PREFIX + hashlib.sha256(text.encode()).hexdigest()


class Resolution(FrozenModel):
    """What a parameter stands for in the back end: the template behind a feature, the script of a job.

    ``field`` is the parameter's name, ``kind`` a plain word such as "template"; the two are unique in a request.
    ``details`` has what else decides what would run, by a word for people: a version, parameters. A value from
    ``digest`` is compared and not shown. A detail that is not known is left out.
    """

    field: str
    kind: str
    id: str
    name: str
    details: Mapping[str, str] = {}
