"""Filling in whole forms by their labels, page by page, from tables."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from playground.slack import Modal
from playground.stage import Stage
from tests.scenarios.steps import turned

Page = Mapping[str, Any]
"""Labels and what is filled in there."""


async def fill_pages(modal: Modal, pages: Mapping[str, Page]) -> None:
    """Fill in page after page. A moment is given as such; what a field makes appear is waited for."""
    for name, page in pages.items():
        first = next(iter(page))
        if name not in ("", "Basics"):
            await turned(modal, name, first)
        for label, value in page.items():
            await modal.fill({label: value})


def seen_labels(pages: Mapping[str, Page]) -> set[str]:
    """The labels that a table fills in."""
    return {label for page in pages.values() for label in page}


def utc(*parts: int) -> datetime:
    """A moment in UTC, for the fields that take one."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


async def field_labels(on: Stage, key: str, values: Mapping[str, Any]) -> set[str]:
    """The labels of every field that an operation's form can have, for some values; relevance left aside."""
    bot = on.bot
    assert bot is not None
    found = next(c for c in bot.services.configured.values() if key in c.connection.operations)
    return {field.label for field in await found.connection.operations[key].fields(values)}
