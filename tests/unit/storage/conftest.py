"""A database with its tables, once as SQLite and once as PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.urls import default_sqlite_url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of the test's own."""
    return default_sqlite_url(tmp_path) if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest_asyncio.fixture
async def db(url: str) -> AsyncIterator[Database]:
    """A database with its tables."""
    migrate(url)
    database = Database(url)
    yield database
    await database.close()
