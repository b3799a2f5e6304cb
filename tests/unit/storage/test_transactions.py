"""What read() and write() promise, on SQLite and on PostgreSQL."""

import asyncio

import httpx
import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from bot.storage import counters
from bot.storage.database import Database
from bot.storage.schema_version import temporary_engine
from tests.transaction_guard import watch_transactions

COUNT = text("SELECT count(*) FROM counters")
ADD = text("INSERT INTO counters (name, value) VALUES ('one', 1)")


async def test_all_reads_of_a_block_see_the_same_state(db: Database) -> None:
    async with db.read() as tx:
        before = await tx.scalar(COUNT)
        async with db.write() as other:
            await other.execute(ADD)
        assert (before, await tx.scalar(COUNT)) == (0, 0)
    async with db.read() as tx:
        assert await tx.scalar(COUNT) == 1


async def test_a_read_cannot_write(db: Database) -> None:
    async def write_while_reading() -> None:
        async with db.read() as tx:
            await tx.execute(ADD)

    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        await write_while_reading()
    async with db.write() as tx:
        await tx.execute(ADD)
    async with db.read() as tx:
        assert await tx.scalar(COUNT) == 1


@pytest.mark.parametrize("url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
async def test_each_statement_of_a_write_sees_what_others_have_committed(db: Database) -> None:
    async with db.write() as tx:
        before = await tx.scalar(COUNT)
        async with db.write() as other:
            await other.execute(ADD)
        assert (before, await tx.scalar(COUNT)) == (0, 1)


async def test_a_change_of_the_schema_is_kept(db: Database, url: str) -> None:
    async with db.write() as tx:
        await tx.execute(text("CREATE TABLE notes (id INTEGER)"))
    async with db.write() as tx:
        await tx.execute(text("ALTER TABLE notes ADD COLUMN title TEXT"))
    with temporary_engine(url) as engine, engine.connect() as connection:
        assert [column["name"] for column in inspect(connection).get_columns("notes")] == ["id", "title"]


async def test_a_change_of_the_schema_is_undone_with_its_transaction(db: Database, url: str) -> None:
    async def fail() -> None:
        async with db.write() as tx:
            await tx.execute(text("CREATE TABLE notes (id INTEGER)"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    with temporary_engine(url) as engine, engine.connect() as connection:
        assert not inspect(connection).has_table("notes")


async def test_a_call_over_http_inside_a_transaction_is_noticed(db: Database) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200))
    async with httpx.AsyncClient(transport=transport) as client:
        with watch_transactions() as found:
            async with db.write() as tx:
                await tx.execute(ADD)
            await client.get("http://backend.test/")
            assert found == []
            async with db.read():
                await client.get("http://backend.test/")
            assert len(found) == 1
            async with db.write():
                await asyncio.gather(client.get("http://backend.test/"))
            assert len(found) == 2


async def test_what_a_counter_stands_for_is_looked_at_by_one_at_a_time(db: Database) -> None:
    seen: list[str] = []

    async def look(name: str) -> None:
        async with db.write() as tx:
            await counters.lock(tx, "budgets")
            seen.append(name)
            await asyncio.sleep(0.05)
            seen.append(name)

    await asyncio.gather(look("a"), look("b"))
    assert seen in (["a", "a", "b", "b"], ["b", "b", "a", "a"])
