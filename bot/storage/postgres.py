"""PostgreSQL, over SQLAlchemy's asynchronous engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage.transactions import Tx


class PostgresStore:
    """Transactions on connections of a pool."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            url,
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={"connect_timeout": 5, "application_name": "nightshift"},
        )

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        async with self._engine.begin() as connection:
            yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        async with self._engine.connect() as connection:
            yield connection
            await connection.rollback()

    async def close(self) -> None:
        await self._engine.dispose()
