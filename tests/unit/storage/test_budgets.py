"""How many runs of a day start by a rule alone, and the reviews of emergencies, on both databases."""

from datetime import timedelta

from bot.requests.model import Run
from bot.requests.start_check import StartCheck
from bot.storage import budgets, requests, reviews, runs
from bot.storage.database import Database
from tests.unit.requests.build import NOW, pending_request, requirement

DAY = (NOW - timedelta(hours=1), NOW + timedelta(hours=20))


async def store(db: Database, number: int, effect: str = "approve", **run: object) -> None:
    changes = {
        "id": f"r{number}",
        "number": number,
        "state": "scheduled",
        "requirement": requirement().model_copy(update={"effect": effect, "rules": ("lab", "all")}),
        "approved_at": NOW - timedelta(days=3),
    }
    request = pending_request().model_copy(update=changes)
    values = {"id": f"n{number}", "request_id": request.id, "number": 1, "version": 1, "state": "pending", **run}
    async with db.write() as tx:
        await requests.add(tx, request, None)
        await runs.add(tx, Run.model_validate(values), "foreman.prod", "foreman.run")


async def test_a_run_counts_on_the_day_of_its_start(db: Database) -> None:
    await store(db, 1, state="succeeded", started_at=NOW)
    await store(db, 2, state="succeeded", started_at=NOW - timedelta(days=1))
    await store(db, 3, state="starting", due_at=NOW)
    await store(db, 4, due_at=NOW + timedelta(hours=2))
    await store(db, 5, due_at=NOW + timedelta(days=2))
    await store(db, 6, due_at=NOW, latest_start=NOW - timedelta(minutes=1))
    await store(db, 7, "ask", state="running", started_at=NOW)
    later = {"state": "scheduled_in_backend", "starts_at": NOW + timedelta(hours=3)}
    await store(db, 8, **later, start_check=StartCheck(state="passed"))
    await store(db, 9, **later)
    async with db.read() as tx:
        assert await budgets.begun(tx, *DAY, apart_from="") == {"lab": 3, "all": 3}
        assert await budgets.begun(tx, *DAY, apart_from="n3") == {"lab": 2, "all": 2}
        assert await budgets.begun_or_planned(tx, *DAY, NOW) == {"lab": 5, "all": 5}
        assert await budgets.begun_or_planned(tx, *DAY, NOW, apart_from="r4") == {"lab": 4, "all": 4}


async def test_a_review_that_is_opened_again_is_told_again_and_keeps_its_time(db: Database) -> None:
    request = pending_request()
    async with db.write() as tx:
        await requests.add(tx, request, None)
        await reviews.add(tx, request.id, NOW)
        (due,) = await reviews.to_tell(tx, NOW - timedelta(hours=1))
        assert await reviews.mark_told(tx, due, NOW - timedelta(hours=1))
        assert await reviews.to_tell(tx, NOW - timedelta(hours=1)) == []
        await reviews.add(tx, request.id, NOW + timedelta(days=1))
        (again,) = await reviews.to_tell(tx, NOW - timedelta(hours=1))
        assert (again.due_at, again.asked_at) == (NOW, None)
