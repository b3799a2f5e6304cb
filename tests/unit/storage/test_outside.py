"""What operators read of a database, and what a restored one is told: the same on both."""

from datetime import UTC, datetime, timedelta

from bot.requests.model import Run
from bot.storage import audit, messages, pauses, requests, runs
from bot.storage.database import Database
from bot.storage.health import write_problem
from bot.storage.open_work import read_open_work
from bot.storage.restored import hold_after_restore, last_change
from bot.storage.runs import Attempt
from bot.storage.trail import read_trail
from tests.unit.requests.build import pending_request

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


async def store_one(db: Database) -> None:
    """A request with a run that is due, its attempt, and a message."""
    request = pending_request().model_copy(update={"id": "r_1", "number": 1, "created_at": NOW})
    run = Run(id="n_1", request_id="r_1", number=1, state="pending", version=1, due_at=NOW)
    attempt = Attempt(token="ns-1", run_id="n_1", state="prepared", plan={}, created_at=NOW)
    async with db.write() as tx:
        await requests.next_number(tx)
        await requests.add(tx, request, None)
        await runs.add(tx, run, "foreman.prod", "foreman.run")
        await runs.add_attempt(tx, attempt)
        await runs.transition_attempt(tx, "ns-1", ["prepared"], "sent", sent_at=LATER)
        await messages.add(tx, NOW, "approval", "C1", "r_1")
        await audit.record(tx, NOW, "T1/U1", "request.submitted", "r_1", {})


async def test_what_is_open_is_counted_with_its_age(db: Database) -> None:
    async with db.read() as tx:
        assert (await read_open_work(tx, NOW)).oldest == {"waiting": None, "due": None, "unsent": None}
    await store_one(db)
    async with db.read() as tx:
        work = await read_open_work(tx, LATER)
    assert work.requests == {"awaiting_approval": 1}
    assert work.runs == {("foreman.prod", "pending"): 1}
    assert work.silent_runs == {}
    assert work.oldest == {"waiting": NOW, "due": NOW, "unsent": NOW}


async def test_silent_runs_are_counted_by_back_end(db: Database) -> None:
    await store_one(db)
    async with db.write() as tx:
        await runs.note_silence(tx, ["n_1"], NOW)
    async with db.read() as tx:
        assert (await read_open_work(tx, LATER)).silent_runs == {"foreman.prod": 1}


async def test_the_trail_of_a_request_is_in_order(db: Database) -> None:
    await store_one(db)
    async with db.read() as tx:
        trail = await read_trail(tx, await requests.get(tx, "r_1"))
    assert [entry.what for entry in trail] == [
        "request.submitted",
        "call.prepared",
        "message.stored",
        "message.due",
        "call.sent",
    ]


async def test_a_restored_database_holds_everything_and_continues_at_the_next_thousand(db: Database) -> None:
    await store_one(db)
    async with db.write() as tx:
        assert await last_change(tx) == NOW
        pause = await hold_after_restore(tx, LATER, "it was restored")
        assert await requests.next_number(tx) == 1001
    async with db.write() as tx:
        assert await pauses.not_ended(tx) == [pause]
        (message,) = await messages.of_request(tx, "r_1")
        assert message.first_sent_at == NOW
        await pauses.release(tx, pause.id, "r_1")
        await pauses.release(tx, pause.id, "r_1")
    async with db.read() as tx:
        (held,) = await pauses.not_ended(tx)
    assert held.released == ("r_1",)
    assert not held.covers("foreman.prod", "r_1")
    assert held.covers("foreman.prod", "r_2")


async def test_whether_a_database_takes_writes_is_tried_and_undone(db: Database) -> None:
    assert await write_problem(db, 5.0) == ""
    await db.close()
