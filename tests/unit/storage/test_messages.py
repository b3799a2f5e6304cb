"""Messages are claimed so that one node sends each, and are free again as soon as that is safe."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.storage import messages
from bot.storage.database import Database
from bot.storage.messages import Message
from tests.unit.requests.build import NOW

BUSY = timedelta(seconds=30)


async def wanted(db: Database, *places: str) -> None:
    async with db.write() as tx:
        for number, place in enumerate(places):
            await messages.add(tx, NOW + timedelta(seconds=number), "note", place)


async def claimed(
    db: Database, node: str = "node-1", after: timedelta = timedelta(minutes=1), **shut: Any
) -> Sequence[Message]:
    async with db.write() as tx:
        return await messages.claim(tx, NOW + after, BUSY, node, **shut)


def places(several: Sequence[Message]) -> list[str]:
    return [message.to for message in several]


async def test_what_one_node_has_claimed_no_other_sends(db: Database) -> None:
    await wanted(db, "C1", "C2")
    assert places(await claimed(db)) == ["C1", "C2"]
    assert places(await claimed(db, "node-2")) == []
    assert places(await claimed(db, "node-2", timedelta(minutes=1) + BUSY)) == ["C1", "C2"]


async def test_places_that_take_nothing_just_now_are_left_out(db: Database) -> None:
    await wanted(db, "C1", "C2", "C1")
    assert places(await claimed(db, no_posts_to=["C1"])) == ["C2"]
    assert places(await claimed(db, no_updates_in=["C1"])) == ["C1", "C1"]


async def test_a_place_that_takes_no_updates_still_takes_posts(db: Database) -> None:
    await wanted(db, "C1", "C1")
    first, _ = await claimed(db)
    async with db.write() as tx:
        await messages.delivered(tx, first, "C1", "1.0", 0)
        await messages.give_back(tx, [_])
    posted, new = "1.0", ""
    assert [m.ts for m in await claimed(db, no_updates_in=["C1"])] == [new]
    assert [m.ts for m in await claimed(db, no_posts_to=["C1"])] == [posted]


async def test_what_was_claimed_and_not_sent_is_free_at_once(db: Database) -> None:
    await wanted(db, "C1", "C2")
    first, second = await claimed(db)
    async with db.write() as tx:
        await messages.give_back(tx, [second])
    assert places(await claimed(db, "node-2")) == [second.to]
    assert first.to == "C1"


async def test_the_claims_of_a_node_that_is_gone_end_soon_and_are_never_prolonged(db: Database) -> None:
    await wanted(db, "C1")
    (message,) = await claimed(db)
    now = NOW + timedelta(minutes=1)
    async with db.write() as tx:
        assert await messages.claimants(tx, now) == {"node-1"}
        assert await messages.hasten(tx, "node-2", now + timedelta(seconds=3)) == 0
        assert await messages.hasten(tx, "node-1", now + timedelta(seconds=3)) == 1
        assert await messages.hasten(tx, "node-1", now + timedelta(seconds=4)) == 0
    assert places(await claimed(db, "node-2", timedelta(seconds=62))) == []
    assert places(await claimed(db, "node-2", timedelta(seconds=63))) == ["C1"]
    async with db.write() as tx:
        # Should the first node live after all, it does not begin to send.
        assert not await messages.sending(tx, message, now, BUSY)
        assert await messages.claimants(tx, now + BUSY) == {"node-2"}


async def test_a_node_that_begins_gives_up_what_its_former_process_had_claimed(db: Database) -> None:
    await wanted(db, "C1")
    await claimed(db, "node-1")
    await wanted(db, "C2")
    await claimed(db, "node-2")
    async with db.write() as tx:
        await messages.release(tx, "node-1")
    assert places(await claimed(db, "node-3")) == ["C1"]
    async with db.write() as tx:
        await messages.release(tx)
    assert places(await claimed(db, "node-3")) == ["C1", "C2"]
