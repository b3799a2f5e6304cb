"""The database: one engine, write transactions that cannot lose updates, the same on SQLite and PostgreSQL.

SQLite runs with WAL, synchronous=FULL and ``BEGIN IMMEDIATE``: with the driver's default (deferred) transactions,
two read-modify-writes at once lose updates without any error.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.storage.sqlite_driver import connector

Tx = AsyncConnection
"""A connection inside a transaction."""

BUSY_TIMEOUT_MS = 10_000


class Database:
    """Opens transactions. ``url`` is a SQLAlchemy URL: ``sqlite+aiosqlite:///file`` or ``postgresql+psycopg://...``."""

    def __init__(self, url: str) -> None:
        self.url = normal_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)
        # SQLite has one writer: queueing here is fair and quick, its own busy handler is neither.
        self._writer: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that may write; committed when the block ends, rolled back when it raises."""
        async with self._writer, self.engine.begin() as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A transaction that only reads: it sees one state of the database and never waits for a writer."""
        async with self.engine.connect() as tx:
            if self.is_sqlite:
                await tx.execution_options(nightshift_reads_only=True)
            yield tx
            await tx.rollback()

    async def close(self) -> None:
        """Give the connections back."""
        await self.engine.dispose()


def normal_url(url: str) -> str:
    """The URL with the asynchronous driver that is used here. Raises sqlalchemy.exc.ArgumentError."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    name = parsed.drivername.partition("+")[0]
    if name in drivers:
        parsed = parsed.set(drivername=drivers[name])
    return parsed.render_as_string(hide_password=False)


def sqlite_url(directory: Path) -> str:
    """The URL of the default database under a data directory."""
    return f"sqlite+aiosqlite:///{directory / 'nightshift.sqlite'}"


def _sqlite(url: str) -> AsyncEngine:
    creator = connector(make_url(url).database or "")
    engine = create_async_engine(url, pool_size=20, max_overflow=4, async_creator=creator)

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        reads = connection.get_execution_options().get("nightshift_reads_only")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"connect_timeout": 5, "application_name": "nightshift"},
    )
