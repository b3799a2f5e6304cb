"""PostgreSQL, over SQLAlchemy's asynchronous engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.transactions import Store, Tx


class PostgresStore(Store):
    """Opens transactions on connections of a pool.

    Reads are REPEATABLE READ, so that all statements of a block see one state. Writes stay READ COMMITTED, because
    compare-and-set has to see what another writer has committed meanwhile.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"connect_timeout": 5, "application_name": "nightshift"},
        )
        self._reads = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        async with self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        async with self._reads.connect() as connection:
            yield connection
            await connection.rollback()

    async def close(self) -> None:
        await self._engine.dispose()
