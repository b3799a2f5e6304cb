"""The table of Web API methods, and the arguments that they are called with."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from playground.slack.elements import Json
from playground.slack.errors import ApiError
from playground.slack.model import Channel
from playground.slack.workspace import Workspace

TokenKind = Literal["bot", "app"]


class Args:
    """The arguments of a call. Forms carry everything as text, JSON bodies as values; both read the same here."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) not in (None, "")

    def text(self, name: str, default: str | None = "") -> str:
        """A text. Without a default it must be there. Raises ApiError."""
        value = self.values.get(name)
        if value in (None, ""):
            if default is None:
                raise ApiError("invalid_arguments", [f"missing required field: {name}"])
            return default
        return str(value)

    def boolean(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        return default if value in (None, "") else value in (True, 1, "1", "true", "True")

    def integer(self, name: str, default: int) -> int:
        try:
            return int(self.values.get(name) or default)
        except (TypeError, ValueError):
            raise ApiError("invalid_arguments", [f"must be an integer: {name}"]) from None

    def json(self, name: str, error: str) -> Any:
        """A structured argument, parsed if it came as text; None when it is not there. Raises ApiError(error)."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value.strip():
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise ApiError(error) from None

    def blocks(self, name: str = "blocks") -> list[Json] | None:
        blocks = self.json(name, "invalid_blocks_format")
        if blocks is not None and not (isinstance(blocks, list) and all(isinstance(b, dict) for b in blocks)):
            raise ApiError("invalid_blocks_format")
        return blocks


Handler = Callable[[Workspace, Args], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method. ``scopes`` are those of which the app must have one; ``per_minute`` is its rate tier."""

    name: str
    handler: Handler
    scopes: tuple[str, ...] = ()
    per_minute: int = 100
    caller: TokenKind = "bot"


METHODS: dict[str, Method] = {}
TIER_1, TIER_2, TIER_3, TIER_4 = 5, 20, 50, 100
"""Calls a minute. Tier 1 is "1+": bursts are tolerated, a handful of them here."""


def method(
    name: str, *scopes: str, per_minute: int = TIER_4, caller: TokenKind = "bot"
) -> Callable[[Handler], Handler]:
    """Register a function as a Web API method."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(name, handler, scopes, per_minute, caller)
        return handler

    return register


def require_channel(ws: Workspace, ident: str) -> Channel:
    """The channel of an id that the bot may know about. Raises ApiError."""
    channel = ws.channels.get(ident)
    if channel is None or (channel.kind != "public" and ws.bot.id not in channel.members):
        raise ApiError("channel_not_found")
    return channel


def paginate(items: list[Any], args: Args, default: int = 100) -> tuple[list[Any], Json]:
    """One page of a list, and the ``response_metadata`` that leads to the next."""
    size = max(1, min(args.integer("limit", default), 1000))
    cursor = args.text("cursor")
    if cursor and not cursor.isdigit():
        raise ApiError("invalid_cursor")
    start = int(cursor or 0)
    more = start + size < len(items)
    return items[start : start + size], {"response_metadata": {"next_cursor": str(start + size) if more else ""}}
