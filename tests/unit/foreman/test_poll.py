"""How runs and series stand: a few list calls for many, counts in every spelling, hosts where something failed."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bot.backends.base import Handle
from bot.backends.foreman.progress import parse_timestamp
from bot.errors import BackendError, Forbidden, InputError
from bot.schedule import Now, Once, RecurrenceRule, Series, ZonedTime
from playground.foreman.world import default_world
from playground.sandbox import Fault
from tests.unit.foreman.conftest import Harness

JOBS = "/api/job_invocations"
DAILY = Series(
    rule=RecurrenceRule(freq="daily", times=(time(6),)),
    zone="UTC",
    first=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="UTC"),
    count=3,
)


async def test_a_thousand_runs_cost_ten_lists(harness: Harness) -> None:
    first = await harness.start()
    job = harness.sandbox.invocations[0]
    for number in range(2, 1001):
        harness.sandbox.state.jobs.add(replace(job, id=number))
    handles = [first.model_copy(update={"id": str(number)}) for number in range(1, 1001)]
    before = len(harness.sandbox.received_requests)
    found = await harness.operation.poll(handles)
    assert len(found) == 1000
    assert {progress.state for progress in found.values()} == {"running"}
    assert len(harness.sandbox.received_requests) - before == 10


async def test_only_runs_with_failures_cost_more(harness: Harness) -> None:
    good = [await harness.start(token=f"ns-good{number}") for number in range(5)]
    harness.sandbox.fail_hosts([harness.sandbox.state.find_hosts("location = Berlin")[0].name])
    bad = await harness.start(token="ns-bad1")
    harness.clock.advance(minutes=5)
    before = len(harness.sandbox.received_requests)
    found = await harness.operation.poll([*good, bad])
    assert found[bad.id].state == "partly_failed"
    assert [r.path for r in harness.sandbox.received_requests[before:] if r.path != JOBS] == [
        f"{JOBS}/{bad.id}/hosts",
        f"{JOBS}/{bad.id}",
        f"{JOBS}/{bad.id}/outputs",
    ]


@pytest.mark.parametrize("version", [(9, 1, 0), (13, 2, 0), (14, 1, 0), (17, 0, 0)])
async def test_hosts_are_named_on_old_and_new_servers(harness: Harness, version: tuple[int, ...]) -> None:
    harness.sandbox.state.remote_execution = version
    names = [host.name for host in harness.sandbox.state.find_hosts("location = Berlin")]
    harness.sandbox.fail_hosts({names[0]: "Disk full", names[7]: "Gone"})
    handle = await harness.start()
    harness.clock.advance(minutes=5)
    ended = await harness.progress(handle)
    assert [result.name for result in ended.results[:2]] == sorted((names[0], names[7]))
    assert {result.reason for result in ended.results[:2]} == {"Disk full / Exit status: 1", "Gone / Exit status: 1"}
    assert {result.state for result in ended.results[2:]} == {"succeeded"}
    assert ended.summary == "Failed in Foreman."


async def test_counts_that_are_not_numbers_yet_are_nothing(harness: Harness) -> None:
    harness.sandbox.state.remote_execution = (9, 1, 0)
    handle = await harness.start(schedule=Once(start=ZonedTime(wall=datetime(2026, 11, 23, 22), zone="UTC")))
    shown = await harness.progress(handle)
    assert (shown.state, shown.total, shown.succeeded, shown.pending) == ("waiting", 0, 0, 0)


async def test_a_failure_of_every_host_is_a_failure(harness: Harness) -> None:
    harness.sandbox.fail_hosts(host.name for host in harness.sandbox.state.world.hosts)
    handle = await harness.start()
    harness.clock.advance(minutes=5)
    ended = await harness.progress(handle)
    assert (ended.state, ended.failed, ended.succeeded) == ("failed", 13, 0)
    assert ended.summary == "Failed in Foreman."


async def test_counts_move_while_it_runs(harness: Harness) -> None:
    handle = await harness.start(harness.command_params(concurrency_level=5))
    harness.clock.advance(seconds=45)
    shown = await harness.progress(handle)
    assert (shown.total, shown.succeeded, shown.pending) == (13, 8, 5)


async def test_a_run_without_hosts_says_so(harness: Harness) -> None:
    handle = await harness.start(harness.command_params(search_query="name = nowhere"))
    assert "It ran on no host" in (await harness.progress(handle)).summary


async def test_what_foreman_does_not_show_is_left_out(harness: Harness) -> None:
    handle = await harness.start()
    other = Handle(id="4711")
    assert set(await harness.operation.poll([handle, other])) == {handle.id}
    assert await harness.operation.poll([]) == {}


async def test_the_outcome_is_told_even_where_hosts_cannot_be_named(harness: Harness) -> None:
    harness.sandbox.fail_hosts(host.name for host in harness.sandbox.state.world.hosts)
    handle = await harness.start()
    harness.clock.advance(minutes=5)
    harness.sandbox.faults.append(Fault("status", path=f"{JOBS}/{handle.id}", status=500, body={}, remaining=None))
    ended = await harness.progress(handle)
    assert (ended.state, ended.failed, ended.results) == ("failed", 13, ())


async def test_a_run_on_ten_thousand_hosts_names_the_failed_ones(harness: Harness) -> None:
    harness.sandbox.state.remote_execution = (16, 7, 0)
    harness.sandbox.state.world.hosts = default_world(10_000).hosts
    failing = [host.name for host in harness.sandbox.state.world.hosts[5000:5060]]
    harness.sandbox.fail_hosts(failing)
    handle = await harness.start(harness.command_params(search_query="name ~ example"))
    harness.clock.advance(minutes=5)
    ended = await harness.progress(handle)
    assert (ended.total, ended.failed) == (10_000, 60)
    assert sorted(result.name for result in ended.results) == sorted(failing)
    assert not harness.sandbox.requests_to("GET", f"{JOBS}/{handle.id}/outputs")


async def test_a_series_ends_after_its_last_run(harness: Harness) -> None:
    handle = await harness.start(schedule=DAILY)
    waiting = await harness.progress(handle)
    assert waiting.starts_at == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert waiting.runs == ()
    harness.clock.current = datetime(2026, 11, 26, 6, 0, 5, tzinfo=UTC)
    last = await harness.progress(handle)
    assert (last.state, len(last.runs)) == ("running", 3)
    assert last.summary == "Foreman's series is finished, run 3 of 3."
    harness.clock.advance(minutes=5)
    assert (await harness.progress(handle)).state == "succeeded"
    harness.clock.advance(days=30)
    assert len(harness.sandbox.invocations) == 3


async def test_many_series_cost_two_lists_and_keep_their_runs_apart(harness: Harness) -> None:
    handles = [await harness.start(schedule=DAILY, token=f"ns-series{number}") for number in range(8)]
    harness.clock.advance(days=2)
    before = len(harness.sandbox.received_requests)
    found = await harness.operation.poll(handles)
    assert len(harness.sandbox.received_requests) - before == 2
    ids = [[run.id for run in found[handle.id].runs] for handle in handles]
    assert all(len(mine) == 2 for mine in ids)
    assert len({id_ for mine in ids for id_ in mine}) == 16


async def test_a_disabled_series_waits(harness: Harness) -> None:
    handle = await harness.start(schedule=DAILY)
    harness.sandbox.logics[0].state = "disabled"
    shown = await harness.progress(handle)
    assert (shown.state, "disabled" in shown.summary) == ("waiting", True)


async def test_series_that_may_not_be_seen_do_not_hide_runs(harness: Harness) -> None:
    run, series = await harness.start(), await harness.start(schedule=DAILY, token="ns-series")
    harness.sandbox.denied_permissions.add("view_recurring_logics")
    assert set(await harness.operation.poll([run, series])) == {run.id}
    with pytest.raises(Forbidden):
        await harness.operation.poll([series])


async def test_a_server_that_is_away_is_an_error_not_an_outcome(harness: Harness) -> None:
    handle = await harness.start()
    harness.sandbox.faults.append(Fault("html", status=502, remaining=None))
    with pytest.raises(BackendError):
        await harness.operation.poll([handle])


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
    assert parse_timestamp(text) == wanted


async def test_a_window_is_foremans_start_before(harness: Harness) -> None:
    start = ZonedTime(wall=datetime(2026, 11, 23, 22), zone="UTC")
    once = Once(start=start, latest_start=ZonedTime(wall=datetime(2026, 11, 23, 23), zone="UTC"))
    plan = harness.plan(harness.command_params(), once)
    body: Any = plan.calls[0].body
    assert body["job_invocation"]["scheduling"] == {
        "start_at": "2026-11-23T22:00:00Z",
        "start_before": "2026-11-23T23:00:00Z",
    }
    assert plan.placement.scheduler == "backend"
    assert harness.plan(harness.command_params(), Now()).placement.scheduler == "backend"


@pytest.mark.parametrize("minute", [0, 59])
async def test_a_latest_start_that_has_passed_is_refused(harness: Harness, minute: int) -> None:
    harness.clock.current = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
    latest = ZonedTime(wall=datetime(2026, 11, 23, 23, 0) - timedelta(minutes=minute), zone="UTC")
    once = Once(start=ZonedTime(wall=datetime(2026, 11, 23, 22), zone="UTC"), latest_start=latest)
    with pytest.raises(InputError, match="latest start has passed"):
        harness.plan(harness.command_params(), once)


async def test_a_day_without_a_time_is_no_schedule(harness: Harness) -> None:
    once = Once(start=ZonedTime(wall=datetime(2026, 11, 24), zone="UTC"), grain="day")
    with pytest.raises(InputError, match="names a day but no time"):
        harness.plan(harness.command_params(), once)


async def test_a_start_that_is_too_close_is_held_and_one_that_has_come_is_now(harness: Harness) -> None:
    def plan(after: timedelta) -> Any:
        wall = (harness.clock.now() + after).replace(second=0, tzinfo=None)
        return harness.plan(harness.command_params(), Once(start=ZonedTime(wall=wall, zone="UTC")))

    close, past, ahead = plan(timedelta(minutes=1)), plan(timedelta(minutes=-1)), plan(timedelta(minutes=3))
    assert [p.placement.scheduler for p in (close, past, ahead)] == ["nightshift", "backend", "backend"]
    for held in (close, past):
        assert "scheduling" not in held.calls[0].body["job_invocation"]
    assert "scheduling" in ahead.calls[0].body["job_invocation"]
