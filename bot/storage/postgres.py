"""PostgreSQL, over SQLAlchemy's asynchronous engine."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import CursorResult, Dialect
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.sql.base import Executable

from bot.storage.transactions import Parameters, SqlValue, Store, Tx
from bot.telemetry.metrics import DATABASE_SECONDS


class PostgresTx(Tx):
    """A connection of SQLAlchemy's, and what is called once its transaction is committed."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.calls_after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> Dialect:
        return self._connection.dialect

    async def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] | None = None, /
    ) -> CursorResult[*tuple[SqlValue, ...]]:
        return await self._connection.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Parameters | None = None, /) -> SqlValue:
        value: SqlValue = await self._connection.scalar(statement, parameters)
        return value

    def after_commit(self, call: Callable[[], None], /) -> None:
        self.calls_after_commit.append(call)


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
            tx = PostgresTx(connection)
            with DATABASE_SECONDS.labels("write").time():
                yield tx
        for call in tx.calls_after_commit:
            call()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        async with self._reads.connect() as connection:
            with DATABASE_SECONDS.labels("read").time():
                yield PostgresTx(connection)
            await connection.rollback()

    async def close(self) -> None:
        await self._engine.dispose()
