"""How runs and series stand: a few list calls for many, counts in every spelling, hosts where something failed."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.backends.base import Handle
from bot.backends.foreman.progress import moment
from bot.errors import BackendError, Forbidden, InputError
from bot.schedule import Moment, Now, Once, Rule, Series
from playground.foreman.world import default_world
from playground.sandbox import Fault
from tests.unit.foreman.conftest import Bench

JOBS = "/api/job_invocations"
DAILY = Series(
    rule=Rule(freq="daily", times=(time(6),)),
    zone="UTC",
    first=Moment(wall=datetime(2026, 11, 24, 6), zone="UTC"),
    count=3,
)


async def test_a_thousand_runs_cost_ten_lists(bench: Bench) -> None:
    first = await bench.started()
    job = bench.sandbox.invocations[0]
    for number in range(2, 1001):
        bench.sandbox.state.jobs.add(replace(job, id=number))
    handles = [first.model_copy(update={"id": str(number)}) for number in range(1, 1001)]
    before = len(bench.sandbox.ledger)
    found = await bench.run.poll(handles)
    assert len(found) == 1000
    assert {progress.state for progress in found.values()} == {"running"}
    assert len(bench.sandbox.ledger) - before == 10


async def test_only_runs_with_failures_cost_more(bench: Bench) -> None:
    good = [await bench.started(token=f"ns-good{number}") for number in range(5)]
    bench.sandbox.fail_hosts([bench.sandbox.state.find_hosts("location = Berlin")[0].name])
    bad = await bench.started(token="ns-bad1")
    bench.clock.forward(minutes=5)
    before = len(bench.sandbox.ledger)
    found = await bench.run.poll([*good, bad])
    assert found[bad.id].state == "partly_failed"
    assert [r.path for r in bench.sandbox.ledger[before:] if r.path != JOBS] == [
        f"{JOBS}/{bad.id}/hosts",
        f"{JOBS}/{bad.id}",
        f"{JOBS}/{bad.id}/outputs",
    ]


@pytest.mark.parametrize("version", [(9, 1, 0), (13, 2, 0), (14, 1, 0), (17, 0, 0)])
async def test_hosts_are_named_on_old_and_new_servers(bench: Bench, version: tuple[int, ...]) -> None:
    bench.sandbox.state.remote_execution = version
    names = [host.name for host in bench.sandbox.state.find_hosts("location = Berlin")]
    bench.sandbox.fail_hosts({names[0]: "Disk full", names[7]: "Gone"})
    handle = await bench.started()
    bench.clock.forward(minutes=5)
    ended = await bench.progress(handle)
    assert [result.name for result in ended.results[:2]] == sorted((names[0], names[7]))
    assert {result.reason for result in ended.results[:2]} == {"Disk full / Exit status: 1", "Gone / Exit status: 1"}
    assert {result.state for result in ended.results[2:]} == {"succeeded"}
    assert ended.summary == "Foreman says failed."


async def test_counts_that_are_not_numbers_yet_are_nothing(bench: Bench) -> None:
    bench.sandbox.state.remote_execution = (9, 1, 0)
    handle = await bench.started(schedule=Once(start=Moment(wall=datetime(2026, 11, 23, 22), zone="UTC")))
    shown = await bench.progress(handle)
    assert (shown.state, shown.total, shown.succeeded, shown.pending) == ("waiting", 0, 0, 0)


async def test_a_failure_of_every_host_is_a_failure(bench: Bench) -> None:
    bench.sandbox.fail_hosts(host.name for host in bench.sandbox.state.world.hosts)
    handle = await bench.started()
    bench.clock.forward(minutes=5)
    ended = await bench.progress(handle)
    assert (ended.state, ended.failed, ended.succeeded) == ("failed", 13, 0)
    assert ended.summary == "Foreman says failed."


async def test_counts_move_while_it_runs(bench: Bench) -> None:
    handle = await bench.started(bench.command(concurrency_level=5))
    bench.clock.forward(seconds=45)
    shown = await bench.progress(handle)
    assert (shown.total, shown.succeeded, shown.pending) == (13, 8, 5)


async def test_a_run_without_hosts_says_so(bench: Bench) -> None:
    handle = await bench.started(bench.command(search_query="name = nowhere"))
    assert "It ran on no host" in (await bench.progress(handle)).summary


async def test_what_foreman_does_not_show_is_left_out(bench: Bench) -> None:
    handle = await bench.started()
    other = Handle(id="4711")
    assert set(await bench.run.poll([handle, other])) == {handle.id}
    assert await bench.run.poll([]) == {}


async def test_the_outcome_is_told_even_where_hosts_cannot_be_named(bench: Bench) -> None:
    bench.sandbox.fail_hosts(host.name for host in bench.sandbox.state.world.hosts)
    handle = await bench.started()
    bench.clock.forward(minutes=5)
    bench.sandbox.faults.append(Fault("status", path=f"{JOBS}/{handle.id}", status=500, body={}, times=None))
    ended = await bench.progress(handle)
    assert (ended.state, ended.failed, ended.results) == ("failed", 13, ())


async def test_a_run_on_ten_thousand_hosts_names_the_failed_ones(bench: Bench) -> None:
    bench.sandbox.state.remote_execution = (16, 7, 0)
    bench.sandbox.state.world.hosts = default_world(10_000).hosts
    failing = [host.name for host in bench.sandbox.state.world.hosts[5000:5060]]
    bench.sandbox.fail_hosts(failing)
    handle = await bench.started(bench.command(search_query="name ~ example"))
    bench.clock.forward(minutes=5)
    ended = await bench.progress(handle)
    assert (ended.total, ended.failed) == (10_000, 60)
    assert sorted(result.name for result in ended.results) == sorted(failing)
    assert not bench.sandbox.received("GET", f"{JOBS}/{handle.id}/outputs")


async def test_a_series_ends_after_its_last_run(bench: Bench) -> None:
    handle = await bench.started(schedule=DAILY)
    waiting = await bench.progress(handle)
    assert waiting.starts_at == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert waiting.occurrences == ()
    bench.clock.present = datetime(2026, 11, 26, 6, 0, 5, tzinfo=UTC)
    last = await bench.progress(handle)
    assert (last.state, len(last.occurrences)) == ("running", 3)
    assert last.summary == "Foreman's series is finished, run 3 of 3."
    bench.clock.forward(minutes=5)
    assert (await bench.progress(handle)).state == "succeeded"
    bench.clock.forward(days=30)
    assert len(bench.sandbox.invocations) == 3


async def test_many_series_cost_two_lists_and_keep_their_runs_apart(bench: Bench) -> None:
    handles = [await bench.started(schedule=DAILY, token=f"ns-series{number}") for number in range(8)]
    bench.clock.forward(days=2)
    before = len(bench.sandbox.ledger)
    found = await bench.run.poll(handles)
    assert len(bench.sandbox.ledger) - before == 2
    ids = [[run.id for run in found[handle.id].occurrences] for handle in handles]
    assert all(len(mine) == 2 for mine in ids)
    assert len({id_ for mine in ids for id_ in mine}) == 16


async def test_a_disabled_series_waits(bench: Bench) -> None:
    handle = await bench.started(schedule=DAILY)
    bench.sandbox.logics[0].state = "disabled"
    shown = await bench.progress(handle)
    assert (shown.state, "disabled" in shown.summary) == ("waiting", True)


async def test_series_that_may_not_be_seen_do_not_hide_runs(bench: Bench) -> None:
    run, series = await bench.started(), await bench.started(schedule=DAILY, token="ns-series")
    bench.sandbox.denied.add("view_recurring_logics")
    assert set(await bench.run.poll([run, series])) == {run.id}
    with pytest.raises(Forbidden):
        await bench.run.poll([series])


async def test_a_server_that_is_away_is_an_error_not_an_outcome(bench: Bench) -> None:
    handle = await bench.started()
    bench.sandbox.faults.append(Fault("html", status=502, times=None))
    with pytest.raises(BackendError):
        await bench.run.poll([handle])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2024-07-02 15:52:50 UTC", datetime(2024, 7, 2, 15, 52, 50, tzinfo=UTC)),
        ("2024-07-02 17:52:50 +0200", datetime(2024, 7, 2, 15, 52, 50, tzinfo=UTC)),
        ("soon", None),
        (None, None),
        (5, None),
    ],
)
def test_times_are_read_in_both_spellings(text: Any, wanted: datetime | None) -> None:
    assert moment(text) == wanted


async def test_a_window_is_foremans_start_before(bench: Bench) -> None:
    start = Moment(wall=datetime(2026, 11, 23, 22), zone="UTC")
    once = Once(start=start, latest_start=Moment(wall=datetime(2026, 11, 23, 23), zone="UTC"))
    plan = bench.plan(bench.command(), once)
    body: Any = plan.calls[0].body
    assert body["job_invocation"]["scheduling"] == {
        "start_at": "2026-11-23T22:00:00Z",
        "start_before": "2026-11-23T23:00:00Z",
    }
    assert plan.placement.holder == "backend"
    assert bench.plan(bench.command(), Now()).placement.holder == "backend"


@pytest.mark.parametrize("minute", [0, 59])
async def test_a_latest_start_that_has_passed_is_refused(bench: Bench, minute: int) -> None:
    bench.clock.present = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    latest = Moment(wall=datetime(2026, 11, 23, 23, 0) - timedelta(minutes=minute), zone="UTC")
    once = Once(start=Moment(wall=datetime(2026, 11, 23, 22), zone="UTC"), latest_start=latest)
    with pytest.raises(InputError, match="latest moment to start has passed"):
        bench.plan(bench.command(), once)


async def test_a_day_without_a_time_is_no_schedule(bench: Bench) -> None:
    once = Once(start=Moment(wall=datetime(2026, 11, 24), zone="UTC"), grain="day")
    with pytest.raises(InputError, match="names a day but no time"):
        bench.plan(bench.command(), once)


async def test_a_start_that_is_too_close_is_held_and_one_that_has_come_is_now(bench: Bench) -> None:
    def plan(after: timedelta) -> Any:
        wall = (bench.clock.now() + after).replace(second=0, tzinfo=None)
        return bench.plan(bench.command(), Once(start=Moment(wall=wall, zone="UTC")))

    close, past, ahead = plan(timedelta(minutes=1)), plan(timedelta(minutes=-1)), plan(timedelta(minutes=3))
    assert [p.placement.holder for p in (close, past, ahead)] == ["nightshift", "backend", "backend"]
    for held in (close, past):
        assert "scheduling" not in held.calls[0].body["job_invocation"]
    assert "scheduling" in ahead.calls[0].body["job_invocation"]
