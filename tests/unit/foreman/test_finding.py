"""What became of a call whose answer was lost: looked up by its token."""

from datetime import datetime, time
from typing import Any

import pytest

from bot.errors import FateUnknown, Refused, Unreachable
from bot.schedule import Moment, Once, Rule, Series
from playground.sandbox import Fault
from tests.unit.foreman.conftest import TOKEN, Bench

JOBS = "^/api/job_invocations$"
DAILY = Series(
    rule=Rule(freq="daily", times=(time(6),)), zone="UTC", first=Moment(wall=datetime(2026, 11, 24, 6), zone="UTC")
)
TONIGHT = Once(start=Moment(wall=datetime(2026, 11, 23, 22), zone="UTC"))


async def lost(bench: Bench, plan: Any) -> None:
    bench.sandbox.faults.append(Fault("cut_after", path=JOBS, method="POST"))
    with pytest.raises(FateUnknown):
        await bench.run.start(plan)


@pytest.mark.parametrize("schedule", [None, TONIGHT])
async def test_a_run_whose_answer_was_lost_is_found(bench: Bench, schedule: Any) -> None:
    plan = bench.plan(bench.command(), schedule)
    await lost(bench, plan)
    handle = await bench.run.find(plan)
    assert handle is not None
    assert (handle.kind, handle.id) == ("run", str(bench.sandbox.invocations[0].id))


async def test_a_series_whose_answer_was_lost_is_found_by_its_purpose(bench: Bench) -> None:
    plan = bench.plan(bench.command(), DAILY)
    await lost(bench, plan)
    bench.clock.forward(days=3)
    handle = await bench.run.find(plan)
    assert handle is not None
    assert (handle.kind, handle.id) == ("series", str(bench.sandbox.logics[0].id))


async def test_without_sight_of_series_it_is_found_through_its_first_run(bench: Bench) -> None:
    plan = bench.plan(bench.command(), DAILY)
    await lost(bench, plan)
    bench.sandbox.denied.add("view_recurring_logics")
    handle = await bench.run.find(plan)
    assert handle is not None
    assert (handle.kind, handle.id) == ("series", str(bench.sandbox.logics[0].id))


async def test_a_series_with_a_purpose_of_its_own_is_found_too(bench: Bench) -> None:
    plan = bench.plan(bench.command(cron_line="0 6 * * *", purpose="patching"))
    await lost(bench, plan)
    handle = await bench.run.find(plan)
    assert handle is not None
    assert handle.kind == "series"


async def test_the_lowest_of_several_rows_is_the_one(bench: Bench) -> None:
    plan = bench.plan(bench.command())
    first = await bench.run.start(plan)
    await bench.run.start(plan)
    found = await bench.run.find(plan)
    assert found is not None
    assert found.id == first.id


async def test_another_token_is_not_found(bench: Bench) -> None:
    await bench.started(token="ns-01jother")
    assert await bench.run.find(bench.plan(bench.command())) is None


async def test_a_second_post_of_a_series_is_refused_by_its_purpose(bench: Bench) -> None:
    plan = bench.plan(bench.command(), DAILY)
    await bench.run.start(plan)
    with pytest.raises(Refused, match=f"Purpose: .*purpose {TOKEN} already exists"):
        await bench.run.start(plan)
    assert len(bench.sandbox.logics) == 1


@pytest.mark.parametrize("schedule", [None, DAILY])
@pytest.mark.parametrize("version", [(13, 2, 0), (15, 0, 0)])
async def test_a_row_that_was_saved_but_never_triggered_is_dead(
    bench: Bench, schedule: Any, version: tuple[int, ...]
) -> None:
    bench.sandbox.state.remote_execution = version
    bench.sandbox.state.orphans = 1
    plan = bench.plan(bench.command(), schedule)
    with pytest.raises(FateUnknown, match="Internal Server Error"):
        await bench.run.start(plan)
    handle = await bench.run.find(plan)
    assert handle is not None
    assert (await bench.progress(handle)).final is False
    bench.clock.forward(minutes=16)
    dead = await bench.progress(handle)
    assert dead.state == "failed"
    assert "never started it: nothing was run" in dead.summary


