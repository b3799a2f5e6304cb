"""Nobody's change is lost: whoever comes second is refused. What belongs together happens together or not at all."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from bot.errors import Conflict, NotFound
from bot.requests.model import Person, Proposal, Request, Run
from bot.storage import drafts, requests, runs
from bot.storage.counters import next_value
from bot.storage.database import Database
from bot.storage.drafts import Draft
from bot.storage.runs import Attempt
from bot.storage.tables import revisions
from bot.values import FrozenModel
from tests.unit.requests.build import NOW, pending_request

LATER = NOW + timedelta(minutes=5)
RUN = Run(id="n1", request_id="r1", number=1, state="pending", version=1)


async def add_request(db: Database, **changes: Any) -> Request:
    request = pending_request().model_copy(update=changes)
    async with db.write() as tx:
        await requests.add(tx, request, None)
    return request


async def add_run(db: Database, run: Run = RUN) -> Run:
    await add_request(db)
    async with db.write() as tx:
        await runs.add(tx, run, "foreman.prod", "foreman.run")
    return run


async def test_what_is_stored_comes_back_equal(db: Database) -> None:
    request = await add_request(db, reason="ä 漢 🟡 ' \" \\", approve_by=LATER, warnings=("one", "two"))
    async with db.read() as tx:
        assert await requests.get(tx, "r1") == request
        assert await requests.by_number(tx, 1) == request


async def test_a_time_comes_back_in_utc_whatever_zone_it_was_stored_in(db: Database) -> None:
    berlin = datetime.fromisoformat("2026-03-04T14:00:00.123456+01:00")
    await add_request(db, approve_by=berlin)
    async with db.read() as tx:
        found = (await requests.get(tx, "r1")).approve_by
    assert found == berlin
    assert found.tzinfo is UTC


async def test_a_time_without_a_zone_is_not_stored(db: Database) -> None:
    with pytest.raises(Exception, match="a time without a zone cannot be stored"):
        await add_request(db, approve_by=datetime(2026, 3, 4))


async def test_the_second_of_two_who_change_a_request_is_refused(db: Database) -> None:
    seen = await add_request(db)
    async with db.write() as tx:
        first = await requests.transition(tx, seen, "approved", approved_at=LATER)
    assert (first.version, first.state) == (2, "approved")
    with pytest.raises(Conflict, match="NS-1 has changed in the meantime: approved"):
        async with db.write() as tx:
            await requests.transition(tx, seen, "denied")
    async with db.read() as tx:
        assert await requests.get(tx, "r1") == first


async def test_a_change_without_another_state_is_refused_too_where_somebody_was_first(db: Database) -> None:
    seen = await add_request(db)
    async with db.write() as tx:
        await requests.transition(tx, seen, seen.state, remind_at=LATER)
    with pytest.raises(Conflict):
        async with db.write() as tx:
            await requests.transition(tx, seen, seen.state, remind_at=None)


async def test_a_state_that_cannot_follow_is_refused(db: Database) -> None:
    seen = await add_request(db)
    with pytest.raises(Conflict, match="NS-1 is already waiting for approval"):
        async with db.write() as tx:
            await requests.transition(tx, seen, "succeeded")


async def test_of_many_at_once_exactly_one_changes_a_request(db: Database) -> None:
    seen = await add_request(db)

    async def decide() -> bool:
        try:
            async with db.write() as tx:
                await requests.transition(tx, seen, "approved")
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(decide() for _ in range(20)))) == 1


async def test_a_refused_change_leaves_nothing_else_of_its_transaction(db: Database) -> None:
    seen = await add_request(db)
    async with db.write() as tx:
        await requests.transition(tx, seen, "approved")

    async def too_late() -> None:
        async with db.write() as tx:
            await runs.add(tx, RUN, "foreman.prod", "foreman.run")
            await requests.transition(tx, seen, "denied")

    with pytest.raises(Conflict):
        await too_late()
    async with db.read() as tx:
        assert await runs.of_request(tx, "r1") == []


async def test_a_revision_keeps_the_one_before(db: Database) -> None:
    seen = await add_request(db)
    async with db.write() as tx:
        after = await requests.revise(tx, seen, seen.requester, LATER, "awaiting_approval", reason="another")
    async with db.read() as tx:
        kept = await tx.execute(select(revisions.c.revision, revisions.c.record["reason"].as_string()))
        assert sorted(map(tuple, kept)) == [(1, ""), (2, "another")]
    assert after.revision == 2


async def test_a_draft_becomes_one_request(db: Database) -> None:
    first = pending_request()
    async with db.write() as tx:
        await requests.add(tx, first, "d1")
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with db.write() as tx:
            await requests.add(tx, first.model_copy(update={"id": "r2", "number": 2}), "d1")
    async with db.read() as tx:
        found = await requests.by_draft(tx, "d1")
        assert found is not None
        assert found.id == "r1"
        with pytest.raises(NotFound):
            await requests.get(tx, "r2")


async def test_the_second_of_two_who_change_a_run_is_refused(db: Database) -> None:
    seen = await add_run(db)
    async with db.write() as tx:
        first = await runs.transition(tx, seen, "starting", token="t1")
    with pytest.raises(Conflict, match="changed in the meantime"):
        async with db.write() as tx:
            await runs.transition(tx, seen, "missed")
    async with db.read() as tx:
        assert await runs.get(tx, "n1") == first


async def test_an_attempt_is_sent_by_one_only(db: Database) -> None:
    await add_run(db)
    async with db.write() as tx:
        await runs.add_attempt(tx, Attempt(token="t1", run_id="n1", state="prepared", plan={}, created_at=NOW))

    async def send() -> bool:
        try:
            async with db.write() as tx:
                await runs.transition_attempt(tx, "t1", ("prepared",), "sent", sent_at=LATER)
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(send() for _ in range(10)))) == 1
    with pytest.raises(Exception, match=r"(?i)unique"):
        async with db.write() as tx:
            await runs.add_attempt(tx, Attempt(token="t1", run_id="n1", state="prepared", plan={}, created_at=NOW))


async def test_the_second_window_of_a_form_is_refused(db: Database) -> None:
    draft = Draft(
        id="d1",
        person=Person(team="T1", user="U1"),
        channel="C1",
        backend="foreman.prod",
        operation="foreman.run",
        created_at=NOW,
        updated_at=NOW,
    )
    async with db.write() as tx:
        await drafts.add(tx, draft)
    async with db.write() as tx:
        first = await drafts.save(tx, draft, LATER, reason="mine")
    with pytest.raises(Conflict, match="already sent, or changed in another window"):
        async with db.write() as tx:
            await drafts.save(tx, draft, LATER, reason="another")
    async with db.read() as tx:
        assert await drafts.get(tx, "d1") == first


async def test_runs_are_looked_at_by_one_at_a_time(db: Database) -> None:
    await add_run(db, RUN.model_copy(update={"state": "running"}))
    again = timedelta(seconds=30)

    async def claim(at: datetime) -> int:
        async with db.write() as tx:
            return len(await runs.claim_for_polling(tx, "foreman.prod", at, again))

    assert sum(await asyncio.gather(*(claim(NOW) for _ in range(5)))) == 1
    assert await claim(NOW + again) == 1


async def test_many_runs_that_lie_still_do_not_keep_the_others_from_being_looked_at(db: Database) -> None:
    request = await add_request(db)
    async with db.write() as tx:
        for number in range(1, 8):
            state = "running" if number == 7 else "scheduled_in_backend"
            run = RUN.model_copy(update={"id": f"n{number}", "number": number, "state": state})
            await runs.add(tx, run, request.content.backend, request.content.operation)
    found: set[str] = set()
    for second in range(1, 4):
        async with db.write() as tx:
            now = NOW + timedelta(seconds=second)
            claimed = await runs.claim_for_polling(tx, request.content.backend, now, timedelta(seconds=1), 3)
        assert len(claimed) == 3
        found |= {run.id for run, _ in claimed}
    assert found == {f"n{number}" for number in range(1, 8)}


async def test_a_counter_counts_from_one_without_gaps_however_many_take_at_once(db: Database) -> None:
    async def number() -> int:
        async with db.write() as tx:
            return await next_value(tx, "requests")

    assert sorted(await asyncio.gather(*(number() for _ in range(25)))) == list(range(1, 26))


async def test_a_number_that_was_not_used_is_given_again_and_counters_are_apart(db: Database) -> None:
    async def in_vain() -> None:
        async with db.write() as tx:
            assert await next_value(tx, "requests") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await in_vain()
    async with db.write() as tx:
        assert await next_value(tx, "requests") == 1
        assert await next_value(tx, "audit") == 1
        assert await next_value(tx, "requests") == 2


async def test_a_reader_sees_one_state_and_never_waits_for_a_writer(db: Database) -> None:
    await add_request(db)
    async with db.write() as tx:
        await requests.transition(tx, await requests.get(tx, "r1"), "approved")
        async with db.read() as other:
            assert (await requests.get(other, "r1")).state == "awaiting_approval"
    async with db.read() as tx:
        assert (await tx.scalar(select(func.count()).select_from(revisions))) == 1


@pytest.mark.parametrize(
    ("changes", "model", "columns"),
    [
        (requests.RequestChanges, Request, set()),
        (runs.RunChanges, Run, {"poll_at", "check_at"}),
        (runs.AttemptChanges, Attempt, set()),
        (drafts.DraftChanges, Draft, set()),
    ],
)
def test_what_can_change_is_a_field(changes: type, model: type[FrozenModel], columns: set[str]) -> None:
    assert set(changes.__annotations__) - columns <= set(model.model_fields)


async def test_a_name_that_is_no_field_is_refused(db: Database) -> None:
    request = await add_request(db)
    wrong: dict[str, Any] = {"note": "lost"}
    async with db.write() as tx:
        with pytest.raises(ValidationError, match="note"):
            await requests.transition(tx, request, request.state, **wrong)


async def test_a_run_of_the_back_end_is_known_by_back_end_kind_and_id(db: Database) -> None:
    handle = {"kind": "run", "id": "12", "url": "", "detail": {}}
    await add_run(db, RUN.model_copy(update={"state": "running", "handle": handle}))
    async with db.read() as tx:
        assert await runs.request_with_handle(tx, "foreman.prod", handle, other_than="n2") == "r1"
        assert await runs.request_with_handle(tx, "foreman.prod", handle, other_than="n1") == ""
        assert await runs.request_with_handle(tx, "foreman.lab", handle, other_than="n2") == ""
        for other in ({"kind": "series", "id": "12"}, {"kind": "run", "id": "1"}):
            assert await runs.request_with_handle(tx, "foreman.prod", other, other_than="n2") == ""


async def test_what_somebody_takes_for_a_run_is_kept_and_forgotten(db: Database) -> None:
    run = await add_run(db, RUN.model_copy(update={"state": "unknown"}))
    proposal = Proposal(remote_id="12", title="12 · id", by="U0ALICE")
    async with db.write() as tx:
        await runs.transition(tx, run, "unknown", proposal=proposal)
    async with db.read() as tx:
        run = await runs.get(tx, run.id)
    assert run.proposal == proposal
    async with db.write() as tx:
        assert (await runs.transition(tx, run, "running", proposal=None)).proposal is None


async def test_the_revisions_from_a_number_on_come_with_their_authors(db: Database) -> None:
    request = await add_request(db, values={"hosts": "web"}, labels={"hosts": "Web"})
    async with db.write() as tx:
        request = await requests.revise(
            tx, request, Person(team="T1", user="U2"), LATER, "awaiting_approval", reason="a"
        )
        await requests.revise(tx, request, Person(team="T1", user="U3"), LATER, "awaiting_approval", reason="b")
    async with db.read() as tx:
        found = await requests.revisions_since(tx, "r1", 2)
    assert [(revision.revision, revision.by, revision.reason) for revision in found] == [(2, "U2", "a"), (3, "U3", "b")]
    assert (found[0].values, found[0].labels, found[0].content) == ({"hosts": "web"}, {"hosts": "Web"}, request.content)
