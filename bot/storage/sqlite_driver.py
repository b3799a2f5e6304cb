"""aiosqlite with one trip to its thread for each statement, instead of four (cursor, execute, fetch, close).

A trip costs more than most statements do: with one, a transaction takes half the processor time.
"""

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

Rows = Sequence[Any]


def connector(path: str) -> Callable[..., Awaitable[aiosqlite.Connection]]:
    """What SQLAlchemy calls for a connection to a file. Transactions are begun by whoever uses it."""

    async def connect(*_args: Any, **_options: Any) -> aiosqlite.Connection:
        connection = _Connection(partial(sqlite3.connect, path, isolation_level=None), iter_chunk_size=64)
        # A program that ends without closing its connections does not wait for their threads.
        connection._thread.daemon = True
        return await connection

    return connect


class _Connection(aiosqlite.Connection):
    def cursor(self) -> Any:
        return _Cursor(self)


class _Cursor:
    """The part of a cursor that SQLAlchemy uses. All rows are there when ``execute`` returns."""

    def __init__(self, connection: _Connection) -> None:
        self.arraysize = 1
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._connection = connection
        self._rows: Rows = ()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        await self._connection._execute(self._run, sqlite3.Connection.execute, statement, values)  # type: ignore[no-untyped-call]

    async def executemany(self, statement: str, several: Sequence[Sequence[Any]]) -> None:
        await self._connection._execute(self._run, sqlite3.Connection.executemany, statement, several)  # type: ignore[no-untyped-call]

    async def fetchall(self) -> Rows:
        return self._rows

    async def close(self) -> None:
        """The real one was closed when its rows had been read."""

    def _run(self, execute: Callable[..., sqlite3.Cursor], statement: str, values: Sequence[Any]) -> None:
        cursor = execute(self._connection._conn, statement, values)
        try:
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
            self._rows = cursor.fetchall() if cursor.description else ()
        finally:
            cursor.close()
