"""The main job end to end: asked, previewed, started, watched, looked up, cancelled."""

from datetime import UTC, datetime, time, timedelta

from bot.schedule import Moment, Now, Once, Rule, Series
from tests.unit.foreman.conftest import TOKEN, Bench


def evening(minutes: int = 60) -> Once:
    return Once(start=Moment(wall=datetime(2026, 11, 23, 20, 0) + timedelta(minutes=minutes), zone="UTC"))


async def test_a_job_now_runs_and_ends(bench: Bench) -> None:
    handle = await bench.started()
    assert handle.kind == "run"
    assert handle.url.endswith(f"/job_invocations/{handle.id}")
    running = await bench.progress(handle)
    assert (running.state, running.total, running.pending) == ("running", 13, 13)
    bench.clock.forward(minutes=2)
    ended = await bench.progress(handle)
    assert (ended.state, ended.succeeded, ended.final) == ("succeeded", 13, True)


async def test_failed_hosts_are_named_with_their_last_words(bench: Bench) -> None:
    names = [host.name for host in bench.sandbox.state.find_hosts("location = Berlin")]
    bench.sandbox.fail_hosts({names[3]: "No space left on device"})
    handle = await bench.started()
    bench.clock.forward(minutes=2)
    ended = await bench.progress(handle)
    assert (ended.state, ended.failed, ended.succeeded) == ("partly_failed", 1, 12)
    assert ended.results[0].name == names[3]
    assert ended.results[0].state == "failed"
    assert "No space left on device" in ended.results[0].reason
    assert len(ended.results) == 13


async def test_the_preview_tells_hosts_and_facts_and_sends_nothing(bench: Bench) -> None:
    preview = await bench.run.preview(bench.command(), Now(), TOKEN)
    assert preview.targets.count == 13
    assert len(preview.targets.names) == 13
    assert preview.facts["template"] == "Run Command - Script Default"
    assert preview.facts["run_as"] == "root"
    assert bench.posts() == []


async def test_a_later_job_waits_in_foreman(bench: Bench) -> None:
    handle = await bench.started(schedule=evening())
    assert bench.posts()[0]["job_invocation"]["scheduling"] == {"start_at": "2026-11-23T21:00:00Z"}
    waiting = await bench.progress(handle)
    assert (waiting.state, waiting.starts_at) == ("waiting", datetime(2026, 11, 23, 21, tzinfo=UTC))
    bench.clock.forward(minutes=59, seconds=35)
    assert (await bench.progress(handle)).state == "running"


async def test_a_series_makes_its_runs_until_it_is_cancelled(bench: Bench) -> None:
    await bench.connection.check()
    series = Series(
        rule=Rule(freq="daily", times=(time(6),)),
        zone="Europe/Berlin",
        first=Moment(wall=datetime(2026, 11, 24, 6), zone="Europe/Berlin"),
    )
    handle = await bench.started(schedule=series)
    assert handle.kind == "series"
    bench.clock.forward(days=2)
    going = await bench.progress(handle)
    assert going.state == "running"
    assert [run.detail["token"] for run in going.occurrences] == [TOKEN, TOKEN]
    assert going.starts_at == datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert (await bench.run.poll(going.occurrences))[going.occurrences[0].id].state == "succeeded"
    await bench.run.cancel(handle)
    over = await bench.progress(handle)
    assert (over.state, len(over.occurrences)) == ("cancelled", 2)
    bench.clock.forward(days=5)
    assert len(bench.sandbox.invocations) == 3


async def test_what_was_started_is_found_by_its_token(bench: Bench) -> None:
    plan = bench.plan(bench.command())
    assert await bench.run.find(plan) is None
    handle = await bench.run.start(plan)
    assert await bench.run.find(plan) == handle
