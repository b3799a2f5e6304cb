"""Fills in whole forms by their labels, page by page, from tables."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from playground.environment import Environment
from playground.slack import Modal
from tests.scenarios.steps import go_to_page

PageValues = Mapping[str, Any]
"""Values by label."""


async def fill_pages(modal: Modal, pages: Mapping[str, PageValues]) -> None:
    """Fill in page after page. Fields that appear because of others are waited for."""
    for name, page in pages.items():
        for label, value in page.items():
            if name:
                await _reach(modal, name, label)
            await modal.fill({label: value})


async def _reach(modal: Modal, page: str, label: str) -> None:
    """Go to the page of a field, unless it is about to appear on this one."""
    try:
        await modal.ws.wait_until(lambda: label in modal.labels, 0.5)
    except TimeoutError:
        await go_to_page(modal, page, label)


def filled_labels(pages: Mapping[str, PageValues]) -> set[str]:
    """The labels in a table."""
    return {label for page in pages.values() for label in page}


def utc_time(*parts: int) -> datetime:
    """An instant in UTC, for datetime fields."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


async def field_labels(env: Environment, key: str, values: Mapping[str, Any]) -> set[str]:
    """The labels of every field of an operation's form for some values, relevant or not."""
    bot = env.bot
    assert bot is not None
    found = next(c for c in bot.services.backends.values() if key in c.connection.operations)
    return {field.label for field in await found.connection.operations[key].fields(values)}
