"""How runs end, and what follows: the request's own end, the messages, the next run of a series."""

from datetime import timedelta

import pytest

from bot.errors import Conflict
from bot.requests.model import Request, Run, RunState
from bot.usecases.planning import plan_next_occurrence, plan_runs
from bot.usecases.runs.finish import finish_run
from tests.unit.usecases.harness import Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = '[policy]\napprovers = ["@sre"]\nzone = "Europe/Berlin"\nexpires = "30d"\n'
SERIES = "every 3 days at 04:00"
DAY = timedelta(days=1)
ONE_FAILED = {"results": [{"name": "web05", "state": "failed"}], "summary": "1 of 2 hosts failed"}


async def finish(bot: Harness, request: Request, run: Run, state: RunState, **more) -> Run:
    async with bot.services.db.write() as tx:
        return await finish_run(tx, bot.services, run, request, state, **more)


@pytest.mark.parametrize("state", ["succeeded", "partly_failed", "failed", "cancelled"])
async def test_a_single_run_ends_its_request(bot: Harness, state: RunState) -> None:
    request, run = await bot.started()
    begun = run.started_at
    bot.forward(minutes=5)
    done = await finish(bot, request, run, state, progress={"summary": "2 hosts"})
    after = await bot.reload(request)
    assert (done.state, done.finished_at, done.progress) == (state, bot.now, {"summary": "2 hosts"})
    assert (after.state, after.finished_at, after.started_at, after.outcome) == (state, bot.now, begun, "2 hosts")
    assert (await bot.audit(request))[-1] == (
        "run.finished",
        {"run": run.id, "number": 1, "state": state, "why": ""},
    )


async def test_a_missed_run_is_a_failed_request_and_says_why(bot: Harness) -> None:
    request = await bot.approved()
    await finish(bot, request, await bot.run(request), "missed", problem="Missed: it was too late.")
    after = await bot.reload(request)
    assert (after.state, after.outcome, after.started_at) == ("failed", "Missed: it was too late.", None)


async def test_a_problem_is_said_rather_than_the_summary(bot: Harness) -> None:
    request, run = await bot.started()
    await finish(bot, request, run, "failed", problem="It broke.", progress={"summary": "0 of 2"})
    assert (await bot.reload(request)).outcome == "It broke."


async def test_a_run_that_ended_before_it_was_seen_to_start_has_started_when_it_ended(bot: Harness) -> None:
    for state, started in (("succeeded", True), ("partly_failed", True), ("failed", False)):
        request = await bot.approved()
        done = await finish(bot, request, await bot.run(request), state)
        assert done.started_at == (bot.now if started else None)
        assert (await bot.reload(request)).started_at == done.started_at
    request, run = await bot.started()
    begun = run.started_at
    bot.forward(minutes=1)
    assert (await finish(bot, request, run, "succeeded")).started_at == begun


async def test_only_one_ends_a_run(bot: Harness) -> None:
    request, run = await bot.started()
    await finish(bot, request, run, "succeeded")
    with pytest.raises(Conflict):
        await finish(bot, request, run, "failed")
    assert (await bot.reload(request)).state == "succeeded"


async def test_progress_that_is_not_given_stays(bot: Harness) -> None:
    request, run = await bot.started()
    await bot.poll()
    run = await bot.run(request)
    if run.state == "running":
        assert (await finish(bot, request, run, "cancelled")).progress == run.progress


async def test_the_end_is_told_in_the_results_channel_and_to_the_requester_once(bot: Harness) -> None:
    request, run = await bot.started()
    await finish(bot, request, run, "succeeded")
    found = await bot.messages(request, "outcome", "details")
    assert sorted((m.kind, m.recipient, m.run_id) for m in found) == [
        ("outcome", "#results", run.id),
        ("outcome", "U0ALICE", run.id),
    ]


@pytest.mark.parametrize("state", ["failed", "partly_failed"])
async def test_what_failed_is_told_in_the_thread_of_each_outcome(bot: Harness, state: RunState) -> None:
    request, run = await bot.started()
    await finish(bot, request, run, state, progress=ONE_FAILED)
    outcomes = {m.recipient: m.id for m in await bot.messages(request, "outcome")}
    details = {m.recipient: m.parent_id for m in await bot.messages(request, "details")}
    assert details == outcomes


@pytest.mark.parametrize(
    ("state", "progress"), [("succeeded", ONE_FAILED), ("failed", {"results": []}), ("failed", None)]
)
async def test_without_failures_by_target_there_is_no_thread(bot: Harness, state: RunState, progress) -> None:
    request, run = await bot.started()
    await finish(bot, request, run, state, progress=progress)
    assert await bot.messages(request, "details") == []


