"""SQLite, in the event loop's own thread.

A statement here takes some tens of microseconds; handing it to another thread and waiting for that would take several
times as long. What may have to wait does not hold up the loop: another process's lock is waited for without sleeping in
SQLite, and a commit, which waits for the disk, is made in a thread.

WAL, synchronous=FULL and ``BEGIN IMMEDIATE``: with the driver's own (deferred) transactions, two read-modify-writes at
once lose updates without any error.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.base import Executable

LOCK_TIMEOUT_SECONDS = 10.0
"""How long another process may keep the lock before a transaction gives up."""
_MAX_SLEEP_SECONDS = 0.05
_READ_LOCK_TIMEOUT_MS = 250
"""How long a reader waits inside SQLite. With WAL it has to only while another process opens or closes the file."""
_MAX_IDLE_READERS = 8
"""Connections for reading that are kept; more are opened when as many transactions wait for something else at once."""


class SqliteTx:
    """A SQLAlchemy connection with the face of an asynchronous one: nothing here waits."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        driver: Any = connection.connection.driver_connection
        self.driver: sqlite3.Connection = driver

    @property
    def dialect(self) -> Dialect:
        return self.connection.dialect

    async def execute(
        self, statement: Executable, parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None, /
    ) -> CursorResult[Any]:
        return self.connection.execute(statement, parameters)

    async def scalar(self, statement: Executable, parameters: Mapping[str, Any] | None = None, /) -> Any:
        return self.connection.scalar(statement, parameters)

    def rollback(self) -> None:
        """End the transaction; what was changed in it and not committed is undone."""
        self.driver.rollback()
        # SQLAlchemy counts a transaction of its own from the first statement on.
        self.connection.rollback()


class SqliteStore:
    """One connection that writes, and a few that read. Transactions that write queue here, which is fair and quick:
    SQLite's own way of waiting is neither."""

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
                self._writer = SqliteTx(self._engine.connect())
                self._writer.driver.execute("PRAGMA busy_timeout=0")
            tx = self._writer
            await _begin(tx.driver, "BEGIN IMMEDIATE")
            before = tx.driver.total_changes
            try:
                yield tx
                if tx.driver.total_changes != before:
                    await self._commit(tx.driver)
            finally:
                tx.rollback()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteTx]:
        tx = self._idle_readers.pop() if self._idle_readers else SqliteTx(self._engine.connect())
        try:
            await _begin(tx.driver, "BEGIN")
            yield tx
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

    async def _commit(self, driver: sqlite3.Connection) -> None:
        work = asyncio.get_running_loop().run_in_executor(self._commit_executor, driver.commit)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread goes on all the same, and the connection is its own until it has ended.
            while not work.done():
                try:
                    await asyncio.wait([work])
                except asyncio.CancelledError:
                    continue
            raise
        except sqlite3.Error as error:
            raise OperationalError("COMMIT", None, error) from error


async def _begin(driver: sqlite3.Connection, statement: str) -> None:
    """Begin a transaction as soon as no other process has the lock. Raises OperationalError after BUSY_SECONDS."""
    # Nothing in a transaction waits, so a task with one after the other would never let another task run.
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    end, nap = loop.time() + LOCK_TIMEOUT_SECONDS, 0.001
    while True:
        try:
            driver.execute(statement)
            return
        except sqlite3.Error as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or loop.time() > end:
                raise OperationalError(statement, None, error) from error
        await asyncio.sleep(nap)
        nap = min(2 * nap, _MAX_SLEEP_SECONDS)


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_READ_LOCK_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
