"""The database: write transactions that cannot lose updates, the same on SQLite and PostgreSQL."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import CursorResult, Dialect
from sqlalchemy.engine import make_url
from sqlalchemy.sql.base import Executable


class Tx(Protocol):
    """A connection inside a transaction."""

    @property
    def dialect(self) -> Dialect: ...

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None, /
    ) -> CursorResult[Any]:
        """Run a statement. Its rows must be read before the transaction ends."""
        ...

    async def scalar(self, statement: Executable, parameters: Mapping[str, Any] | None = None, /) -> Any:
        """The first column of the first row; None where there is no row."""
        ...


class Store(Protocol):
    """What opens transactions in one kind of database."""

    def post_idempotent(self) -> AbstractAsyncContextManager[Tx]: ...
    def get(self) -> AbstractAsyncContextManager[Tx]: ...
    async def close(self) -> None: ...


class Database:
    """Opens transactions. ``url`` is a SQLAlchemy URL: ``sqlite:///file`` or ``postgresql://...``."""

    def __init__(self, url: str) -> None:
        self.url = normalize_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._store = _open_store(self.url)

    def post_idempotent(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that may write; committed when the block ends, rolled back when it raises."""
        return self._store.post_idempotent()

    def get(self) -> AbstractAsyncContextManager[Tx]:
        """A transaction that only reads: it sees one state of the database and never waits for a writer."""
        return self._store.get()

    async def close(self) -> None:
        """Give the connections back."""
        await self._store.close()


def _open_store(url: str) -> Store:
    if url.startswith("sqlite"):
        from bot.storage.sqlite import SqliteStore

        return SqliteStore(url)
    from bot.storage.postgres import PostgresStore

    return PostgresStore(url)


def normalize_url(url: str) -> str:
    """The URL with the driver that is used here. Raises sqlalchemy.exc.ArgumentError."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    name = parsed.drivername.partition("+")[0]
    if name in drivers:
        parsed = parsed.set(drivername=drivers[name])
    return parsed.render_as_string(hide_password=False)


def default_sqlite_url(directory: Path) -> str:
    """The URL of the default database under a data directory."""
    return f"sqlite:///{directory / 'nightshift.sqlite'}"
