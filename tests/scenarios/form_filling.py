"""Filling in whole forms by their labels, page by page, from tables."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from playground.environment import Environment
from playground.slack import Modal
from tests.scenarios.steps import go_to_page

PageValues = Mapping[str, Any]
"""Labels and what is filled in there."""


async def fill_pages(modal: Modal, pages: Mapping[str, PageValues]) -> None:
    """Fill in page after page. A moment is given as such; what a field makes appear is waited for."""
    for name, page in pages.items():
        first = next(iter(page))
        if name not in ("", "Basics"):
            await go_to_page(modal, name, first)
        for label, value in page.items():
            await modal.fill({label: value})


def filled_labels(pages: Mapping[str, PageValues]) -> set[str]:
    """The labels that a table fills in."""
    return {label for page in pages.values() for label in page}


def utc_time(*parts: int) -> datetime:
    """A moment in UTC, for the fields that take one."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


async def field_labels(env: Environment, key: str, values: Mapping[str, Any]) -> set[str]:
    """The labels of every field that an operation's form can have, for some values; relevance left aside."""
    bot = env.bot
    assert bot is not None
    found = next(c for c in bot.services.backends.values() if key in c.connection.operations)
    return {field.label for field in await found.connection.operations[key].fields(values)}
