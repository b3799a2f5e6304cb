"""What became of a call whose answer was lost: looked up by its token."""

from datetime import datetime, time
from typing import Any

import pytest

from bot.errors import OutcomeUnknown, Refused, Unreachable
from bot.schedule import Once, RecurrenceRule, Series, ZonedTime
from playground.sandbox import Fault
from tests.unit.foreman.conftest import TOKEN, Harness

JOBS = "^/api/job_invocations$"
DAILY = Series(
    rule=RecurrenceRule(freq="daily", times=(time(6),)),
    zone="UTC",
    first=ZonedTime(wall=datetime(2026, 11, 24, 6), zone="UTC"),
)
TONIGHT = Once(start=ZonedTime(wall=datetime(2026, 11, 23, 22), zone="UTC"))


async def start_with_lost_answer(harness: Harness, plan: Any) -> None:
    harness.sandbox.faults.append(Fault("cut_after", path=JOBS, method="POST"))
    with pytest.raises(OutcomeUnknown):
        await harness.operation.start(plan)


@pytest.mark.parametrize("schedule", [None, TONIGHT])
async def test_a_run_whose_answer_was_lost_is_found(harness: Harness, schedule: Any) -> None:
    plan = harness.plan(harness.command_params(), schedule)
    await start_with_lost_answer(harness, plan)
    handle = await harness.operation.find_started(plan)
    assert handle is not None
    assert (handle.kind, handle.id) == ("run", str(harness.sandbox.invocations[0].id))


async def test_a_series_whose_answer_was_lost_is_found_by_its_purpose(harness: Harness) -> None:
    plan = harness.plan(harness.command_params(), DAILY)
    await start_with_lost_answer(harness, plan)
    harness.clock.advance(days=3)
    handle = await harness.operation.find_started(plan)
    assert handle is not None
    assert (handle.kind, handle.id) == ("series", str(harness.sandbox.logics[0].id))


async def test_without_sight_of_series_it_is_found_through_its_first_run(harness: Harness) -> None:
    plan = harness.plan(harness.command_params(), DAILY)
    await start_with_lost_answer(harness, plan)
    harness.sandbox.denied_permissions.add("view_recurring_logics")
    handle = await harness.operation.find_started(plan)
    assert handle is not None
    assert (handle.kind, handle.id) == ("series", str(harness.sandbox.logics[0].id))


async def test_a_series_with_a_purpose_of_its_own_is_found_too(harness: Harness) -> None:
    plan = harness.plan(harness.command_params(cron_line="0 6 * * *", purpose="patching"))
    await start_with_lost_answer(harness, plan)
    handle = await harness.operation.find_started(plan)
    assert handle is not None
    assert handle.kind == "series"


async def test_the_lowest_of_several_rows_is_the_one(harness: Harness) -> None:
    plan = harness.plan(harness.command_params())
    first = await harness.operation.start(plan)
    await harness.operation.start(plan)
    found = await harness.operation.find_started(plan)
    assert found is not None
    assert found.id == first.id


async def test_another_token_is_not_found(harness: Harness) -> None:
    await harness.start(token="ns-01jother")
    assert await harness.operation.find_started(harness.plan(harness.command_params())) is None


async def test_a_second_post_of_a_series_is_refused_by_its_purpose(harness: Harness) -> None:
    plan = harness.plan(harness.command_params(), DAILY)
    await harness.operation.start(plan)
    with pytest.raises(Refused, match=f"Purpose: .*purpose {TOKEN} already exists"):
        await harness.operation.start(plan)
    assert len(harness.sandbox.logics) == 1


@pytest.mark.parametrize("schedule", [None, DAILY])
@pytest.mark.parametrize("version", [(13, 2, 0), (15, 0, 0)])
async def test_a_row_that_was_saved_but_never_triggered_is_dead(
    harness: Harness, schedule: Any, version: tuple[int, ...]
) -> None:
    harness.sandbox.state.remote_execution = version
    harness.sandbox.state.untriggered_jobs = 1
    plan = harness.plan(harness.command_params(), schedule)
    with pytest.raises(OutcomeUnknown, match="Internal Server Error"):
        await harness.operation.start(plan)
    handle = await harness.operation.find_started(plan)
    assert handle is not None
    assert (await harness.progress(handle)).is_final is False
    harness.clock.advance(minutes=16)
    dead = await harness.progress(handle)
    assert dead.state == "failed"
    assert "never started it: nothing was run" in dead.summary


