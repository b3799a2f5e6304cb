"""Cancelling and withdrawing: first nothing more starts here, then the back end is asked, and both are told."""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from bot.errors import Conflict, NotAllowed
from bot.requests.model import Run
from bot.storage import runs
from bot.storage.database import Database
from bot.storage.runs import Attempt
from bot.storage.transactions import Tx
from bot.usecases.approvals.withdraw import withdraw
from bot.usecases.jobs.check_starts import check_starts
from bot.usecases.runs import cancel as cancel_module
from bot.usecases.runs.cancel import cancel
from bot.usecases.runs.finish import finish_run
from playground.sandbox import Fault
from tests.unit.usecases.harness import FOREMAN, Harness


class DatabaseThatGoesAway:
    """The database, which cannot be written to after some writes."""

    def __init__(self, db: Database, writes_before: int) -> None:
        self._db = db
        self._writes_left = writes_before

    def read(self) -> AbstractAsyncContextManager[Tx]:
        return self._db.read()

    def write(self) -> AbstractAsyncContextManager[Tx]:
        self._writes_left -= 1
        if self._writes_left < 0:
            raise OperationalError("BEGIN IMMEDIATE", {}, OSError("connection refused"))
        return self._db.write()


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancel_module, "START_PATIENCE_SECONDS", 0.3)


pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = """
[policy]
approvers = ["@sre"]
zone = "Europe/Berlin"
expires = "30d"
overlap = "start"

[[policy.rules]]
name = "cache hosts"
when = { targets = "cache*" }
effect = "limit"
renew_after_runs = 1
"""
SERIES = "every 3 days at 04:00"
REFUSES = Fault("status", "/cancel", "POST", status=500, remaining=None)


async def starting(bot: Harness, run: Run, attempt_state: str) -> Run:
    """A run whose call is prepared, or has been sent and not been answered."""
    async with bot.services.db.write() as tx:
        run = await runs.transition(tx, run, "starting", token=f"t-{run.id}")
        await runs.add_attempt(
            tx, Attempt(token=run.token, run_id=run.id, state=attempt_state, plan={}, created_at=bot.now)
        )
    return run


async def test_the_requester_withdraws_what_is_not_decided(bot: Harness) -> None:
    request = await bot.request()
    bot.woken()
    assert await withdraw(bot.services, request.id, bot.person("alice")) == f"{request.name} is withdrawn."
    after = await bot.reload(request)
    assert (after.state, after.finished_at, after.outcome) == ("withdrawn", bot.now, "Withdrawn by the requester.")
    assert bot.woken() == {"sender"}
    assert (await bot.audit(request))[-1] == ("request.withdrawn", {})
    assert {m.desired_version for m in await bot.messages(request)} == {2}


async def test_nobody_else_withdraws_it_and_nothing_decided_is_withdrawn(bot: Harness) -> None:
    request = await bot.request()
    with pytest.raises(NotAllowed, match="Approvers can deny it"):
        await withdraw(bot.services, request.id, bot.person("bob"))
    await bot.decide(request)
    with pytest.raises(Conflict, match="was decided already: scheduled"):
        await withdraw(bot.services, request.id, bot.person("alice"))


async def test_cancelling_what_waits_for_approval_withdraws_it(bot: Harness) -> None:
    request = await bot.request()
    assert await cancel(bot.services, request.id, bot.person("alice")) == f"{request.name} is withdrawn."


@pytest.mark.parametrize("who", ["alice", "bob"])
async def test_what_has_not_started_is_over_at_once(bot: Harness, who: str) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    bot.woken()
    assert await cancel(bot.services, request.id, bot.person(who)) == f"{request.name}: cancelled."
    after, run = await bot.reload(request), await bot.run(request)
    assert (after.state, after.finished_at, after.outcome) == ("cancelled", bot.now, "Cancelled before it started.")
    assert (run.state, run.finished_at, run.problem) == ("cancelled", bot.now, "Cancelled before it started.")
    assert bot.woken() == {"sender"}
    assert (await bot.audit(request))[-1] == ("request.cancelled", {"stopped": 1, "remaining": []})
    assert {m.desired_version for m in await bot.messages(request, "approval", "receipt")} == {3}


