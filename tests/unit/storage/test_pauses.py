"""Pauses as they are stored, and the runs that they hold."""

from datetime import UTC, datetime, timedelta

from bot.requests.model import Person, Run
from bot.requests.pauses import Pause
from bot.storage import pauses, requests, runs
from bot.storage.database import Database
from tests.unit.requests.build import pending_request

NOW = datetime(2027, 1, 11, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOB = Person(team="T1", user="UBOB")


def pause(number: int, **values: object) -> Pause:
    fields = {"id": f"p_{number}", "scope": "system", "name": "foreman.prod", "since": NOW, "reason": "smoke"}
    return Pause.model_validate({**fields, **values})


async def add_run(db: Database, number: int, due_at: datetime | None, **values: object) -> str:
    """A pending run of a request of its own. Returns the request's id."""
    request = pending_request().model_copy(update={"id": f"r_{number}", "number": number})
    run = Run(id=f"n_{number}", request_id=request.id, number=1, state="pending", version=1, due_at=due_at)
    async with db.write() as tx:
        await requests.add(tx, request, None)
        await runs.add(tx, run, str(values.get("backend", "foreman.prod")), "foreman.run")
        await runs.transition(tx, run, values.get("state", "pending"), poll_at=NOW + HOUR)  # type: ignore[arg-type]
    return request.id


async def test_pauses_come_back_as_they_were_stored_until_they_are_ended(db: Database) -> None:
    stored = [pause(1, by=BOB, until=NOW + HOUR), pause(2, since=NOW + HOUR), pause(3, scope="series", name="r_1")]
    async with db.write() as tx:
        for each in stored:
            await pauses.add(tx, each)
    async with db.write() as tx:
        assert await pauses.not_ended(tx) == [stored[0], stored[2], stored[1]]
        assert await pauses.of_series(tx, "r_1") == stored[2]
        assert await pauses.of_series(tx, "foreman.prod") is None
        assert await pauses.end(tx, stored[0], NOW)
        assert not await pauses.end(tx, stored[0], NOW)
        assert await pauses.not_ended(tx) == [stored[2], stored[1]]


async def test_waiting_runs_of_a_system_or_of_all_are_checked_at_once(db: Database) -> None:
    for number, backend in ((1, "foreman.prod"), (2, "foreman.lab")):
        await add_run(db, number, None, backend=backend)
    for backend, due in (("foreman.prod", ["n_1"]), ("", ["n_1", "n_2"])):
        async with db.write() as tx:
            await runs.recheck(tx, backend, NOW)
            assert sorted(run.id for run in await runs.due_to_start(tx, NOW + 55 * timedelta(minutes=1))) == due


async def test_the_requests_that_are_to_start_before_the_end_of_a_pause(db: Database) -> None:
    soon, later = await add_run(db, 1, NOW), await add_run(db, 2, NOW + 2 * HOUR)
    at_once, other = await add_run(db, 3, None), await add_run(db, 4, NOW, backend="foreman.lab")
    await add_run(db, 5, NOW, state="running")
    async with db.read() as tx:
        assert set(await runs.requests_to_start(tx, "foreman.prod", NOW + HOUR)) == {soon, at_once}
        assert set(await runs.requests_to_start(tx, "", None)) == {soon, later, at_once, other}
        assert await runs.requests_to_start(tx, "foreman.prod", NOW + HOUR, limit=1) == [at_once]
        assert await runs.count_going(tx, "foreman.prod") == 1
        assert await runs.count_going(tx, "foreman.lab") == 0


async def test_undecided_requests_are_found_by_the_start_that_they_ask_for(db: Database) -> None:
    at_once, later = await add_run(db, 1, None), "r_2"
    request = pending_request().model_copy(update={"id": later, "number": 2, "start_at": NOW + 2 * HOUR})
    async with db.write() as tx:
        await requests.add(tx, request, None)
        backend = request.content.backend
        assert await requests.awaiting_approval_on(tx, backend, NOW + HOUR) == [at_once]
        assert await requests.awaiting_approval_on(tx, "", None) == [at_once, later]
        assert await requests.awaiting_approval_on(tx, "foreman.lab", None) == []