async def test_a_search_that_fails_while_planning_leaves_a_failed_job(harness: Harness) -> None:
    plan = harness.plan(harness.command_params(search_query="colour = red"))
    with pytest.raises(OutcomeUnknown, match="Field 'colour' not recognized"):
        await harness.operation.start(plan)
    handle = await harness.operation.find_started(plan)
    assert handle is not None
    failed = await harness.progress(handle)
    assert failed.state == "failed"
    assert "before any host was touched" in failed.summary


class TestSecrets:
    @pytest.fixture
    def extra_settings(self) -> dict[str, Any]:
        return {"secrets": {"root": "env:ROOT_PASSWORD", "gone": "env:NOT_SET"}}

    async def test_secrets_are_put_in_when_the_call_is_made(
        self, harness: Harness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ROOT_PASSWORD", "s3cret")
        params = harness.command_params(
            job_template_id=210,
            inputs={"username": "root", "new password": "secret:root"},
            password="root",
            effective_user_password="secret:root",
        )
        plan = harness.plan(params)
        assert "s3cret" not in plan.model_dump_json()
        await harness.operation.start(plan)
        sent = harness.posts()[0]["job_invocation"]
        assert sent["inputs"] == {"username": "root", "new password": "s3cret"}
        assert (sent["password"], sent["ssh"]["effective_user_password"]) == ("s3cret", "s3cret")
        assert "s3cret" not in harness.sandbox.invocations[0].description

    async def test_a_secret_that_is_not_there_stops_the_call(self, harness: Harness) -> None:
        with pytest.raises(Refused, match=r"NOT_SET is not set.*Nothing was sent"):
            await harness.start(harness.command_params(password="gone"))
        assert harness.posts() == []

    async def test_a_secret_for_an_input_that_is_not_hidden_stops_the_call(self, harness: Harness) -> None:
        with pytest.raises(Refused, match="shows the input command to everybody"):
            await harness.start(harness.command_params(inputs={"command": "secret:root"}))
        assert harness.posts() == []

    async def test_a_template_that_cannot_be_read_stops_a_call_with_secrets(self, harness: Harness) -> None:
        harness.sandbox.faults.append(Fault("html", path="/api/job_templates", status=502, remaining=None))
        with pytest.raises(Unreachable, match="Nothing was sent"):
            await harness.start(harness.command_params(inputs={"command": "secret:root"}))
        assert harness.posts() == []


async def test_a_series_that_nightshift_holds_is_never_started_as_a_whole(harness: Harness) -> None:
    zoned = DAILY.model_copy(update={"zone": "Europe/Berlin"})
    plan = harness.plan(harness.command_params(), zoned)
    with pytest.raises(Refused, match=r"Nightshift holds this series.*Nothing was sent"):
        await harness.operation.start(plan)
    due = ZonedTime(wall=datetime(2026, 11, 24, 6), zone="Europe/Berlin")
    assert (
        await harness.operation.start(harness.operation.plan_occurrence(harness.command_params(), zoned, due, TOKEN))
    ).kind == "run"
    assert len(harness.posts()) == 1


async def test_a_new_process_places_a_series_as_its_preview_did_once_it_is_ready(harness: Harness) -> None:
    zoned = DAILY.model_copy(update={"zone": "Europe/Berlin"})
    assert harness.plan(harness.command_params(), zoned).placement.scheduler == "nightshift"
    await harness.operation.prepare()
    assert harness.plan(harness.command_params(), zoned).placement.scheduler == "backend"


async def test_a_series_that_foreman_would_run_at_another_time_is_cancelled(harness: Harness) -> None:
    harness.sandbox.state.tasks, harness.sandbox.state.cron_zone = (7, 2, 1), "Europe/Berlin"
    with pytest.raises(Refused, match="at 2026-11-25 05:00 UTC instead of 2026-11-24 06:00 UTC, so it was cancelled"):
        await harness.start(schedule=DAILY)
    assert harness.sandbox.logics[0].state == "cancelled"


async def test_what_cannot_be_cancelled_then_carries_the_warning(harness: Harness) -> None:
    harness.sandbox.state.tasks, harness.sandbox.state.cron_zone = (7, 2, 1), "Europe/Berlin"
    harness.sandbox.denied_permissions.add("edit_recurring_logics")
    handle = await harness.start(schedule=DAILY)
    assert "Beware: foreman.lab would run it at 2026-11-25 05:00 UTC" in (await harness.progress(handle)).summary
