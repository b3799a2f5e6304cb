"""The parameters of ``lantern.restart``."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bot.backends.base import Option, Param, Params


def _names(value: Any) -> Any:
    """A list of names; text has commas between them, as a slash command gives it."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class RestartParams(Params):
    """What is restarted, and how. ``Param`` says how people meet a parameter; the type says what it takes."""

    lamps: Annotated[
        tuple[str, ...],
        BeforeValidator(_names),
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
