"""The stored users of the workspace, on both databases."""

from datetime import UTC, datetime, timedelta

from bot.requests.directory import User
from bot.requests.model import Person
from bot.storage import directory_users
from bot.storage.database import Database
from bot.storage.directory_users import Listing, StoredUser

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)


def stored(user: str, name: str, changed: int, minutes: int = 0) -> StoredUser:
    return StoredUser(User(person=Person(team="T1", user=user), name=name), changed, NOW + timedelta(minutes=minutes))


async def test_the_later_change_of_a_user_stays_and_those_who_are_gone_are_deleted(db: Database) -> None:
    async with db.write() as tx:
        await directory_users.store(tx, "T1", [stored("U1", "Ann", 5), stored("U2", "Bob", 1)])
        await directory_users.store(tx, "T1", [stored("U1", "Anna", 4, 1), stored("U2", "Bobby", 1, 1)])
    async with db.read() as tx:
        found = await directory_users.find(tx, "T1", ["U1", "U2", "U3"])
    assert {user: each.user.name for user, each in found.items()} == {"U1": "Ann", "U2": "Bobby"}
    async with db.write() as tx:
        await directory_users.forget_unlisted(tx, "T1", NOW + timedelta(seconds=30))
        await directory_users.forget(tx, "T1", "U3")
    async with db.read() as tx:
        assert set(await directory_users.find(tx, "T1", ["U1", "U2"])) == {"U2"}
        assert await directory_users.find(tx, "T2", ["U2"]) == {}


async def test_the_progress_of_the_listing_is_stored(db: Database) -> None:
    progress = Listing(cursor="c1", page_size=999, started_at=NOW, next_page_at=NOW)
    async with db.write() as tx:
        assert await directory_users.listing(tx, "T1") is None
        await directory_users.set_listing(tx, "T1", progress)
        done = progress.model_copy(update={"cursor": "", "completed_at": NOW})
        await directory_users.set_listing(tx, "T1", done)
    async with db.read() as tx:
        assert await directory_users.listing(tx, "T1") == done