async def test_an_approver_who_cancels_tells_the_requester(bot: Harness) -> None:
    request, own = await bot.approved(when="tomorrow 09:00"), await bot.approved(when="tomorrow 10:00")
    await cancel(bot.services, request.id, bot.person("bob"))
    await cancel(bot.services, own.id, bot.person("alice"))
    told = [m for m in await bot.messages(request, "note") if "was cancelled" in str(m.facts["text"])]
    assert {m.recipient for m in told} == {"U0ALICE", "#approvals"}
    text = f"{request.name} was cancelled. It will not start."
    assert {(m.facts["text"], m.facts["by"]) for m in told} == {(text, "U0BOB")}
    thread = [m for m in await bot.messages(own, "note") if "was cancelled" in str(m.facts["text"])]
    assert [m.recipient for m in thread] == ["#approvals"]


async def test_a_cancelled_series_says_that_no_further_run_starts(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    await cancel(bot.services, request.id, bot.person("bob"))
    assert any("No further run will start." in str(m.facts["text"]) for m in await bot.messages(request, "note"))


async def test_what_still_runs_is_said_to_be_being_cancelled(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, _ = await bot.started()
    await cancel(bot.services, request.id, bot.person("bob"))
    text = f"{request.name} is being cancelled. Its system is asked to stop it."
    assert any(m.facts["text"] == text and m.recipient == "U0ALICE" for m in await bot.messages(request, "note"))


async def test_who_is_neither_requester_nor_approver_cancels_nothing(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    with pytest.raises(NotAllowed, match="Only the requester and the approvers can cancel this"):
        await cancel(bot.services, request.id, bot.person("dave"))
    assert (await bot.run(request)).state == "pending"


async def test_what_is_over_cannot_be_cancelled(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    await cancel(bot.services, request.id, bot.person("alice"))
    with pytest.raises(Conflict, match="is already over: cancelled"):
        await cancel(bot.services, request.id, bot.person("alice"))


async def test_what_runs_is_cancelled_in_the_back_end(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, run = await bot.started()
    bot.woken()
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert answer.startswith(f"{request.name}: cancelling. Foreman is cancelling job {run.handle['id']}")
    assert bot.woken() == {"sender", "watchers"}
    assert (await bot.reload(request)).state == "running"
    assert (await bot.audit(request))[-1] == (
        "request.cancelled_in_backend",
        {"runs": [run.id], "answers": [answer.partition("cancelling. ")[2]], "failures": []},
    )
    await bot.poll()
    assert (await bot.reload(request)).state == "cancelled"


async def test_a_back_end_that_fails_is_told_and_it_can_be_tried_again(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, _ = await bot.started()
    bot.env.foreman.faults.append(REFUSES)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert answer.startswith(f"{request.name}: The present run could not be cancelled: ")
    assert answer.endswith(f"Try again with /nightshift cancel {request.name}.")
    assert ((await bot.reload(request)).state, (await bot.run(request)).state) == ("running", "running")
    bot.env.foreman.faults.clear()
    assert "cancelling" in await cancel(bot.services, request.id, bot.person("alice"))


async def test_a_series_ends_here_whatever_the_back_end_says_of_its_present_run(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    bot.move_to(first.due_at)
    await bot.dispatch(first)
    await bot.poll()
    bot.env.foreman.faults.append(REFUSES)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert f"{request.name}: no further run will start. The present run could not be cancelled" in answer
    after = await bot.reload(request)
    assert after.state == "cancelled"
    assert "The present run could not be cancelled" in after.outcome
    assert [run.state for run in await bot.runs(request)] == ["cancelled", "running"]
    bot.env.foreman.faults.clear()
    assert f"{request.name}: cancelling." in await cancel(bot.services, request.id, bot.person("alice"))
    assert "is cancelling job" in (await bot.reload(request)).outcome


async def test_a_series_whose_present_run_is_cancelled_says_so(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    bot.move_to(first.due_at)
    await bot.dispatch(first)
    assert f"{request.name}: cancelling." in await cancel(bot.services, request.id, bot.person("alice"))
    after = await bot.reload(request)
    assert (after.state, after.finished_at) == ("cancelled", bot.now)
    assert "is cancelling job" in after.outcome


async def test_a_series_in_the_back_end_is_over_only_once_the_back_end_has_said_so(bot: Harness) -> None:
    request = await bot.approved(when="every day at 06:00")
    run = await bot.dispatch(await bot.run(request))
    assert (run.state, run.number) == ("scheduled_in_backend", 0)
    bot.env.foreman.faults.append(REFUSES)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert answer.startswith(f"{request.name}: The series could not be cancelled: ")
    assert (await bot.reload(request)).state == "scheduled"
    bot.env.foreman.faults.clear()
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert f"Series {run.handle['id']} is cancelled" in answer
    after = await bot.reload(request)
    assert (after.state, after.finished_at) == ("cancelled", bot.now)
    assert "is cancelled" in after.outcome


async def test_a_start_in_the_back_end_says_who_cancelled_it_though_a_poll_sees_that_first(bot: Harness) -> None:
    request = await bot.approved(when="tomorrow 09:00")
    run = await bot.dispatch(await bot.run(request))
    bot.env.foreman.faults.append(REFUSES)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert "asks again every minute until that is confirmed" in answer
    bot.env.foreman.faults.clear()
    foreman = bot.env.foreman.state.jobs
    foreman.cancel(foreman.invocations[int(run.handle["id"])], bot.now)
    await bot.poll()
    after = await bot.reload(request)
    assert (after.state, after.outcome) == ("cancelled", f"{request.name} was cancelled.")


async def test_the_series_is_cancelled_before_its_present_run(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when="every day at 06:00")
    await bot.dispatch(await bot.run(request))
    bot.move_to(bot.now + timedelta(hours=21))
    await bot.poll()
    assert [run.state for run in await bot.runs(request)] == ["running", "scheduled_in_backend"]
    seen = len(bot.env.foreman.received_requests)
    await cancel(bot.services, request.id, bot.person("alice"))
    paths = [r.path for r in bot.env.foreman.received_requests[seen:] if r.path.endswith("/cancel")]
    assert ["recurring_logics" in path for path in paths] == [True, False]


@pytest.mark.parametrize("when", ["now", SERIES])
async def test_a_call_that_has_not_left_never_leaves(bot: Harness, when: str) -> None:
    request = await bot.approved(when=when)
    run = await starting(bot, await bot.run(request), "prepared")
    assert await cancel(bot.services, request.id, bot.person("alice")) == f"{request.name}: cancelled."
    assert [r.state for r in await bot.runs(request)] == ["cancelled"]
    attempt = await bot.attempt(run)
    assert (attempt.state, attempt.problem) == ("refused", "Cancelled before it started.")
    before = len(bot.posts())
    assert (await bot.dispatch(run)).state == "cancelled"
    assert len(bot.posts()) == before


async def test_what_is_being_sent_at_this_moment_is_said_not_to_be_stopped(bot: Harness) -> None:
    request = await bot.approved()
    run = await starting(bot, await bot.run(request), "sent")
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert answer == (
        f"{request.name}: The present run is just being started and was not stopped. "
        f"Try again with /nightshift cancel {request.name}."
    )
    assert (await bot.run(request)).state == "starting"
    assert (await bot.attempt(run)).state == "sent"


async def test_what_is_being_sent_is_cancelled_as_soon_as_it_is_answered(
    bot: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancel_module, "START_PATIENCE_SECONDS", 20.0)
    bot.env.foreman.speed = 0.001
    request = await bot.approved()
    bot.env.foreman.faults.append(Fault("slow", "/api/job_invocations$", "POST", seconds=0.5))
    dispatching = asyncio.create_task(bot.dispatch(await bot.run(request)))
    async with asyncio.timeout(20):
        while (attempt := await bot.attempt(await bot.run(request))) is None or attempt.state != "sent":
            await asyncio.sleep(0.02)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    await dispatching
    job = (await bot.run(request)).handle["id"]
    assert answer.startswith(f"{request.name}: cancelling. Foreman is cancelling job {job}")
    await bot.poll()
    assert (await bot.reload(request)).state == "cancelled"


async def test_what_could_not_be_stopped_while_it_was_handed_over_is_cancelled_after_that(bot: Harness) -> None:
    request = await bot.approved(when="in 3 hours")
    bot.env.foreman.faults.append(Fault("slow", "/api/job_invocations$", "POST", remaining=1, seconds=1.5))
    dispatching = asyncio.create_task(bot.dispatch(await bot.run(request)))
    async with asyncio.timeout(20):
        while (attempt := await bot.attempt(await bot.run(request))) is None or attempt.state != "sent":
            await asyncio.sleep(0.02)
    assert "was not stopped" in await cancel(bot.services, request.id, bot.person("alice"))
    await dispatching
    assert (await bot.run(request)).state == "scheduled_in_backend"
    bot.forward(seconds=60)
    await check_starts(bot.services, bot.services.backends.require(FOREMAN))
    assert (await bot.run(request)).state == "cancelled"
    assert (await bot.reload(request)).outcome == f"{request.name} was cancelled."
    assert bot.env.foreman.invocations[-1].cancelled


async def test_what_is_refused_while_it_is_cancelled_has_ended(bot: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancel_module, "START_PATIENCE_SECONDS", 20.0)
    request = await bot.approved()
    run = await starting(bot, await bot.run(request), "sent")
    cancelling = asyncio.create_task(cancel(bot.services, request.id, bot.person("alice")))
    await asyncio.sleep(0.1)
    async with bot.services.db.write() as tx:
        await finish_run(tx, bot.services, run, request, "failed", problem="No such template")
    assert await cancelling == f"{request.name}: cancelling. The present run has ended meanwhile."
    assert (await bot.reload(request)).state == "failed"


async def test_a_run_of_unknown_outcome_that_can_be_found_is_cancelled(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, _ = await bot.unknown(arrived=True)
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    job = (await bot.run(request)).handle["id"]
    assert f"Foreman is cancelling job {job}" in answer
    await bot.poll()
    assert (await bot.reload(request)).state == "cancelled"


async def test_a_cancellation_that_cannot_be_recorded_is_told(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, _ = await bot.started()
    services = replace(bot.services, db=DatabaseThatGoesAway(bot.services.db, writes_before=1))
    answer = await cancel(services, request.id, bot.person("alice"))
    assert "Foreman is cancelling job" in answer
    assert "The database does not answer, so this was not recorded." in answer


async def test_a_series_whose_present_run_is_being_sent_makes_no_further_one(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    await starting(bot, await bot.run(request), "sent")
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert "no further run will start. The present run is just being started and was not stopped." in answer
    assert (await bot.reload(request)).state == "cancelled"


async def test_a_run_of_unknown_fate_is_said_not_to_have_been_cancelled(bot: Harness) -> None:
    request = await bot.approved()
    run = await starting(bot, await bot.run(request), "sent")
    async with bot.services.db.write() as tx:
        await runs.transition(tx, run, "unknown")
    answer = await cancel(bot.services, request.id, bot.person("alice"))
    assert "It is not known whether the present run started, so it was not cancelled." in answer


async def test_a_back_end_that_is_configured_no_longer_keeps_no_series_going(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    bot.move_to(first.due_at)
    await bot.dispatch(first)
    without = bot.without_backend("foreman.main")
    answer = await cancel(without, request.id, bot.person("alice"))
    assert "The back end foreman.main is not configured any more" in answer
    assert (await bot.reload(request)).state == "cancelled"