async def test_a_search_that_fails_while_planning_leaves_a_failed_job(bench: Bench) -> None:
    plan = bench.plan(bench.command(search_query="colour = red"))
    with pytest.raises(FateUnknown, match="Field 'colour' not recognized"):
        await bench.run.start(plan)
    handle = await bench.run.find(plan)
    assert handle is not None
    failed = await bench.progress(handle)
    assert failed.state == "failed"
    assert "before any host was touched" in failed.summary


class TestSecrets:
    @pytest.fixture
    def extra(self) -> dict[str, Any]:
        return {"secrets": {"root": "env:ROOT_PASSWORD", "gone": "env:NOT_SET"}}

    async def test_secrets_are_put_in_when_the_call_is_made(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ROOT_PASSWORD", "s3cret")
        params = bench.command(
            job_template_id=210,
            inputs={"username": "root", "new password": "secret:root"},
            password="root",
            effective_user_password="secret:root",
        )
        plan = bench.plan(params)
        assert "s3cret" not in plan.model_dump_json()
        await bench.run.start(plan)
        sent = bench.posts()[0]["job_invocation"]
        assert sent["inputs"] == {"username": "root", "new password": "s3cret"}
        assert (sent["password"], sent["ssh"]["effective_user_password"]) == ("s3cret", "s3cret")
        assert "s3cret" not in bench.sandbox.invocations[0].description

    async def test_a_secret_that_is_not_there_stops_the_call(self, bench: Bench) -> None:
        with pytest.raises(Refused, match=r"NOT_SET is not set.*Nothing was sent"):
            await bench.started(bench.command(password="gone"))
        assert bench.posts() == []

    async def test_a_secret_for_an_input_that_is_not_hidden_stops_the_call(self, bench: Bench) -> None:
        with pytest.raises(Refused, match="shows the input command to everybody"):
            await bench.started(bench.command(inputs={"command": "secret:root"}))
        assert bench.posts() == []

    async def test_a_template_that_cannot_be_read_stops_a_call_with_secrets(self, bench: Bench) -> None:
        bench.sandbox.faults.append(Fault("html", path="/api/job_templates", status=502, times=None))
        with pytest.raises(Unreachable, match="Nothing was sent"):
            await bench.started(bench.command(inputs={"command": "secret:root"}))
        assert bench.posts() == []


async def test_a_series_that_nightshift_holds_is_never_started_as_a_whole(bench: Bench) -> None:
    zoned = DAILY.model_copy(update={"zone": "Europe/Berlin"})
    plan = bench.plan(bench.command(), zoned)
    with pytest.raises(Refused, match=r"Nightshift holds this series.*Nothing was sent"):
        await bench.run.start(plan)
    due = Moment(wall=datetime(2026, 11, 24, 6), zone="Europe/Berlin")
    assert (await bench.run.start(bench.run.occurrence(bench.command(), zoned, due, TOKEN))).kind == "run"
    assert len(bench.posts()) == 1


async def test_a_new_process_places_a_series_as_its_preview_did_once_it_is_ready(bench: Bench) -> None:
    zoned = DAILY.model_copy(update={"zone": "Europe/Berlin"})
    assert bench.plan(bench.command(), zoned).placement.holder == "nightshift"
    await bench.run.ready()
    assert bench.plan(bench.command(), zoned).placement.holder == "backend"


async def test_a_series_that_foreman_would_run_at_another_time_is_cancelled(bench: Bench) -> None:
    bench.sandbox.state.tasks, bench.sandbox.state.cron_zone = (7, 2, 1), "Europe/Berlin"
    with pytest.raises(Refused, match="at 2026-11-25 05:00 UTC instead of 2026-11-24 06:00 UTC, so it was cancelled"):
        await bench.started(schedule=DAILY)
    assert bench.sandbox.logics[0].state == "cancelled"


async def test_what_cannot_be_cancelled_then_carries_the_warning(bench: Bench) -> None:
    bench.sandbox.state.tasks, bench.sandbox.state.cron_zone = (7, 2, 1), "Europe/Berlin"
    bench.sandbox.denied.add("edit_recurring_logics")
    handle = await bench.started(schedule=DAILY)
    assert "Beware: foreman.lab would run it at 2026-11-25 05:00 UTC" in (await bench.progress(handle)).summary