async def test_cards_follow_the_end(bot: Harness) -> None:
    request, run = await bot.started()
    before = {m.id: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    await finish(bot, request, run, "succeeded")
    after = {m.id: m.desired_version for m in await bot.messages(request) if m.id in before}
    assert after == {id: version + 1 for id, version in before.items()}


async def test_each_run_of_a_series_makes_the_next(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    bot.move_to(first.due_at)
    await bot.dispatch(first)
    second = await bot.run(request)
    assert (second.number, second.state, second.due_at) == (2, "pending", first.due_at + 3 * DAY)
    assert second.latest_start == second.due_at + timedelta(minutes=60)
    (running,) = [run for run in await bot.runs(request) if run.number == 1]
    await finish(bot, request, running, "failed", problem="It broke.")
    assert (await bot.reload(request)).state == "scheduled"
    assert [run.number for run in await bot.runs(request)] == [2, 1]


async def test_a_run_that_was_missed_makes_the_next_too(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    await finish(bot, request, first, "missed", problem="Missed.")
    second = await bot.run(request)
    assert (second.number, second.due_at) == (2, first.due_at + 3 * DAY)
    await finish(bot, request, second, "cancelled")
    assert [run.number for run in await bot.runs(request)] == [2, 1]


async def test_a_series_is_over_with_its_last_run(bot: Harness) -> None:
    request = await bot.approved(when=f"{SERIES}, 2 times")
    first = await bot.run(request)
    bot.move_to(first.due_at)
    first = await bot.dispatch(first)
    second = await bot.run(request)
    await finish(bot, request, second, "missed")
    assert (await bot.reload(request)).state == "scheduled"
    bot.forward(minutes=1)
    await finish(bot, request, first, "succeeded")
    after = await bot.reload(request)
    assert (after.state, after.finished_at) == ("succeeded", bot.now)
    assert after.outcome == "The series is over after 1 runs."
    assert len(await bot.runs(request)) == 2


async def test_a_late_run_is_good_until_its_window_ends_but_never_into_the_next(bot: Harness) -> None:
    request = await bot.approved(when="every day from 22:00 to 02:00 starting tomorrow")
    run = await bot.run(request)
    assert run.latest_start - run.due_at == timedelta(hours=4)
    request = await bot.approved(when="every hour on weekdays")
    run = await bot.run(request)
    assert run.latest_start - run.due_at == timedelta(hours=1)


async def test_a_series_that_the_back_end_keeps_ends_as_that_ended(bot: Harness) -> None:
    for state, told in (("succeeded", 2), ("failed", 2), ("cancelled", 0)):
        request = await bot.approved(when="every day at 06:00")
        run = await bot.dispatch(await bot.run(request))
        await finish(bot, request, run, state, progress={"summary": "no more runs"})
        after = await bot.reload(request)
        assert (after.state, after.finished_at, after.outcome) == (state, bot.now, "no more runs")
        assert len(await bot.messages(request, "outcome")) == told


async def test_a_run_of_a_series_in_the_back_end_does_not_end_the_series(bot: Harness) -> None:
    request = await bot.approved(when="every day at 06:00")
    await bot.dispatch(await bot.run(request))
    bot.forward(hours=21)
    await bot.poll()
    run = await bot.run(request)
    assert run.number == 1
    await finish(bot, request, run, "succeeded")
    assert (await bot.reload(request)).state == "scheduled"
    assert [m.recipient for m in await bot.messages(request, "outcome")] == ["#results"]


async def test_a_request_that_is_over_gets_no_further_run(bot: Harness) -> None:
    request = await bot.approved(when=SERIES)
    first = await bot.run(request)
    others = (request.model_copy(update={"state": "cancelled"}), await bot.approved())
    async with bot.services.db.write() as tx:
        for over in others:
            await plan_next_occurrence(tx, over, first, 60)
        await plan_next_occurrence(tx, request, first.model_copy(update={"due_at": None}), 60)
    assert len(await bot.runs(request)) == 1


async def test_runs_are_numbered_on_when_a_request_is_planned_again(bot: Harness) -> None:
    for when, number in (("tomorrow 09:00", 2), (SERIES, 2), ("every day at 06:00", 0)):
        request = await bot.approved(when=when)
        run = await bot.run(request)
        async with bot.services.db.write() as tx:
            if number == 0:
                assert run.number == 0
                continue
            await plan_runs(tx, bot.now, request, 60)
        assert (await bot.run(request)).number == number
