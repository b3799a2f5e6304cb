"""The audit trail: what was written stays as it was, or it is noticed."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from bot.commands import audit as command
from bot.storage import audit
from bot.storage.database import Database
from bot.storage.migrate import migrate
from bot.storage.tables import audit as table
from tests.unit.requests.build import NOW


async def write_entries(db: Database, count: int = 4) -> None:
    for number in range(1, count + 1):
        async with db.write() as tx:
            data = {"number": number, "what": 'ä 漢 " \\'}
            await audit.record(tx, NOW, "T1/U1", "request.decided", f"r{number % 2}", data)


async def verify_trail(db: Database) -> tuple[int, str]:
    async with db.read() as tx:
        return await audit.verify(tx)


async def test_a_trail_that_nobody_touched_holds(db: Database) -> None:
    assert await verify_trail(db) == (0, "")
    await write_entries(db)
    assert await verify_trail(db) == (4, "")


async def test_the_trail_of_a_request_is_in_order(db: Database) -> None:
    await write_entries(db)
    async with db.read() as tx:
        assert [entry.seq async for entry in audit.entries(tx, "r1")] == [1, 3]
        assert [entry.seq async for entry in audit.entries(tx)] == [1, 2, 3, 4]


async def test_a_long_trail_is_read_and_verified_to_its_end(db: Database) -> None:
    async with db.write() as tx:
        for _ in range(1005):
            await audit.record(tx, NOW, "nightshift", "run.finished")
    assert await verify_trail(db) == (1005, "")


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"number": 3}},
        {"actor": "T1/U2"},
        {"action": "request.asked"},
        {"request_id": "r9"},
        {"at": NOW.replace(year=2025)},
        {"previous": "0" * 64},
        {"hash": "f" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_an_entry_that_was_altered_is_noticed(db: Database, change: dict[str, Any]) -> None:
    await write_entries(db)
    async with db.write() as tx:
        await tx.execute(update(table).where(table.c.seq == 2).values(**change))
    held, problem = await verify_trail(db)
    assert held == 1
    assert problem.startswith("Entry 2 (")
    assert problem.endswith("was altered after it was written.")


async def test_an_entry_that_was_sealed_anew_breaks_the_next_one(db: Database) -> None:
    await write_entries(db)
    async with db.read() as tx:
        second = [entry async for entry in audit.entries(tx)][1]
    forged = second.model_copy(update={"actor": "T1/U2"})
    async with db.write() as tx:
        await tx.execute(update(table).where(table.c.seq == 2).values(actor=forged.actor, hash=forged.compute_hash()))
    assert await verify_trail(db) == (2, "Entry 3 (request.decided) was altered after it was written.")


async def test_an_entry_that_was_taken_out_is_noticed(db: Database) -> None:
    await write_entries(db)
    async with db.write() as tx:
        await tx.execute(delete(table).where(table.c.seq == 3))
    assert await verify_trail(db) == (2, "Entry 3 is missing.")


async def test_entries_that_are_written_at_once_make_one_chain(db: Database) -> None:
    await asyncio.gather(*(write_entries(db, 5) for _ in range(4)))
    assert await verify_trail(db) == (20, "")


async def test_what_is_rolled_back_leaves_no_entry(db: Database) -> None:
    async def in_vain() -> None:
        async with db.write() as tx:
            await audit.record(tx, NOW, "T1/U1", "request.asked")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_vain()
    async with db.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(table)) == 0


def test_the_command_prints_the_trail_and_says_whether_it_holds(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NIGHTSHIFT_DATABASE_URL", url)
    migrate(url)
    asyncio.run(run_in_database(url, write_entries))
    assert command.run("", verify=False, config=None) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(entry["seq"], entry["data"]["number"]) for entry in printed] == [(1, 1), (2, 2), (3, 3), (4, 4)]
    assert command.run("", verify=True, config=None) == 0
    assert capsys.readouterr().out == "All 4 entries hold.\n"

    asyncio.run(run_in_database(url, _tamper))
    assert command.run("", verify=True, config=None) == 1
    assert capsys.readouterr().out == "Entry 2 (request.decided) was altered after it was written.\n"


async def run_in_database(url: str, action: Callable[[Database], Awaitable[None]]) -> None:
    db = Database(url)
    await action(db)
    await db.close()


async def _tamper(db: Database) -> None:
    async with db.write() as tx:
        await tx.execute(update(table).where(table.c.seq == 2).values(actor="T1/U9"))
