"""Messages are claimed so that one node sends each, and are free again as soon as that is safe."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.storage import messages, requests
from bot.storage.database import Database
from bot.storage.messages import Message
from tests.unit.requests.build import NOW, pending_request

CLAIM_TIME = timedelta(seconds=30)


async def add_messages(db: Database, *places: str) -> None:
    async with db.write() as tx:
        for number, place in enumerate(places):
            await messages.add(tx, NOW + timedelta(seconds=number), "note", place)


async def claim(
    db: Database, node: str = "node-1", after: timedelta = timedelta(minutes=1), **paused: Any
) -> Sequence[Message]:
    async with db.write() as tx:
        return await messages.claim(tx, NOW + after, CLAIM_TIME, node, **paused)


def recipients(several: Sequence[Message]) -> list[str]:
    return [message.recipient for message in several]


async def test_what_one_node_has_claimed_no_other_sends(db: Database) -> None:
    await add_messages(db, "C1", "C2")
    assert recipients(await claim(db)) == ["C1", "C2"]
    assert recipients(await claim(db, "node-2")) == []
    assert recipients(await claim(db, "node-2", timedelta(minutes=1) + CLAIM_TIME)) == ["C1", "C2"]


async def test_places_that_take_nothing_just_now_are_left_out(db: Database) -> None:
    await add_messages(db, "C1", "C2", "C1")
    assert recipients(await claim(db, throttled_posts=["C1"])) == ["C2"]
    assert recipients(await claim(db, throttled_updates=["C1"])) == ["C1", "C1"]


async def test_a_place_that_takes_no_updates_still_takes_posts(db: Database) -> None:
    await add_messages(db, "C1", "C1")
    first, second = await claim(db)
    async with db.write() as tx:
        await messages.mark_delivered(tx, first, "C1", "1.0", 0)
        await messages.release_claims(tx, [second], "node-1")
    posted, new = "1.0", ""
    assert [m.ts for m in await claim(db, throttled_updates=["C1"])] == [new]
    assert [m.ts for m in await claim(db, throttled_posts=["C1"])] == [posted]


async def test_what_was_claimed_and_not_sent_is_free_at_once(db: Database) -> None:
    await add_messages(db, "C1", "C2")
    first, second = await claim(db)
    async with db.write() as tx:
        await messages.release_claims(tx, [second], "node-1")
    assert recipients(await claim(db, "node-2")) == [second.recipient]
    assert first.recipient == "C1"


async def test_what_another_node_has_by_now_is_neither_given_back_nor_postponed(db: Database) -> None:
    await add_messages(db, "C1")
    (slow,) = await claim(db, "node-1")
    later = timedelta(minutes=1) + CLAIM_TIME
    assert recipients(await claim(db, "node-2", later)) == ["C1"]
    async with db.write() as tx:
        await messages.release_claims(tx, [slow], "node-1")
        await messages.postpone(tx, slow, NOW, "Slack was away")
    assert recipients(await claim(db, "node-3", later)) == []


async def test_whoever_has_waited_longest_is_first_however_often_the_others_change(db: Database) -> None:
    async with db.write() as tx:
        for number in range(4):
            await requests.add(tx, pending_request().model_copy(update={"id": f"r{number}", "number": number}), None)
            await messages.add(tx, NOW + timedelta(seconds=number), "approval", "C1", f"r{number}")
    turns = []
    for minute in range(1, 9):
        now = NOW + timedelta(minutes=minute)
        first, *others = await claim(db, after=timedelta(minutes=minute))
        turns.append(first.request_id)
        async with db.write() as tx:
            await messages.release_claims(tx, others, "node-1")
            await messages.mark_delivered(tx, first, "C1", "1.0", first.desired_version)
            for number in range(4):
                await messages.mark_dirty(tx, f"r{number}", now)
    assert sorted(turns) == sorted(["r0", "r1", "r2", "r3"] * 2)


async def test_the_claims_of_a_node_that_is_gone_end_soon_and_are_never_prolonged(db: Database) -> None:
    await add_messages(db, "C1")
    (message,) = await claim(db)
    now, soon, late = NOW + timedelta(seconds=60), timedelta(seconds=3), timedelta(seconds=16)
    async with db.write() as tx:
        assert await messages.claiming_nodes(tx, now) == {"node-1"}
        assert await messages.shorten_claims(tx, "node-2", now + soon, now + late) == 0
        assert await messages.shorten_claims(tx, "node-1", now + soon, now + late) == 1
        assert await messages.shorten_claims(tx, "node-1", now + 2 * soon, now + late) == 0
        assert await messages.claiming_nodes(tx, now + soon) == set()
    assert recipients(await claim(db, "node-2", timedelta(seconds=62))) == []
    assert recipients(await claim(db, "node-2", timedelta(seconds=63))) == ["C1"]
    async with db.write() as tx:
        # Should the first node live after all, it does not begin to send.
        assert not await messages.begin_sending(tx, message, now, CLAIM_TIME)
        assert await messages.claiming_nodes(tx, now) == {"node-2"}


async def test_what_a_node_that_is_gone_may_just_be_posting_is_left_to_arrive_first(db: Database) -> None:
    await add_messages(db, "C1")
    (message,) = await claim(db)
    now, soon, late = NOW + timedelta(seconds=60), timedelta(seconds=3), timedelta(seconds=16)
    async with db.write() as tx:
        assert await messages.begin_sending(tx, message, now, CLAIM_TIME)
        assert await messages.shorten_claims(tx, "node-1", now + soon, now + late) == 1
    assert recipients(await claim(db, "node-2", timedelta(seconds=75))) == []
    assert recipients(await claim(db, "node-2", timedelta(seconds=76))) == ["C1"]


async def test_a_process_that_is_alone_gives_up_every_claim_when_it_begins(db: Database) -> None:
    await add_messages(db, "C1", "C2")
    await claim(db)
    async with db.write() as tx:
        await messages.release_all_claims(tx)
        assert await messages.claiming_nodes(tx, NOW) == set()
    assert recipients(await claim(db, "node-3")) == ["C1", "C2"]
