"""SQLite is used in the loop's own thread: what has to wait does not hold the loop up, and no change is half made."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.storage import sqlite
from bot.storage.counters import next_value
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.transactions import Tx
from bot.storage.urls import default_sqlite_url

ORPHAN_RUN = text(
    "INSERT INTO runs (id, request_id, number, state, version, backend, operation, token, problem)"
    " VALUES ('n1', 'nobody', 1, 'pending', 1, '', '', '', '')"
)


@pytest_asyncio.fixture
async def sqlite_db(tmp_path: Path) -> AsyncIterator[Database]:
    """A database in a file of the test's own."""
    migrate(default_sqlite_url(tmp_path))
    database = Database(default_sqlite_url(tmp_path))
    yield database
    await database.close()


async def take_number(db: Database, also: Callable[[Tx], object] = lambda _: None) -> int:
    async with db.write() as tx:
        taken = await next_value(tx, "requests")
        also(tx)
    return taken


async def test_the_lock_of_another_process_is_waited_for_and_the_loop_goes_on(
    sqlite_db: Database, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "nightshift.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(take_number(sqlite_db))
        for _ in range(30):
            await asyncio.sleep(0.01)
        assert not writing.done()
        other.execute("COMMIT")
    # Waiting inside SQLite would have blocked the loop, and with it the commit, until the write was given up.
    assert await writing == 1


async def test_a_lock_that_does_not_end_is_an_error(
    sqlite_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOCK_TIMEOUT_SECONDS", 0.05)
    with closing(sqlite3.connect(tmp_path / "nightshift.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError, match="locked"):
            await take_number(sqlite_db)
        other.execute("COMMIT")
    assert await take_number(sqlite_db) == 1


async def test_a_commit_that_fails_leaves_nothing_and_the_next_one_works(sqlite_db: Database) -> None:
    async def in_vain() -> None:
        async with sqlite_db.write() as tx:
            await next_value(tx, "requests")
            await tx.execute(text("PRAGMA defer_foreign_keys = ON"))
            await tx.execute(ORPHAN_RUN)

    with pytest.raises(DBAPIError, match="FOREIGN KEY"):
        await in_vain()
    async with sqlite_db.read() as tx:
        assert await tx.scalar(text("SELECT count(*) FROM runs")) == 0
    assert await take_number(sqlite_db) == 1


async def test_who_is_cancelled_while_committing_has_committed_and_leaves_the_connection_whole(
    sqlite_db: Database,
) -> None:
    def cancel(_: Tx) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asyncio.ensure_future(take_number(sqlite_db, cancel))
    assert await take_number(sqlite_db) == 2


async def test_a_statement_that_is_full_undoes_the_transaction(sqlite_db: Database) -> None:
    async with sqlite_db.read() as tx:
        pages = await tx.scalar(text("PRAGMA page_count"))
    async with sqlite_db.write() as tx:
        await tx.execute(text(f"PRAGMA max_page_count = {pages}"))

    async def in_vain() -> None:
        async with sqlite_db.write() as tx:
            await next_value(tx, "requests")
            await tx.execute(text("INSERT INTO counters VALUES (hex(zeroblob(100000)), 1)"))

    with pytest.raises(DBAPIError, match="full"):
        await in_vain()
    async with sqlite_db.write() as tx:
        await tx.execute(text("PRAGMA max_page_count = 1000000"))
    assert await take_number(sqlite_db) == 1


async def test_many_who_read_at_once_each_see_one_state(sqlite_db: Database) -> None:
    begun, written = asyncio.Event(), asyncio.Event()
    waiting = 0

    async def twice() -> tuple[int, int]:
        nonlocal waiting
        async with sqlite_db.read() as tx:
            first = await tx.scalar(text("SELECT count(*) FROM counters"))
            waiting += 1
            if waiting == 30:
                begun.set()
            await written.wait()
            return first, await tx.scalar(text("SELECT count(*) FROM counters"))

    readers = [asyncio.ensure_future(twice()) for _ in range(30)]
    await begun.wait()
    await take_number(sqlite_db)
    written.set()
    assert await asyncio.gather(*readers) == [(0, 0)] * 30
    assert await asyncio.wait_for(twice(), 5) == (1, 1)
