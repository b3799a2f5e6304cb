"""Looking at what runs: progress is kept, the end is kept once, and the runs of a series become runs of ours."""

from datetime import timedelta

import pytest

from bot.requests.model import Request
from bot.storage import requests, runs
from bot.usecases.jobs.watch import _claim_due_runs, _poll_operation, poll_backend
from playground.sandbox import Fault
from tests.unit.usecases.harness import FOREMAN, Harness

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCHEDULER = "backend"

POLICY = '[policy]\napprovers = ["@sre"]\nzone = "Europe/Berlin"\nexpires = "30d"\n'


async def look(bot: Harness) -> int:
    return await poll_backend(bot.services, bot.services.backends.require(FOREMAN))


@pytest.fixture(autouse=True)
async def _nothing_runs(bot: Harness) -> None:
    """What earlier tests left running is not looked at any more."""
    async with bot.services.db.write() as tx:
        for state in ("running", "scheduled_in_backend"):
            for run in await runs.in_state(tx, state):
                await runs.transition(tx, run, "cancelled")


async def test_a_run_is_looked_at_again_only_after_the_interval(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    await bot.started()
    seconds = bot.services.settings.timing.watch_seconds
    assert await look(bot) == 1
    assert await look(bot) == 0
    bot.forward(seconds=seconds / 2)
    assert await look(bot) == 0
    bot.forward(seconds=seconds / 2)
    assert await look(bot) == 1


async def test_progress_is_kept_and_shown(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, run = await bot.started()
    before = {m.kind: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    bot.woken()
    await bot.poll()
    run = await bot.run(request)
    assert (run.state, run.progress["total"]) == ("running", request.targets.count)
    assert "runs" not in run.progress
    assert bot.woken() == {"sender"}
    after = {m.kind: m.desired_version for m in await bot.messages(request, "approval", "receipt")}
    assert after == {kind: version + 1 for kind, version in before.items()}


async def test_what_has_not_changed_changes_nothing(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, _ = await bot.started()
    await bot.poll()
    run = await bot.run(request)
    versions = {m.id: m.desired_version for m in await bot.messages(request)}
    bot.woken()
    await bot.poll()
    assert await bot.run(request) == run
    assert {m.id: m.desired_version for m in await bot.messages(request)} == versions
    assert bot.woken() == set()


async def test_what_waits_for_its_time_in_the_back_end_begins_when_it_does(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when="tomorrow 09:00")
    run = await bot.dispatch(await bot.run(request))
    await bot.poll()
    run = await bot.run(request)
    assert (run.state, run.started_at, (await bot.reload(request)).state) == ("scheduled_in_backend", None, "scheduled")
    bot.move_to(request.start_at + timedelta(seconds=5))
    await look(bot)
    run, after = await bot.run(request), await bot.reload(request)
    assert (run.state, run.started_at) == ("running", bot.now)
    assert (after.state, after.started_at) == ("running", bot.now)


async def test_the_end_is_kept_once_with_its_results(bot: Harness) -> None:
    hosts = [host.name for host in bot.env.foreman.state.find_hosts("name ~ web")]
    bot.env.foreman.fail_hosts(hosts[:1])
    request, _ = await bot.started()
    for _ in range(4):
        await bot.poll()
    run, after = await bot.run(request), await bot.reload(request)
    assert (run.state, after.state) == ("partly_failed", "partly_failed")
    assert run.finished_at is not None
    assert [r["name"] for r in run.progress["results"] if r["state"] == "failed"] == hosts[:1]
    assert await bot.poll() == 0


async def test_a_back_end_that_does_not_answer_leaves_runs_as_they_are(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request, _ = await bot.started()
    await bot.poll()
    run = await bot.run(request)
    bot.env.foreman.faults.append(Fault("status", "/api/job_invocations", "GET", status=500, remaining=None))
    assert await bot.poll() == 1
    after = await bot.run(request)
    assert after.silent_since == bot.now
    assert (after.state, after.progress, after.handle) == (run.state, run.progress, run.handle)


async def test_each_run_of_a_series_in_the_back_end_becomes_a_run_of_the_request(bot: Harness) -> None:
    bot.env.foreman.speed = 0.001
    request = await bot.approved(when="every day at 06:00")
    series = await bot.dispatch(await bot.run(request))
    await bot.poll()
    assert [run.number for run in await bot.runs(request)] == [0]
    for number in (1, 2):
        bot.move_to(request.start_at + timedelta(days=number - 1, minutes=1))
        await look(bot)
        run = await bot.run(request)
        assert (run.number, run.state, run.started_at) == (number, "running", bot.now)
        assert run.handle["kind"] == "run"
        await bot.poll()
        assert [r.number for r in await bot.runs(request)] == list(range(number, -1, -1))
    assert (await bot.runs(request))[-1].handle == series.handle
    assert (await bot.reload(request)).state == "scheduled"


async def test_a_series_that_was_cancelled_here_gets_no_further_runs(bot: Harness) -> None:
    request = await bot.approved(when="every day at 06:00")
    await bot.dispatch(await bot.run(request))
    async with bot.services.db.write() as tx:
        await requests.transition(tx, await requests.get(tx, request.id), "cancelled")
    bot.move_to(request.start_at + timedelta(minutes=1))
    await look(bot)
    assert [run.number for run in await bot.runs(request)] == [0]


@pytest.mark.parametrize("polled_before_its_end", [True, False])
async def test_a_series_that_is_over_is_cancelled_there_now_though_foreman_has_moved_its_next_run(
    bot: Harness, polled_before_its_end: bool
) -> None:
    request = await bot.approved(when="every day at 06:00")
    await bot.dispatch(await bot.run(request))
    foreman = bot.services.backends.require(FOREMAN)
    if polled_before_its_end:
        # It ends after its run was read for the poll.
        claimed = await _claim_due_runs(bot.services, foreman)
    await end_series(bot, request)
    bot.move_to(request.start_at + timedelta(minutes=1))
    if polled_before_its_end:
        await _poll_operation(bot.services, foreman, claimed[0][1], [claimed[0][0]])
    else:
        await look(bot)
    async with bot.services.db.write() as tx:
        due = await runs.claim_for_check(tx, FOREMAN, bot.now, timedelta(minutes=1), 10)
    assert [run.request_id for run in due] == [request.id]


async def end_series(bot: Harness, request: Request) -> None:
    async with bot.services.db.write() as tx:
        await requests.transition(tx, await requests.get(tx, request.id), "cancelled")
        await runs.end_series_there(tx, request.id, bot.now)


async def test_a_job_and_a_series_of_the_same_number_are_told_apart(bot: Harness) -> None:
    series = await bot.approved(when="every day at 06:00")
    placed = await bot.dispatch(await bot.run(series))
    _, run = await bot.started()
    async with bot.services.db.write() as tx:
        current = await runs.get(tx, run.id)
        await runs.transition(tx, current, current.state, handle={**current.handle, "id": placed.handle["id"]})
    for _ in range(3):
        await bot.poll()
    assert (await bot.reload(series)).state == "scheduled"
    assert (await bot.runs(series))[-1].state == "scheduled_in_backend"
