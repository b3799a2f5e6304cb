"""The main job end to end: asked, previewed, started, watched, looked up, cancelled."""

from datetime import UTC, datetime, time, timedelta

from bot.schedule import Now, Once, RecurrenceRule, Series, ZonedTime
from tests.unit.foreman.conftest import TOKEN, Harness


def this_evening(minutes: int = 60) -> Once:
    return Once(start=ZonedTime(wall=datetime(2026, 11, 23, 20, 0) + timedelta(minutes=minutes), zone="UTC"))


async def test_a_job_now_runs_and_ends(harness: Harness) -> None:
    handle = await harness.start()
    assert handle.kind == "run"
    assert handle.url.endswith(f"/job_invocations/{handle.id}")
    running = await harness.progress(handle)
    assert (running.state, running.total, running.pending) == ("running", 13, 13)
    harness.clock.advance(minutes=2)
    ended = await harness.progress(handle)
    assert (ended.state, ended.succeeded, ended.is_final) == ("succeeded", 13, True)


async def test_failed_hosts_are_named_with_their_last_words(harness: Harness) -> None:
    names = [host.name for host in harness.sandbox.state.find_hosts("location = Berlin")]
    harness.sandbox.fail_hosts({names[3]: "No space left on device"})
    handle = await harness.start()
    harness.clock.advance(minutes=2)
    ended = await harness.progress(handle)
    assert (ended.state, ended.failed, ended.succeeded) == ("partly_failed", 1, 12)
    assert ended.results[0].name == names[3]
    assert ended.results[0].state == "failed"
    assert "No space left on device" in ended.results[0].reason
    assert len(ended.results) == 13


async def test_the_preview_tells_hosts_and_facts_and_sends_nothing(harness: Harness) -> None:
    preview = await harness.operation.preview(harness.command_params(), Now(), TOKEN)
    assert preview.targets.count == 13
    assert len(preview.targets.names) == 13
    assert preview.facts["template"] == "Run Command - Script Default"
    assert preview.facts["run_as"] == "root"
    assert harness.posts() == []


async def test_a_later_job_waits_in_foreman(harness: Harness) -> None:
    handle = await harness.start(schedule=this_evening())
    assert harness.posts()[0]["job_invocation"]["scheduling"] == {"start_at": "2026-11-23T21:00:00Z"}
    waiting = await harness.progress(handle)
    assert (waiting.state, waiting.starts_at) == ("waiting", datetime(2026, 11, 23, 21, tzinfo=UTC))
    harness.clock.advance(minutes=59, seconds=35)
    assert (await harness.progress(handle)).state == "running"


async def test_a_series_makes_its_runs_until_it_is_cancelled(harness: Harness) -> None:
    await harness.connection.check()
    series = Series(
        rule=RecurrenceRule(freq="daily", times=(time(6),)),
        zone="Europe/Berlin",
        first=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="Europe/Berlin"),
    )
    handle = await harness.start(schedule=series)
    assert handle.kind == "series"
    harness.clock.advance(days=2)
    going = await harness.progress(handle)
    assert going.state == "running"
    assert [run.detail["token"] for run in going.runs] == [TOKEN, TOKEN]
    assert going.starts_at == datetime(2026, 11, 26, 5, tzinfo=UTC)
    assert (await harness.operation.poll(going.runs))[going.runs[0].id].state == "succeeded"
    await harness.operation.cancel(handle)
    over = await harness.progress(handle)
    assert (over.state, len(over.runs)) == ("cancelled", 2)
    harness.clock.advance(days=5)
    assert len(harness.sandbox.invocations) == 3


async def test_what_was_started_is_found_by_its_token(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    assert await harness.operation.find_started(plan) is None
    handle = await harness.operation.start(plan)
    assert await harness.operation.find_started(plan) == handle
