"""Defines the parameters of ``lantern.restart``."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.backends.base import Option, Param, Params
from bot.values import Json


def _split_names(value: Json) -> Json:
    """Return a list of names. A slash command gives them as one text with commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class RestartParams(Params):
    """What is restarted, and how."""

    lamps: Annotated[
        tuple[str, ...],
        BeforeValidator(_split_names),
        Field(min_length=1),
        Param("Lamps", "They go dark one after the other.", widget="lookups"),
    ]
    mode: Annotated[
        Literal["gentle", "hard"],
        Param(
            "How",
            choices=(Option(value="gentle", label="Dim first"), Option(value="hard", label="Cut the power")),
            reloads=True,
        ),
    ] = "gentle"
    dim_seconds: Annotated[
        int,
        Field(ge=1, le=60),
        Param("Seconds to dim", "1 to 60.", relevant_if={"mode": ("gentle",)}, argument="dim", api_name="dimSeconds"),
    ] = 5
