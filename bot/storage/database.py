"""The database: write transactions that cannot lose updates, the same on SQLite and PostgreSQL."""

from contextlib import AbstractAsyncContextManager

from bot.storage.transactions import Store, Tx
from bot.storage.urls import normalize_url


class Database:
    """Opens transactions. ``url`` is a SQLAlchemy URL: ``sqlite:///file`` or ``postgresql://...``."""

    def __init__(self, url: str) -> None:
        self.url = normalize_url(url)
        self.is_sqlite = self.url.startswith("sqlite")
        self._store = _open_store(self.url)

    def write(self) -> AbstractAsyncContextManager[Tx]:
        """Open a transaction that may write; committed when the block ends, rolled back when it raises."""
        return self._store.write()

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """Open a transaction that only reads: it sees one state of the database and never waits for a writer."""
        return self._store.read()

    async def close(self) -> None:
        """Close all connections."""
        await self._store.close()


def _open_store(url: str) -> Store:
    # Imported here, so that neither database's driver is loaded for the other.
    if url.startswith("sqlite"):
        from bot.storage.sqlite import SqliteStore

        return SqliteStore(url)
    from bot.storage.postgres import PostgresStore

    return PostgresStore(url)
