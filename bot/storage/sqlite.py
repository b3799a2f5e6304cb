"""SQLite, used in the thread of the event loop.

A statement takes some tens of microseconds; handing it to another thread takes several times as long. Whatever may
block stays off the loop: the lock of another process is awaited outside SQLite, and a commit, which waits for the disk,
runs in a thread.

The settings are WAL, synchronous=FULL and ``BEGIN IMMEDIATE``. With the driver's own deferred transactions, two
concurrent read-modify-writes lose updates without any error.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from sqlalchemy import Connection, CursorResult, Dialect, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlalchemy.sql.base import Executable

from bot.storage.transactions import Parameters, SqlValue, Store, Tx
from bot.telemetry.metrics import DATABASE_SECONDS

LOCK_TIMEOUT_SECONDS = 10.0
"""Timeout for the lock of another process."""
_MAX_SLEEP_SECONDS = 0.05
_WRITE_SECONDS = DATABASE_SECONDS.labels("write")
_READ_SECONDS = DATABASE_SECONDS.labels("read")
_READ_LOCK_TIMEOUT_MS = 250
"""Timeout for a reader inside SQLite. With WAL it waits only while another process opens or closes the file."""
_MAX_IDLE_READERS = 8
"""Maximum number of idle connections that are kept for reading."""


class SqliteTx(Tx):
    """A SQLAlchemy connection with the interface of an asynchronous one. Nothing in it waits."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self.driver = driver
        self.calls_after_commit: list[Callable[[], None]] = []

    @property
    def dialect(self) -> Dialect:
        return self.connection.dialect

    async def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] | None = None, /
    ) -> CursorResult[*tuple[SqlValue, ...]]:
        return self.connection.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Parameters | None = None, /) -> SqlValue:
        value: SqlValue = self.connection.scalar(statement, parameters)
        return value

    def after_commit(self, call: Callable[[], None], /) -> None:
        self.calls_after_commit.append(call)

    def rollback(self) -> None:
        """End the transaction and undo what was not committed."""
        self.driver.rollback()
        # SQLAlchemy counts a transaction of its own from the first statement on.
        self.connection.rollback()


class SqliteStore(Store):
    """Opens transactions on one connection for writing and several for reading.

    Writers queue for a lock of asyncio, which is fair and quick; SQLite's own waiting is neither.
    """

    def __init__(self, url: str) -> None:
        # A connection is used by one thread at a time: the loop's, or the one that commits.
        arguments = {"check_same_thread": False, "isolation_level": None}
        self._engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
        event.listen(self._engine, "connect", _set_pragmas)
        self._write_lock = asyncio.Lock()
        self._writer: SqliteTx | None = None
        self._idle_readers: list[SqliteTx] = []
        self._commit_executor = ThreadPoolExecutor(1, thread_name_prefix="commit")

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SqliteTx]:
        async with self._write_lock:
            if self._writer is None:
                self._writer = self._connect("busy_timeout=0")
            tx = self._writer
            await _begin(tx.driver, "BEGIN IMMEDIATE")
            tx.calls_after_commit = []
            began = time.perf_counter()
            try:
                yield tx
                await self._commit(tx.driver)
            finally:
                tx.rollback()
                _WRITE_SECONDS.observe(time.perf_counter() - began)
            calls = tx.calls_after_commit
        for call in calls:
            call()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTx]:
        tx = self._idle_readers.pop() if self._idle_readers else self._connect("query_only=ON")
        try:
            await _begin(tx.driver, "BEGIN")
            began = time.perf_counter()
            yield tx
            _READ_SECONDS.observe(time.perf_counter() - began)
        finally:
            tx.rollback()
            if len(self._idle_readers) < _MAX_IDLE_READERS:
                self._idle_readers.append(tx)
            else:
                tx.connection.close()

    async def close(self) -> None:
        async with self._write_lock:
            for tx in (*self._idle_readers, *((self._writer,) if self._writer else ())):
                tx.connection.close()
            self._idle_readers.clear()
            self._writer = None
        self._commit_executor.shutdown()

    def _connect(self, pragma: str) -> SqliteTx:
        tx = SqliteTx(self._engine.connect())
        tx.driver.execute(f"PRAGMA {pragma}")
        return tx

    async def _commit(self, driver: sqlite3.Connection) -> None:
        work = asyncio.get_running_loop().run_in_executor(self._commit_executor, driver.commit)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread cannot be cancelled, and it uses the connection until it ends.
            while not work.done():
                try:
                    await asyncio.wait([work])
                except asyncio.CancelledError:
                    continue
            raise
        except sqlite3.Error as error:
            raise OperationalError("COMMIT", None, error) from error


async def _begin(driver: sqlite3.Connection, statement: str) -> None:
    """Begin a transaction when no other process has the lock. Raises OperationalError after LOCK_TIMEOUT_SECONDS."""
    # Nothing in a transaction waits; without this, a task with many transactions would never let another task run.
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    deadline, delay = loop.time() + LOCK_TIMEOUT_SECONDS, 0.001
    while True:
        try:
            driver.execute(statement)
            return
        except sqlite3.Error as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or loop.time() > deadline:
                raise OperationalError(statement, None, error) from error
        await asyncio.sleep(delay)
        delay = min(2 * delay, _MAX_SLEEP_SECONDS)


def _set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_READ_LOCK_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
